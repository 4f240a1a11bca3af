//! Every kind answers in its own form without a script; lists, headers, paths, credentials.

use super::*;

#[tokio::test]
async fn every_kind_greets_whole_and_streamed() {
    for builder in every() {
        let upstream = builder.start().await;
        let greeting = upstream.kind().greeting();
        let answer = whole(&upstream).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, greeting));
        assert_eq!(answer.json["model"], "m");
        assert_eq!(answer.finish().len(), 1, "{:?}", answer.json);
        let answer = stream(&upstream).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, greeting));
        assert!(answer.done() && answer.events.len() > 3, "{:?}", answer.events);
        assert_eq!(answer.finish().len(), 1, "{:?}", answer.events);
    }
}

#[tokio::test]
async fn responses_greet_whole_and_streamed() {
    let openai = upstream::openai().start().await;
    let caller = Caller::new(&openai.url());
    for body in [json!({"model": "m", "input": "hi"}), json!({"model": "m", "input": "hi", "stream": true})] {
        let answer = caller.request("POST", "/v1/responses").bearer("k").json(&body).send().await;
        assert_eq!(answer.text(), "hello from openai");
        assert_eq!(answer.usage()["total_tokens"], 21);
        assert_eq!(answer.done(), !answer.events.is_empty());
    }
    let numbers =
        |events: &[Event]| events.iter().map(|event| event.json["sequence_number"].as_u64()).collect::<Vec<_>>();
    let answer =
        caller.request("POST", "/v1/responses").bearer("k").json(&json!({"model": "m", "input": "hi", "stream": true}));
    let events = answer.send().await.events;
    assert_eq!(numbers(&events), (0..events.len() as u64).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn usage_is_streamed_where_it_is_asked_for() {
    let openai = upstream::openai().start().await;
    assert_eq!(stream(&openai).await.usage(), Value::Null);
    let mut body = streamed(chat("m", "hi"));
    body["stream_options"] = json!({"include_usage": true});
    assert_eq!(request(&openai, &body).send().await.usage()["prompt_tokens"], 9);
    let openrouter = upstream::openrouter().say([Say::Text("hi"), Say::Usage(3, 4)]).start().await;
    assert_eq!(stream(&openrouter).await.usage()["total_tokens"], 7);
    let anthropic = upstream::anthropic().say([Say::Usage(3, 4), Say::Text("hi")]).start().await;
    assert_eq!(stream(&anthropic).await.usage()["output_tokens"], 4);
    assert_eq!(whole(&anthropic).await.usage()["input_tokens"], 3);
}

#[tokio::test]
async fn lists_and_key_checks() {
    let paths = [
        "/v1/models /data/0/id",
        "/v1/models /data/0/id",
        "/api/v1/models /data/0/id",
        "/api/tags /models/0/name",
        "/v1/models /data/0/id",
    ];
    for (builder, path) in every().into_iter().zip(paths) {
        let upstream = builder.lists(["one", "two"]).start().await;
        let caller = Caller::new(&upstream.url());
        let (path, place) = path.split_once(' ').unwrap_or_default();
        let answer = caller.request("GET", path).anthropic().send().await;
        assert_eq!(answer.json.pointer(place), Some(&json!("one")), "{:?}", answer.json);
        upstream.switch_probe(invalid_key());
        assert_eq!(caller.request("GET", path).anthropic().send().await.status, 401);
        upstream.switch_probe(ok());
        assert_eq!(caller.request("GET", path).anthropic().send().await.status, 200);
        upstream.wait_for_probes(3).await;
        assert_eq!((upstream.probes().len(), upstream.calls().len()), (3, 0));
    }
    let openrouter = upstream::openrouter().probe(status(404)).start().await;
    let answer = Caller::new(&openrouter.url()).request("GET", "/api/v1/key").bearer("k").send().await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn the_headers_of_the_real_ones() {
    let expected = ["x-request-id", "request-id", "x-generation-id", "content-type", "content-type"];
    for (builder, name) in every().into_iter().zip(expected) {
        let upstream = builder.start().await;
        let answer = whole(&upstream).await;
        assert!(answer.header(name).is_some(), "{:?}", answer.headers);
    }
}

#[tokio::test]
async fn a_compatible_server_has_nothing_of_ollamas() {
    let server = upstream::openai_compatible().start().await;
    let caller = Caller::new(&server.url());
    assert_eq!(caller.get("/api/tags").await.status, 404);
    assert_eq!(caller.post("/api/chat", chat("m", "hi")).await.status, 404);
    assert_eq!((server.strays().len(), server.calls().len()), (2, 0));
}

#[tokio::test]
async fn what_a_real_provider_would_refuse_is_refused() {
    let openai = upstream::openai().start().await;
    let answer = Caller::new(&openai.url()).chat("m", "hi").await;
    assert_eq!(answer.status, 401, "no key");
    let anthropic = upstream::anthropic().start().await;
    let answer = request(&anthropic, &chat("m", "hi")).send().await;
    assert_eq!(answer.status, 400, "no max_tokens");
    let caller = Caller::new(&anthropic.url());
    let answer = caller.request("POST", "/v1/messages").bearer("k").json(&messages("m", "hi")).send().await;
    assert_eq!(answer.status, 400, "no version");
}

#[tokio::test]
async fn embeddings_and_token_counts() {
    let openai = upstream::openai().start().await;
    let body = json!({"model": "e", "input": ["a", "b"]});
    let caller = Caller::new(&openai.url());
    let answer = caller.request("POST", "/v1/embeddings").bearer("k").json(&body).send().await;
    assert_eq!(answer.json["data"][1], json!({"object": "embedding", "index": 1, "embedding": vector(1)}));
    let mut encoded = body.clone();
    encoded["encoding_format"] = json!("base64");
    let answer = caller.request("POST", "/v1/embeddings").bearer("k").json(&encoded).send().await;
    assert_eq!(answer.json["data"][0]["embedding"], base64_of(&vector(0)));
    let ollama = upstream::ollama().start().await;
    let answer = Caller::new(&ollama.url()).post("/api/embed", body).await;
    assert_eq!(answer.json["embeddings"], json!([vector(0), vector(1)]));
    let anthropic = upstream::anthropic().start().await;
    let caller = Caller::new(&anthropic.url());
    let count = caller.request("POST", "/v1/messages/count_tokens").anthropic().json(&messages("m", "hi"));
    assert_eq!(count.send().await.json["input_tokens"], 9);
}

#[tokio::test]
async fn a_paced_body_and_the_connections_it_came_over() {
    let openai = upstream::openai().say(json(r#"{"some":"thing"}"#).paced(10)).start().await;
    let caller = Caller::new(&openai.url());
    let answer = tokio::spawn(async move {
        let request = caller.request("POST", "/v1/chat/completions").bearer("k").json(&chat("m", "hi"));
        request.send().await
    });
    openai.wait_for_bytes(10).await;
    let sent = settled(|| openai.bytes_sent()).await;
    assert!(!answer.is_finished());
    openai.release();
    assert_eq!(in_time("the answer", answer).await.unwrap().json["some"], "thing");
    assert_eq!((openai.bytes_sent(), openai.connections()), (sent + 6, 1));
}
