//! What callers of every protocol can count on: the mock, the metrics, a model that cannot think.

use super::*;
use std::time::Duration;

#[tokio::test]
async fn the_mock_speaks_every_protocol() {
    let gateway = gateway().arg("--mock").start().await;
    for front in Front::ALL {
        for model in ["gpt-4o", "claude-sonnet-4-5", "auto", "whatever"] {
            let whole = front.whole(&gateway, model).await;
            assert_eq!((whole.status, whole.provider()), (200, Some("mock")), "{front:?}: {}", whole.json);
            let stream = front.stream(&gateway, model).await;
            assert_eq!((stream.status, stream.done()), (200, true), "{front:?}: {:?}", stream.events);
            assert!(!whole.text().is_empty() && !stream.text().is_empty(), "{front:?}");
            let found = match front {
                Front::Chat => Ok(Value::Null),
                Front::Messages => message_of(&stream.events),
                Front::Responses => response_of(&stream.events),
            };
            found.unwrap_or_else(|fault| panic!("{front:?}: {fault}"));
        }
    }
    let count = gateway.post("/v1/messages/count_tokens", messages("claude-sonnet-4-5", "hi")).await;
    assert_eq!((count.status, count.header("x-gateway-warnings")), (200, Some("estimated=input_tokens")));
}

#[tokio::test]
async fn requests_are_counted_by_their_paths() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    for front in NEW {
        front.whole(&gateway, "gpt-4o-mini").await;
        front.stream(&gateway, "gpt-4o-mini").await;
        front.send(&gateway, &json!({})).await;
    }
    gateway.post("/v1/messages/count_tokens", messages("gpt-4o-mini", "hi")).await;
    let line = |path: &str, outcome: &str| {
        format!(
            r#"gateway_requests_total{{endpoint="{path}",provider="openai",model="gpt-4o-mini",outcome="{outcome}"}}"#
        )
    };
    let metrics = async || String::from_utf8(gateway.get("/metrics").await.body).unwrap();
    for front in NEW {
        let wanted = line(front.path(), "ok") + " 2";
        // A stream is counted when its last byte is out.
        in_time("two requests to be counted", async {
            while !metrics().await.contains(&wanted) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let refused = format!(r#"endpoint="{}",provider="",model="",outcome="invalid_request"}} 1"#, front.path());
        assert!(metrics().await.contains(&refused), "{}", metrics().await);
    }
    assert!(metrics().await.contains(r#"endpoint="/v1/messages/count_tokens""#), "{}", metrics().await);
}

#[tokio::test]
async fn a_model_that_cannot_think_is_asked_once_more_without() {
    let refusal = crate::kit::json(r#"{"error":"\"llama3:8b\" does not support thinking"}"#).status(400);
    for front in NEW {
        for stream in [false, true] {
            let ollama = upstream::ollama().say(refusal.clone()).then(ok()).start().await;
            let gateway = gateway().with(&ollama).start().await;
            let mut body = front.body("llama3:8b", "hi");
            body["stream"] = json!(stream);
            match front {
                Front::Messages => {
                    body["thinking"] = json!({"type": "adaptive"});
                    body["output_config"] = json!({"effort": "high"});
                }
                _ => body["reasoning"] = json!({"effort": "high"}),
            }
            let answer = front.send(&gateway, &body).await;
            let seen = (answer.status, answer.text(), answer.attempts());
            assert_eq!(seen, (200, "hello from ollama".to_owned(), Some(1)), "{front:?}: {}", answer.json);
            let asked: Vec<Value> = ollama.calls().iter().map(|call| call.json["think"].clone()).collect();
            assert_eq!(asked, [json!("high"), Value::Null], "{front:?}");
        }
    }
}

#[tokio::test]
async fn more_stop_strings_than_openai_takes() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let mut body = messages("gpt-4o-mini", "hi");
    body["stop_sequences"] = json!(["a", "b", "c", "d", "e"]);
    let answer = Front::Messages.send(&gateway, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(openai.last_call().json["stop"], json!(["a", "b", "c", "d"]));
    assert!(answer.header("x-gateway-warnings").is_some_and(|words| words.contains("stop")), "{:?}", answer.headers);
}

#[tokio::test]
async fn a_provider_that_asks_for_a_moment_is_asked_again() {
    for front in NEW {
        let openai = upstream::openai().say(rate_limited(1)).then(ok()).start().await;
        let gateway = gateway().with(&openai).env("LLM_RETRY_AFTER_MAX_MS", 5000).start().await;
        let request = front.request(&gateway, &front.body("gpt-4o-mini", "hi"));
        let answer = tokio::spawn(request.send());
        openai.wait_for_calls(1).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        gateway.advance(Duration::from_secs(2)).await;
        let answer = in_time("an answer", answer).await.unwrap();
        assert_eq!((answer.status, answer.attempts(), openai.calls().len()), (200, Some(1), 2), "{front:?}");
    }
}
