//! `/v1/route` as a stream: `delta`, then `done` with the whole object, or `error`.

use super::*;

fn prompt(kind: Kind) -> Value {
    json!({"prompt": "hi", "model": model(kind), "stream": true})
}

async fn ask(gateway: &Gateway, body: &Value) -> Answer {
    gateway.request("POST", "/v1/route").json(body).send().await
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.events.iter().map(|event| event.name.as_str()).collect()
}

#[tokio::test]
async fn deltas_and_then_the_whole_object() {
    for builder in every() {
        let said = [Say::Reasoning("hm"), Say::Text("one two three"), Say::Usage(7, 3)];
        let (gateway, upstream) = alone(builder).await;
        let kind = upstream.kind();
        for bytes in [1, 9, 100_000] {
            upstream.switch(Reply::from(said.clone()).trickle(bytes).crlf());
            let answer = ask(&gateway, &prompt(kind)).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.header("content-type").unwrap().starts_with("text/event-stream"));
            assert_eq!(names(&answer), ["delta", "delta", "delta", "done"], "{kind:?}");
            let deltas = answer.events.iter().filter(|event| event.name == "delta");
            assert_eq!(deltas.map(|event| event.json["text"].as_str().unwrap()).collect::<String>(), "one two three");
            let done = &answer.events.last().unwrap().json;
            let result = json!({"response": "one two three", "model": model(kind), "provider": provider(kind)});
            assert_eq!(done["result"], result, "{kind:?}");
            assert_eq!(done["performance"]["tokens"], json!({"input": 7, "output": 3}), "{kind:?}");
            let routing = &done["routing"];
            assert_eq!((&routing["fallback"], &routing["fromCache"]), (&json!(false), &json!(false)), "{kind:?}");
            assert_eq!(routing["summary"], format!("{}:{}", provider(kind), model(kind)));
            assert_eq!(routing["attempts"].as_array().unwrap().len(), 1, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn each_delta_comes_at_once() {
    for builder in every() {
        let pieces = [Say::Text("one"), Say::Wait, Say::Text("two"), Say::Wait, Say::Done];
        let (gateway, upstream) = alone(builder.stream(pieces)).await;
        let mut live = gateway.request("POST", "/v1/route").json(&prompt(upstream.kind())).open().await;
        assert_eq!(live.event().await.json, json!({"text": "one"}));
        upstream.release();
        assert_eq!(live.event().await.json, json!({"text": "two"}));
        upstream.release();
        assert_eq!(live.event().await.name, "done");
        assert!(live.next().await.is_none());
    }
}

#[tokio::test]
async fn a_fallback_stands_in_the_whole_object() {
    for builder in every() {
        let pair = Pair::start(builder.stream([Say::Role, Say::Error("overloaded")])).await;
        let mut body = prompt(pair.first.kind());
        body["fallbacks"] = json!([model(pair.second.kind())]);
        let answer = ask(&pair.gateway, &body).await;
        assert_eq!((answer.status, answer.fallback()), (200, Some(&*pair.fallback("server_error"))));
        let done = &answer.events.last().unwrap().json;
        assert_eq!(done["result"]["response"], pair.second.kind().greeting());
        assert_eq!(done["result"]["provider"], provider(pair.second.kind()));
        assert_eq!(done["routing"]["fallback"], true);
        let attempts = done["routing"]["attempts"].as_array().unwrap();
        let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["server_error", "ok"], "{:?}", pair.first.kind());
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error() {
    for builder in every() {
        let pieces = [Say::Role, Say::Text("begun"), Say::Wait, Say::Error("server")];
        let (gateway, upstream) = alone(builder.stream(pieces)).await;
        let mut live = gateway.request("POST", "/v1/route").json(&prompt(upstream.kind())).open().await;
        assert_eq!(live.event().await.name, "delta");
        upstream.release();
        let error = live.event().await;
        assert_eq!((error.name.as_str(), &error.json["error"]["code"]), ("error", &json!("server_error")));
        assert!(live.next().await.is_none(), "nothing comes after an error");
        gateway.wait_for_log("outcome=\"server_error\"").await;
    }
}

#[tokio::test]
async fn without_any_content_the_answer_is_a_plain_error() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.stream([Say::Role, Say::Cut])).await;
        let answer = ask(&gateway, &prompt(upstream.kind())).await;
        check_error(&answer, 502, "all_providers_failed");
        assert_eq!(answer.error()["attempts"][0]["outcome"], "malformed");
    }
}

#[tokio::test]
async fn an_answer_without_usage_has_no_tokens() {
    let (gateway, upstream) = alone(upstream::openai().stream([Say::Text("hi"), Say::Finish("stop")])).await;
    let answer = ask(&gateway, &prompt(upstream.kind())).await;
    let done = &answer.events.last().unwrap().json;
    assert_eq!(done["performance"]["tokens"], json!({"input": null, "output": null}));
    assert_eq!((names(&answer), &done["result"]["response"]), (vec!["delta", "done"], &json!("hi")));
}

#[tokio::test]
async fn a_dry_run_calls_nobody() {
    for builder in every() {
        let pair = Pair::start(builder).await;
        let mut body = prompt(pair.first.kind());
        body["dryRun"] = json!(true);
        body["fallbacks"] = json!([model(pair.second.kind())]);
        let answer = ask(&pair.gateway, &body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json.as_object().unwrap().keys().collect::<Vec<_>>(), ["routing"]);
        let attempts = answer.json["routing"]["attempts"].as_array().unwrap();
        let names: Vec<_> = attempts.iter().map(|attempt| attempt["provider"].as_str().unwrap()).collect();
        assert_eq!(names, [provider(pair.first.kind()), provider(pair.second.kind())]);
        assert!(attempts.iter().all(|attempt| attempt["health"].is_string()), "{attempts:?}");
        check_not_called([&pair.first, &pair.second]);
    }
}

#[tokio::test]
async fn hanging_up_cancels_the_upstream() {
    for builder in every() {
        let (gateway, upstream) = alone(builder.stream([Say::Text("hi"), Say::Stall])).await;
        let mut live = gateway.request("POST", "/v1/route").json(&prompt(upstream.kind())).open().await;
        live.event().await;
        drop(live);
        upstream.wait_for_disconnects(1).await;
        gateway.wait_for_log("outcome=\"client_gone\"").await;
    }
}
