//! Headers of requests to Anthropic, and of its answers.

use super::*;

/// One call with these headers, as it reached Anthropic.
async fn call_with(gateway: &Gateway, anthropic: &Upstream, headers: &[(&str, &str)]) -> Call {
    let mut request = gateway.request("POST", PATH).json(&messages(CLAUDE, "hi"));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.send().await;
    assert_eq!(answer.status, 200, "{headers:?}: {}", answer.json);
    anthropic.last_call()
}

#[tokio::test]
async fn version_and_betas_go_out_as_they_came() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let long = "interleaved-thinking-2025-05-14,context-1m-2025-08-07, thinking-binding-controls-2026-08-01 ,x";
    let rows: [&[(&str, &str)]; 7] = [
        &[("anthropic-version", "2023-06-01")],
        &[("anthropic-version", "2026-10-21")],
        &[("anthropic-version", "2099-12-31")],
        &[("anthropic-version", "2026-10-21"), ("anthropic-beta", "compact-2026-09-04")],
        &[("anthropic-version", "2023-06-01"), ("anthropic-beta", long)],
        &[
            ("anthropic-version", "2023-06-01"),
            ("anthropic-beta", "b"),
            ("anthropic-beta", "a,b"),
            ("anthropic-beta", "c"),
        ],
        &[("anthropic-version", "2023-06-01"), ("anthropic-beta", "made-up-2099-01-01")],
    ];
    for headers in rows {
        let call = call_with(&gateway, &anthropic, headers).await;
        let own = call.headers.iter().filter(|(name, _)| name.starts_with("anthropic-"));
        let own: Vec<(&str, &str)> = own.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut wanted = headers.to_vec();
        wanted.sort_by_key(|(name, _)| *name != "anthropic-version");
        let mut found = own;
        found.sort_by_key(|(name, _)| *name != "anthropic-version");
        assert_eq!(found, wanted);
    }
    let call = call_with(&gateway, &anthropic, &[]).await;
    assert_eq!(call.header("anthropic-version"), Some("2023-06-01"), "the version of those who name none");
    assert_eq!(call.header("anthropic-beta"), None, "none is made up");
}

#[tokio::test]
async fn no_other_header_of_the_client_goes_out() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    let theirs: Vec<(&str, &str)> = [
        "authorization",
        "x-api-key",
        "cookie",
        "anthropic-workspace-id",
        "anthropic-user-profile-id",
        "anthropic-dangerous-direct-browser-access",
        "x-stainless-lang",
        "x-stainless-package-version",
        "x-stainless-os",
        "x-stainless-arch",
        "x-stainless-runtime",
        "x-stainless-retry-count",
        "x-stainless-timeout",
        "x-stainless-helper-method",
        "x-forwarded-for",
        "x-app",
        "referer",
        "accept-encoding",
        "idempotency-key",
    ]
    .map(|name| (name, "from-the-client"))
    .into();
    let call = call_with(&gateway, &anthropic, &theirs).await;
    let mut names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let own = ["accept", "anthropic-version", "content-length", "content-type", "host", "user-agent", "x-api-key"];
    assert_eq!(names, own);
    assert_eq!(call.header("x-api-key"), Some("sk-ant-test-anthropic-SECRET"));
}

#[tokio::test]
async fn a_clients_key_is_taken_from_either_header_and_stays_here() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).env("GATEWAY_API_KEYS", "alpha-key,beta-key").env("LOG_FORMAT", "json");
    let gateway = gateway.start().await;
    let rows = [
        ("plain", &[("x-api-key", "alpha-key")][..], "key-1"),
        ("bearer", &[("authorization", "Bearer beta-key")], "key-2"),
        ("both", &[("authorization", "Bearer beta-key"), ("x-api-key", "alpha-key")], "key-1"),
        ("both, swapped", &[("authorization", "Bearer alpha-key"), ("x-api-key", "beta-key")], "key-2"),
        ("one good", &[("authorization", "Bearer alpha-key"), ("x-api-key", "dummy")], "key-1"),
    ];
    for (at, (what, headers, key)) in rows.into_iter().enumerate() {
        let id = format!("id-{at}");
        let headers = [headers, &[("x-request-id", id.as_str())]].concat();
        let call = call_with(&gateway, &anthropic, &headers).await;
        assert_eq!(gateway.line_of(&id).await["key"], key, "{what}");
        let shown: Vec<&str> =
            call.headers.iter().map(|(_, value)| value.as_str()).filter(|value| value.contains("key")).collect();
        assert!(shown.is_empty(), "{what}: {shown:?}");
        assert_eq!((call.header("authorization"), call.key()), (None, Some("sk-ant-test-anthropic-SECRET")), "{what}");
    }
    anthropic.forget();
    for headers in [&[][..], &[("x-api-key", "gamma")], &[("authorization", "Bearer gamma")]] {
        let answer = gateway.post_raw(PATH, messages(CLAUDE, "hi").to_string(), headers).await;
        check_error(&answer, 401, "invalid_api_key");
        assert_eq!(answer.error()["type"], "authentication_error");
    }
    check_not_called([&anthropic]);
}

#[tokio::test]
async fn ids_and_limits_come_back() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    for body in [messages(CLAUDE, "hi"), streamed(messages(CLAUDE, "hi"))] {
        let request = Front::Messages.request(&gateway, &body);
        let answer = request.header("x-request-id", "mine-1").send().await;
        assert_eq!((answer.header("request-id"), answer.header("x-request-id")), (Some("mine-1"), Some("mine-1")));
        assert!(answer.header("x-provider-request-id").is_some_and(|id| id.starts_with("req_anthropic_")));
        let limits = answer.headers.keys().filter(|name| name.as_str().starts_with("anthropic-ratelimit-")).count();
        assert_eq!(limits, 6, "{:?}", answer.headers);
        assert_eq!(answer.header("anthropic-ratelimit-tokens-reset"), Some("2026-11-20T12:00:01Z"));
        assert_eq!(answer.header("anthropic-organization-id"), None, "whose account it is stays here");
        assert_eq!((answer.provider(), answer.attempts()), (Some("anthropic"), Some(1)));
        assert!(answer.header("server-timing").is_some_and(|timing| timing.starts_with("gateway;dur=")));
        let own = send(&gateway, &body).await;
        assert_eq!(own.header("request-id"), own.header("x-request-id"));
        assert!(own.header("request-id").is_some_and(|id| id.starts_with("req_")));
    }
}

#[tokio::test]
async fn a_translated_request_is_written_for_the_oldest_version() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway().with(&anthropic).start().await;
    for front in [Front::Chat, Front::Responses] {
        let body = front.body(CLAUDE, "hi");
        let request = front.request(&gateway, &body).header("anthropic-beta", "context-1m-2025-08-07");
        let answer = request.header("anthropic-version", "2026-10-21").send().await;
        assert_eq!(answer.status, 200, "{front:?}: {}", answer.json);
        let call = anthropic.last_call();
        assert_eq!(call.header("anthropic-version"), Some("2023-06-01"), "{front:?}");
        assert_eq!(call.header("anthropic-beta"), None, "{front:?}");
    }
}
