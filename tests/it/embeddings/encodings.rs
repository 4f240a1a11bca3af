//! Both encodings, whichever comes.

use super::*;

/// Every provider that gives vectors, and a model of it.
fn providers() -> [(UpstreamBuilder, &'static str, &'static str); 4] {
    [
        (openai(), SMALL, "openai"),
        (openrouter(), "qwen/qwen3-embedding-8b", "openrouter"),
        (ollama(), "oss-local/nomic-embed-text", "oss-local"),
        (openai_compatible(), "oss-local/nomic-embed-text", "oss-local"),
    ]
}

#[tokio::test]
async fn what_is_asked_for_comes_whoever_serves_and_whatever_is_sent() {
    let oddities = [Odd::Nothing, Odd::OtherEncoding, Odd::Backwards, Odd::Unnumbered, Odd::NoUsage, Odd::Cost(18)];
    for (builder, model, provider) in providers() {
        let upstream = builder.start().await;
        let gateway = gateway().with(&upstream).start().await;
        for odd in oddities {
            upstream.switch(vectors(odd));
            for encoding in [None, Some("float"), Some("base64"), Some("null")] {
                let body = ask(model, &["a", "b", "c"]);
                let body = match encoding {
                    None => body,
                    Some("null") => with(body, "encoding_format", Value::Null),
                    Some(encoding) => with(body, "encoding_format", json!(encoding)),
                };
                let answer = gateway.post(PATH, body).await;
                let found = vectors_of(&answer, encoding == Some("base64"));
                assert_eq!(found, [vector(0), vector(1), vector(2)], "{provider}, {odd:?}, {encoding:?}");
                assert_eq!((answer.provider(), answer.attempts()), (Some(provider), Some(1)));
                assert_eq!(answer.header("x-gateway-warnings"), None, "{provider}, {odd:?}");
                assert_eq!(answer.json["model"], upstream.last_call().model());
            }
        }
    }
}

#[tokio::test]
async fn one_text_and_tokens_are_inputs_too() {
    for (builder, model, provider) in providers() {
        let upstream = builder.start().await;
        let gateway = gateway().with(&upstream).start().await;
        upstream.wait_for_probes(1).await;
        gateway.wait_for_log(&format!("{provider}: ✅")).await;
        let one = gateway.post(PATH, json!({"model": model, "input": "a"})).await;
        assert_eq!(vectors_of(&one, false), [vector(0)], "{provider}");
        if upstream.kind() == Kind::Ollama {
            continue;
        }
        let one = gateway.post(PATH, json!({"model": model, "input": [1, 2, 3]})).await;
        assert_eq!(vectors_of(&one, false), [vector(0)], "{provider}");
        let two = gateway.post(PATH, json!({"model": model, "input": [[1, 2], [3]]})).await;
        assert_eq!(vectors_of(&two, false), [vector(0), vector(1)], "{provider}");
        assert_eq!(upstream.last_call().json["input"], json!([[1, 2], [3]]));
    }
}

#[tokio::test]
async fn bytes_pass_where_nothing_is_to_be_changed() {
    let sent = "{ \"input\" : [\"a\"],\t\"model\":\"text-embedding-3-small\", \"dimensions\":2.56e2, \"odd\":1.50, \"user\":\"u\"}";
    let said = "{ \"odd\":1.0,\"data\":[{\"embedding\":[1e0, -2.50],\"index\":0}],\"usage\":{\"prompt_tokens\":1}}\n";
    let openai = openai().always(json(said)).start().await;
    let gateway = gateway().with(&openai).start().await;
    let answer = gateway.post_raw(PATH, sent, &[]).await;
    assert_eq!(String::from_utf8_lossy(&answer.body), said);
    assert_eq!(String::from_utf8_lossy(&openai.last_call().body), sent);
    assert_eq!(openai.last_call().path, "/v1/embeddings");
}

#[tokio::test]
async fn what_is_the_gateways_own_goes_to_nobody() {
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openrouter).start().await;
    let sent =
        r#"{"fallbacks":[],"model":"text-embedding-3-small","input":"a", "provider":{"order":["x"]},"models":[]}"#;
    assert_eq!(gateway.post_raw(PATH, sent, &[]).await.status, 200);
    let expected = r#"{"model":"openai/text-embedding-3-small","input":"a", "provider":{"order":["x"]}}"#;
    assert_eq!(String::from_utf8_lossy(&openrouter.last_call().body), expected);
    assert_eq!(openrouter.last_call().path, "/api/v1/embeddings");
}

#[tokio::test]
async fn openai_does_not_get_what_is_openrouters() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let body = with(ask(SMALL, &["a"]), "provider", json!({"order": ["x"]}));
    let answer = gateway.post(PATH, body).await;
    assert_eq!(answer.header("x-gateway-warnings"), Some("dropped=provider"));
    assert!(openai.last_call().json["provider"].is_null());
}

#[tokio::test]
async fn the_mock_gives_the_same_vector_for_the_same_text() {
    let gateway = gateway().arg("--mock").start().await;
    let floats = vectors_of(&gateway.post(PATH, ask("mock-embed", &["a", "b", "a"])).await, false);
    assert_eq!((floats.len(), &floats[0]), (3, &floats[2]));
    assert_ne!(floats[0], floats[1]);
    let asked = with(ask(SMALL, &["a", "b", "a"]), "encoding_format", json!("base64"));
    let answer = gateway.post(PATH, asked).await;
    assert_eq!(vectors_of(&answer, true), floats, "in either encoding, under any name");
    assert_eq!((answer.provider(), answer.model()), (Some("mock"), Some("mock-text-embedding-3-small")));
    let short = with(ask("mock-embed", &["a"]), "dimensions", json!(3));
    assert_eq!(vectors_of(&gateway.post(PATH, short).await, false)[0].len(), 3);
    assert_eq!(answer.header("x-gateway-cost-usd"), None);
}
