//! Servers over HTTP: away, back again, forgetful, and what is sent to them.

use super::*;

#[tokio::test]
async fn a_server_that_is_down_at_the_start_is_found_when_it_comes() {
    for era in ["legacy", "modern"] {
        let port = free_port();
        let servers = servers().entry("web", json!({"url": format!("http://127.0.0.1:{port}/mcp")}));
        let gateway = gateway().mcp(&servers).start().await;
        let client = mcp(&gateway).connect().await;
        let words = refused(&client, "web__anything").await;
        assert!(words.contains("`web`") && words.contains("cannot be reached"), "{words}");
        let _server = http_server_on(port, &["--era", era]).await;
        gateway.wait_for_tools("/mcp", "its tools", |tools| tools.contains(&"web__echo".to_owned())).await;
        assert_eq!(text(&called(&client, "web", "echo").await), "{}");
    }
}

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_taken_up_again() {
    for era in ["legacy", "modern"] {
        let server = http_server(&["--era", era]).await;
        let gateway = gateway().mcp(&servers().http("web", &server)).start().await;
        let client = mcp(&gateway).connect().await;
        called(&client, "web", "echo").await;
        let port = server.port();
        server.kill().await;
        let words = refused(&client, "web__echo").await;
        assert!(words.contains("`web`"), "{words}");
        let up = |metrics: &str| metrics.contains("gateway_mcp_server_up{server=\"web\"} 1");
        told::wait_for_metrics(&gateway, "the server to be down", |metrics| !up(metrics)).await;
        assert!(gateway.tools("/mcp").await.contains(&"web__echo".to_owned()), "its last good list is served");
        let server = http_server_on(port, &["--era", era]).await;
        called(&client, "web", "echo").await;
        assert_eq!(server.journal().of("call").len(), 1);
        assert!(gateway.tools("/mcp").await.contains(&"web__echo".to_owned()));
    }
}

#[tokio::test]
async fn a_session_that_its_server_has_forgotten_is_opened_again_unseen() {
    let server = http_server(&["--era", "legacy"]).await;
    let gateway = gateway().mcp(&servers().http("web", &server)).start().await;
    for era in Era::ALL {
        let client = mcp(&gateway).era(era).connect().await;
        called(&client, "web", "forget_session").await;
        let (sessions, calls) = (server.journal().of("session").len(), server.journal().of("call").len());
        assert_eq!(text(&client.call("web__echo", json!({})).await), "{}", "{}", gateway.log());
        assert_eq!(server.journal().of("call").len(), calls + 1, "it is executed once");
        assert_eq!(server.journal().of("session").len(), sessions + 1);
    }
}

#[tokio::test]
async fn a_server_that_wants_credentials_says_what_to_change() {
    for era in ["legacy", "modern"] {
        let server = http_server(&["--era", era, "--token", "web-token-SECRET"]).await;
        let gateway = gateway().mcp(&servers().http("web", &server)).start().await;
        let client = mcp(&gateway).connect().await;
        let words = refused(&client, "web__echo").await;
        assert!(words.contains("401") && words.contains("`headers`"), "{words}");
    }
}

#[tokio::test]
async fn configured_headers_are_sent_with_every_request_and_told_to_nobody() {
    for era in ["legacy", "modern"] {
        let server = http_server(&["--era", era, "--token", "web-token-SECRET"]).await;
        let headers = json!({"Authorization": "Bearer ${WEB_TOKEN}", "X-Team": "search"});
        let servers = servers().http("web", &server).field("web", "headers", headers);
        let builder = gateway().mcp(&servers).env("WEB_TOKEN", "web-token-SECRET").env("LOG_LEVEL", "trace");
        let gateway = builder.env("GATEWAY_API_KEYS", "sk-client-1").start().await;
        let client = mcp(&gateway).key("sk-client-1").connect().await;
        called(&client, "web", "echo").await;
        let journal = server.journal();
        let sent = [journal.of("discover"), journal.of("session"), journal.of("call")].concat();
        let sent: Vec<_> = sent.iter().filter(|event| !event["headers"].is_null()).collect();
        assert!(sent.len() >= 2, "{sent:?}");
        for event in sent {
            assert_eq!(event["headers"]["authorization"], "Bearer web-token-SECRET");
            assert_eq!(event["headers"]["x-team"], "search");
            assert!(!event.to_string().contains("sk-client-1"), "a client's own key goes nowhere: {event}");
        }
        gateway.assert_no_secrets();
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = http_server(&[]).await;
    let server = http_server(&["--redirect", &target.url()]).await;
    let servers = servers().http("web", &server).field("web", "headers", json!({"X-Key": "${WEB_KEY}"}));
    let gateway = gateway().mcp(&servers).env("WEB_KEY", "web-key-SECRET").start().await;
    server.journal().wait_for("redirected", 1).await;
    let client = mcp(&gateway).connect().await;
    let words = refused(&client, "web__echo").await;
    assert!(words.contains("redirects (307)") && words.contains("`url`"), "{words}");
    let arrived: Vec<_> = target.journal().all().into_iter().filter(|event| event["event"] != "started").collect();
    assert_eq!(arrived, [Value::Null; 0], "nothing reaches the other address");
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn nothing_of_an_address_is_told_that_may_be_a_key() {
    let url = format!("http://me:${{PASSWORD}}@127.0.0.1:{}/mcp/${{KEY}}?key=${{KEY}}", free_port());
    let servers = servers().entry("web", json!({"url": url}));
    let build = || {
        gateway().mcp(&servers).env("PASSWORD", "password-SECRET").env("KEY", "key-SECRET").env("LOG_LEVEL", "trace")
    };
    let gateway = build().start().await;
    let client = mcp(&gateway).connect().await;
    let words = refused(&client, "web__echo").await;
    assert!(words.contains("cannot be reached"), "{words}");
    assert!(!words.contains("SECRET"), "{words}");
    gateway.assert_no_secrets();
    let told = build().command(["check"]).run().await;
    assert!(told.stdout.contains("mcp web") && !told.stdout.contains("SECRET"), "{}", told.stdout);
}

#[tokio::test]
async fn two_hundred_calls_at_once_wait_for_none_of_each_other() {
    for era in ["legacy", "modern"] {
        let server = http_server(&["--era", era]).await;
        let servers = servers().http("web", &server).stdio("pipe", &["--era", era]);
        let gateway = gateway().mcp(&servers).start().await;
        let client = mcp(&gateway).modern().connect().await;
        for name in ["web", "pipe"] {
            called(&client, name, "echo").await;
            // One after the other they would take a minute, and a test's patience ends before that.
            let slow = || client.calling(&format!("{name}__slow"), json!({"ms": 300, "steps": 1}));
            let all: Vec<_> = (0..200).map(|_| slow()).collect();
            for pending in all {
                assert_eq!(text(&pending.result().await), "slept");
            }
        }
    }
}
