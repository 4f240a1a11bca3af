//! What is wrong around a body: paths, methods, headers, sizes, encodings.

use super::{form, refusal};
use crate::kit::{Answer, Gateway, Upstream, chat, check_not_called, gateway, upstream};

async fn started() -> (Upstream, Gateway) {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    (openai, gateway)
}

/// Checks the refusal's form, status and code.
#[track_caller]
fn check_refused(answer: &Answer, status: u16, code: Option<&str>) {
    let error = form(answer).unwrap();
    assert_eq!((answer.status, error["code"].as_str()), (status, code), "{error}");
}

#[tokio::test]
async fn paths_that_are_not_there() {
    let (openai, gateway) = started().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/chat",
        "/v1/chat/completions/",
        "/v1/chat/completions/x",
        "/chat/completions",
        "//v1/chat/completions",
        "/v1/Chat/Completions",
        "/v1/models/",
        "/v1/completions",
        "/admin",
        "/health/x",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/%ff",
    ] {
        for method in ["GET", "POST"] {
            let answer = gateway.request(method, path).body("{}").send().await;
            check_refused(&answer, 404, Some("not_found"));
            let message = answer.error()["message"].as_str().unwrap_or_default().to_owned();
            assert!(message.contains(path), "{path}: {message}");
        }
    }
    check_not_called([&openai]);
}

#[tokio::test]
async fn methods_that_a_path_does_not_take() {
    let (openai, gateway) = started().await;
    for (path, takes) in [
        ("/v1/chat/completions", "POST"),
        ("/v1/route", "POST"),
        ("/v1/models", "GET"),
        ("/health", "GET"),
        ("/metrics", "GET"),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            if method == takes {
                continue;
            }
            let answer = gateway.request(method, path).body("{}").send().await;
            check_refused(&answer, 405, Some("method_not_allowed"));
            let allow = answer.header("allow").unwrap_or_default();
            assert!(allow.split(',').any(|method| method.trim() == takes), "{method} {path} allow: {allow}");
        }
    }
    check_not_called([&openai]);
}

#[tokio::test]
async fn ids_of_models_that_cannot_be_read() {
    let (_openai, gateway) = started().await;
    for id in ["nobody", "no/such/model", "no%2Fsuch%2Fmodel", "%00", "%ff", "%E2%28%A1", "a%20b", "%2e%2e%2f", "%zz"] {
        let answer = gateway.get(&format!("/v1/models/{id}")).await;
        refusal(&answer, 404, Some("model"), "not on offer").unwrap_or_else(|why| panic!("{id}: {why}"));
        assert_eq!(answer.code(), "model_not_found", "{id}");
    }
    let overlong = gateway.get(&format!("/v1/models/{}", "m".repeat(20_000))).await;
    assert_eq!((overlong.status, overlong.code().as_str()), (404, "model_not_found"));
    let message = overlong.error()["message"].as_str().unwrap_or_default().len();
    assert!(message < 1000, "the message repeats {message} bytes");
}

#[tokio::test]
async fn the_callers_own_deadline() {
    let (openai, gateway) = started().await;
    for path in ["/v1/chat/completions", "/v1/route"] {
        for value in ["", "0", "-1", "soon", "1.5", "1e3", "0x10", "5 s", "99999999999999999999999999"] {
            let request = gateway.request("POST", path).json(&chat("gpt-4o-mini", "hi"));
            let answer = request.header("x-gateway-timeout-ms", value).send().await;
            refusal(&answer, 400, Some("x-gateway-timeout-ms"), "whole number of milliseconds")
                .unwrap_or_else(|why| panic!("{path} {value:?}: {why}"));
        }
    }
    check_not_called([&openai]);
    let request = gateway.request("POST", "/v1/chat/completions").json(&chat("gpt-4o-mini", "hi"));
    let answer = request.header("x-gateway-timeout-ms", u64::MAX).send().await;
    assert_eq!(answer.status, 200, "a deadline later than the operator's is the operator's");
}

#[tokio::test]
async fn bodies_that_are_compressed() {
    let (openai, gateway) = started().await;
    for path in ["/v1/chat/completions", "/v1/route"] {
        for encoding in ["gzip", "br", "deflate", "zstd", "gzip, identity", "nonsense"] {
            let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            let answer = gateway.post_raw(path, gzip, &[("content-encoding", encoding)]).await;
            refusal(&answer, 415, None, "compressed").unwrap_or_else(|why| panic!("{path} {encoding}: {why}"));
        }
    }
    check_not_called([&openai]);
    for encoding in ["identity", "Identity", ""] {
        let body = chat("gpt-4o-mini", "hi").to_string();
        let answer = gateway.post_raw("/v1/chat/completions", body, &[("content-encoding", encoding)]).await;
        assert_eq!(answer.status, 200, "{encoding:?}");
    }
}

#[tokio::test]
async fn the_type_of_a_body_is_not_asked_for() {
    let (openai, gateway) = started().await;
    for kind in
        ["application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", ""]
    {
        let body = chat("gpt-4o-mini", "hi").to_string();
        let answer = gateway.post_raw("/v1/chat/completions", body, &[("content-type", kind)]).await;
        assert_eq!(answer.status, 200, "{kind:?}");
        assert_eq!(openai.last_call().header("content-type"), Some("application/json"), "{kind:?}");
    }
}

#[tokio::test]
async fn bodies_that_are_too_large() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).env("MAX_BODY_BYTES", 1000).start().await;
    for path in ["/v1/chat/completions", "/v1/route"] {
        let large = chat("gpt-4o-mini", &"x".repeat(2000)).to_string();
        let announced = gateway.post_raw(path, large, &[]).await;
        check_refused(&announced, 413, Some("request_too_large"));
        let message = announced.error()["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("1000") && message.contains("MAX_BODY_BYTES"), "{message}");
    }
    check_not_called([&openai]);
    let mut fits = chat("gpt-4o-mini", "").to_string();
    let room = 1000 - fits.len();
    fits = chat("gpt-4o-mini", &"x".repeat(room)).to_string();
    assert_eq!(gateway.post_raw("/v1/chat/completions", fits.clone(), &[]).await.status, 200);
    let one_more = gateway.post_raw("/v1/chat/completions", format!("{fits} "), &[]).await;
    assert_eq!(one_more.status, 413);
}

#[tokio::test]
async fn models_that_nobody_takes() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    for model in ["gpt-4o", "x-ai/grok-beta", "whatever", "../../etc/passwd", "модель"] {
        let answer = gateway.chat(model, "hi").await;
        refusal(&answer, 404, Some("model"), model).unwrap_or_else(|why| panic!("{model}: {why}"));
        assert_eq!(answer.code(), "model_not_found");
        let message = answer.error()["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("OPENROUTER_API_KEY"), "the message names what would help: {message}");
    }
    check_not_called([&anthropic]);
}
