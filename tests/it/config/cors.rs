//! Browsers: which origins may call, and how they are told.

use crate::kit::{Answer, Gateway, gateway};

async fn preflight(gateway: &Gateway, origin: &str) -> Answer {
    let request = gateway.request("OPTIONS", "/v1/chat/completions").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.header("access-control-request-headers", "authorization,content-type,x-stainless-os").send().await
}

#[tokio::test]
async fn unset_sends_no_headers() {
    let gateway = gateway().arg("--mock").start().await;
    let answer = gateway.request("GET", "/health").header("origin", "https://app.example").send().await;
    let answers = [answer, preflight(&gateway, "https://app.example").await];
    for answer in answers {
        let names = answer.headers.keys().map(|name| name.as_str());
        assert_eq!(names.filter(|name| name.starts_with("access-control")).count(), 0, "{:?}", answer.headers);
    }
}

#[tokio::test]
async fn a_list_lets_these_in_and_no_other() {
    let origins = "https://app.example, http://localhost:5173";
    let gateway =
        gateway().arg("--mock").env("API_CORS_ORIGIN", origins).env("GATEWAY_API_KEYS", "client").start().await;
    for origin in ["https://app.example", "http://localhost:5173"] {
        let answer = preflight(&gateway, origin).await;
        assert_eq!(answer.status, 200, "a preflight carries no key");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        let allowed = answer.header("access-control-allow-headers").unwrap_or_default().to_lowercase();
        assert!(allowed.contains("authorization"), "a `*` would not cover it: {allowed}");
        assert!(answer.header("access-control-allow-methods").is_some(), "{:?}", answer.headers);
        let error = gateway.request("POST", "/v1/chat/completions").header("origin", origin).body("{").send().await;
        assert_eq!(error.status, 401);
        assert_eq!(error.header("access-control-allow-origin"), Some(origin), "errors can be read too");
    }
    for origin in ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"] {
        let answer = preflight(&gateway, origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[tokio::test]
async fn a_star_lets_everybody_in() {
    let gateway = gateway().arg("--mock").env("API_CORS_ORIGIN", "*").start().await;
    let answer = preflight(&gateway, "https://anybody.example").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let body = crate::kit::chat("gpt-4o-mini", "hi");
    let request = gateway.request("POST", "/v1/chat/completions").header("origin", "https://anybody.example");
    let answer = request.json(&body).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-expose-headers"), Some("*"), "pages read who served");
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}
