//! How a chain ends that nobody answers: the contract's table, in the form of each protocol.

use super::*;
use std::time::Duration;

/// A gateway with a provider of the front's own protocol first, and OpenRouter behind it.
struct Two {
    gateway: Gateway,
    first: Upstream,
    second: Upstream,
    body: Value,
    front: Front,
}

impl Two {
    async fn start(front: Front, first: Reply, second: Reply) -> Self {
        let (builder, model) = match front {
            Front::Messages => (upstream::anthropic(), "claude-sonnet-4-5"),
            _ => (upstream::openai(), "gpt-4o-mini"),
        };
        let first = builder.always(first).start().await;
        let second = upstream::openrouter().always(second).start().await;
        let gateway = gateway().with(&first).with(&second).start().await.checked().await;
        let mut body = front.body(model, "hi");
        body["fallbacks"] = json!(["x-ai/grok-beta"]);
        Self { gateway, first, second, body, front }
    }

    async fn ask(&self, stream: bool) -> Answer {
        let body = self.body.clone();
        self.front.send(&self.gateway, &if stream { streamed(body) } else { body }).await
    }
}

fn outcomes(answer: &Answer) -> Vec<Value> {
    answer.error()["attempts"].as_array().into_iter().flatten().map(|attempt| attempt["outcome"].clone()).collect()
}

#[tokio::test]
async fn every_link_fails_in_some_way() {
    for front in NEW {
        for (first, second, status, code, outcome) in [
            (overloaded(), invalid_key(), 502, "all_providers_failed", ["server_error", "auth"]),
            (invalid_key(), insufficient_quota(), 502, "all_providers_failed", ["auth", "quota"]),
            (html(), reset_before_head(), 502, "all_providers_failed", ["malformed", "network"]),
            (model_not_found(), status(500), 502, "all_providers_failed", ["model_unavailable", "server_error"]),
            (rate_limited(40), rate_limited(20), 429, "all_providers_rate_limited", ["rate_limited", "rate_limited"]),
        ] {
            let two = Two::start(front, first, second).await;
            let answer = two.ask(false).await;
            check_refused(front, code, &answer, status, code);
            assert_eq!(outcomes(&answer), outcome, "{front:?}: {}", answer.json);
            assert_eq!((answer.header("x-should-retry"), answer.attempts()), (Some("false"), Some(2)), "{front:?}");
            let wait = (status == 429).then_some("20");
            assert_eq!(answer.header("retry-after"), wait, "{front:?}");
            assert!(answer.header("server-timing").is_some_and(|timing| timing.starts_with("gateway;dur=")));
            let first = &answer.error()["attempts"][0];
            let fields: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(fields[..3], ["provider", "model", "outcome"], "{front:?}: {first}");
            assert!(first["durationMs"].is_u64() && first["message"].is_string(), "{front:?}: {first}");
            check_called([&two.first, &two.second]);
            two.gateway.assert_no_secrets();
        }
    }
}

#[tokio::test]
async fn a_stream_that_nobody_begins_is_an_error_with_a_status() {
    for front in NEW {
        let two = Two::start(front, Reply::exactly([Say::Role, Say::Error("overloaded")]), status(500)).await;
        let answer = two.ask(true).await;
        check_refused(front, "streamed", &answer, 502, "all_providers_failed");
        assert_eq!(outcomes(&answer), ["server_error", "server_error"], "{front:?}");
    }
}

#[tokio::test]
async fn the_last_ones_word_where_it_is_the_callers_fault() {
    for front in NEW {
        for (reply, status, code, words) in [
            (model_not_found(), 404, "model_not_found", "No endpoints found for x-ai/grok-beta."),
            (context_length(), 400, "context_length_exceeded", "maximum context length is 128000 tokens"),
        ] {
            let two = Two::start(front, reply.clone(), reply).await;
            let answer = two.ask(false).await;
            check_refused(front, code, &answer, status, code);
            assert!(answer.error()["message"].to_string().contains(words), "{front:?}: {}", answer.json);
            assert_eq!((answer.header("x-should-retry"), answer.header("retry-after")), (None, None), "{front:?}");
            assert_eq!(answer.error()["attempts"], Value::Null, "it is one provider's word: {}", answer.json);
            assert_eq!(answer.provider(), Some("openrouter"), "{front:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_ends_the_chain() {
    for front in NEW {
        for stream in [false, true] {
            let two = Two::start(front, invalid_request(), ok()).await;
            let answer = two.ask(stream).await;
            assert_eq!(answer.status, 400, "{front:?}: {}", answer.json);
            assert_eq!(answer.error()["type"], "invalid_request_error", "{front:?}");
            check_called([&two.first]);
            check_not_called([&two.second]);
        }
    }
}

#[tokio::test]
async fn moderation_is_the_callers_fault() {
    for front in NEW {
        let openrouter = upstream::openrouter().always(content_policy()).start().await;
        let ollama = upstream::ollama().start().await;
        let gateway = gateway().with(&openrouter).with(&ollama).start().await;
        let answer = front.whole(&gateway, "x-ai/grok-beta").await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "content_policy_violation"), "{}", answer.json);
        assert_eq!(front.fault_of_error(&answer), None);
        check_not_called([&ollama]);
    }
}

#[tokio::test]
async fn everybody_is_silent() {
    for front in NEW {
        let two = Two::start(front, stall_before_head(), stall_after_head()).await;
        let request = front.request(&two.gateway, &streamed(two.body.clone()));
        let answer = tokio::spawn(request.send());
        two.first.wait_for_calls(1).await;
        two.gateway.advance(Duration::from_secs(13)).await;
        two.second.wait_for_calls(1).await;
        two.gateway.advance(Duration::from_secs(121)).await;
        let answer = in_time("an answer", answer).await.unwrap();
        check_refused(front, "silence", &answer, 504, "all_providers_failed");
        assert_eq!(outcomes(&answer), ["timeout", "timeout"], "{front:?}");
        assert_eq!(answer.header("x-should-retry"), Some("false"), "{front:?}");
    }
}

#[tokio::test]
async fn the_callers_deadline_passes() {
    for front in NEW {
        let two = Two::start(front, stall_before_head(), ok()).await;
        let answer = tokio::spawn(front.request(&two.gateway, &two.body).header("x-gateway-timeout-ms", 5000).send());
        two.first.wait_for_calls(1).await;
        two.gateway.advance(Duration::from_secs(6)).await;
        let answer = in_time("an answer", answer).await.unwrap();
        check_refused(front, "deadline", &answer, 504, "deadline_exceeded");
        assert_eq!(answer.header("x-should-retry"), Some("false"), "{front:?}");
        check_not_called([&two.second]);
    }
}

#[tokio::test]
async fn nobody_could_serve_it() {
    let nothing = gateway().start().await;
    let anthropic = upstream::anthropic().start().await;
    let one = gateway().with(&anthropic).start().await;
    for front in NEW {
        for answer in [front.whole(&nothing, "gpt-4o").await, front.stream(&nothing, "auto").await] {
            assert_eq!((answer.status, answer.code().as_str()), (503, "no_provider_configured"), "{}", answer.json);
            assert_eq!(front.fault_of_error(&answer), None);
            // It is not that too much is asked: nobody is there to be asked.
            let kind = if front == Front::Messages { "api_error" } else { "server_error" };
            assert_eq!(answer.error()["type"], kind, "{}", answer.json);
            assert!(answer.error()["message"].to_string().contains("ANTHROPIC_API_KEY"), "{}", answer.json);
            assert_eq!(answer.header("x-should-retry"), Some("false"), "{front:?}");
            assert!(answer.header("retry-after").is_some(), "{front:?}");
        }
        for model in ["gpt-4o", "x-ai/grok-beta", "oss-local/llama3:8b"] {
            let answer = front.whole(&one, model).await;
            check_refused(front, model, &answer, 404, "model_not_found");
            assert_eq!(front.param(&answer).as_deref(), Some("model"), "{front:?}");
            let words = answer.error()["message"].to_string();
            assert!(words.contains(model) && words.contains("OSS_MODEL_ENABLED"), "{words}");
        }
    }
    check_not_called([&anthropic]);
}

#[tokio::test]
async fn rests_that_were_asked_for_are_kept() {
    for front in NEW {
        let two = Two::start(front, rate_limited(30), rate_limited(45)).await;
        two.ask(false).await;
        let answer = two.ask(true).await;
        check_refused(front, "resting", &answer, 429, "all_providers_rate_limited");
        assert_eq!((outcomes(&answer), answer.attempts()), (vec![json!("skipped"); 2], Some(0)), "{front:?}");
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((20..=30).contains(&wait), "{front:?}: {wait}");
        check_called([&two.first, &two.second]);
    }
}
