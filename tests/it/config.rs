//! Configuration as an operator meets it: the environment, `.env`, the log, commands and exit codes.

mod command;
mod cors;
mod log;

use crate::kit::{Caller, Finished, Process, eventually, gateway, upstream};
use std::net::TcpListener;

/// A start that must fail: exit code 2, nothing on stdout, and these words on stderr.
#[track_caller]
fn check_refused(finished: &Finished, words: &[&str]) {
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert_eq!(finished.stdout, "", "{finished:?}");
    for word in words {
        assert!(finished.stderr.contains(word), "no {word:?} in\n{}", finished.stderr);
    }
}

/// A port that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// Waits until something answers on the port, and gives a caller for it.
pub async fn listening(port: u16) -> Caller {
    eventually("the port to open", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    Caller::new(&format!("http://127.0.0.1:{port}"))
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    for command in ["serve", "check"] {
        let start = gateway()
            .command([command])
            .env("API_PORT", "http")
            .env("LLM_RETRY", "many")
            .env("OPENAI_API_KEY", "sk-proj-not a key, but SECRET all the same")
            .env("OPENAI_BASE_URL", "https://me:PASSWORD@proxy.example/v1")
            .env("ROUTE_MODELS", "{general: gpt-4o}")
            .env("LOG_FORMAT", "xml");
        let finished = start.run().await;
        check_refused(
            &finished,
            &[
                "6 faults",
                "API_PORT=http\n",
                "a whole number from 0 to 65535",
                "LLM_RETRY=many\n",
                "a whole number from 0 to 10",
                "OPENAI_API_KEY=sk-p…same\n",
                "a key of printable ASCII characters",
                "OPENAI_BASE_URL=https://****@proxy.example/v1\n",
                "ROUTE_MODELS={general: gpt-4o}\n",
                "a JSON object of route names",
                "LOG_FORMAT=xml\n",
                "text or json",
            ],
        );
        assert!(!finished.stderr.contains("SECRET") && !finished.stderr.contains("PASSWORD"), "{}", finished.stderr);
    }
}

#[tokio::test]
async fn an_env_file_is_read_and_the_process_wins() {
    let openai = upstream::openai().start().await;
    let file = format!(
        "# a comment\n\nexport OPENAI_API_KEY=\"sk-from-file-SECRET\"\nOPENAI_BASE_URL='{}/v1' # where it is\nAPI_PORT=1\n\
         GATEWAY_API_KEYS=from-file\nROUTE_MODELS={{\"general\":[\"gpt-4o-mini\"],\"mine\":[\"gpt-4o\"]}}\nLOG_FILE=\"\"\n",
        openai.url()
    );
    let gateway = gateway().file(".env", file).env("GATEWAY_API_KEYS", "from-process").start().await;
    let body = crate::kit::chat("mine", "hi");
    let ask = |key: &str| gateway.request("POST", "/v1/chat/completions").bearer(key).json(&body).send();
    assert_eq!(ask("from-file").await.status, 401, "the process's own keys win");
    assert_eq!(ask("from-process").await.status, 200);
    assert_eq!(openai.last_call().header("authorization"), Some("Bearer sk-from-file-SECRET"));
    assert_eq!(openai.last_call().model(), "gpt-4o", "a bare value keeps its inner quotes");
    assert!(!gateway.folder().join("logs").exists(), "LOG_FILE=\"\" turns the file off");
}

#[tokio::test]
async fn an_empty_variable_of_the_process_is_unset() {
    let openai = upstream::openai().start().await;
    let file = format!("OPENAI_API_KEY=sk-from-file\nOPENAI_BASE_URL={}/v1\n", openai.url());
    let gateway = gateway().file(".env", file).env("OPENAI_API_KEY", "").env("LOG_LEVEL", "").start().await;
    assert_eq!(gateway.chat("gpt-4o-mini", "hi").await.status, 200);
    assert_eq!(openai.last_call().key(), Some("sk-from-file"));
}

#[tokio::test]
async fn a_broken_env_file_is_told_by_line_without_its_text() {
    let file = "API_PORT=0\nOPENAI_API_KEY=\"sk-SECRET\nthis is no line\n";
    let finished = gateway().file(".env", file).run().await;
    check_refused(&finished, &[".env=line 2, line 3", "NAME=value"]);
    assert!(!finished.stderr.contains("SECRET") && !finished.stderr.contains("this is"), "{}", finished.stderr);
    let finished = gateway().file(".env", [0xff, 0xfe, b'A']).run().await;
    check_refused(&finished, &[".env="]);
}

#[tokio::test]
async fn a_placeholder_is_unset_and_said() {
    let anthropic = upstream::anthropic().start().await;
    let gateway = gateway()
        .with(&anthropic)
        .env("OPENAI_API_KEY", "your_openai_key_here")
        .env("GATEWAY_API_KEYS", "changeme")
        .start()
        .await;
    gateway.wait_for_log("openai: ❌ Unavailable (not configured: OPENAI_API_KEY is unset)").await;
    for words in ["OPENAI_API_KEY is a placeholder", "GATEWAY_API_KEYS holds a placeholder"] {
        let log = gateway.log();
        assert!(log.lines().any(|line| line.contains("WARN") && line.contains(words)), "no {words:?} in\n{log}");
    }
    assert_eq!(gateway.chat("claude-sonnet-4-5", "hi").await.status, 200, "no client key is asked for");
}

#[tokio::test]
async fn an_invalid_key_is_a_key_and_fails_when_it_is_used() {
    let openai = upstream::openai().always(crate::kit::invalid_key()).start().await;
    let gateway = gateway().with(&openai).env("OPENAI_API_KEY", "invalid_key").start().await;
    let answer = gateway.chat("gpt-4o-mini", "hi").await;
    crate::kit::check_error(&answer, 502, "all_providers_failed");
    assert_eq!(openai.last_call().key(), Some("invalid_key"));
    assert!(!gateway.log().contains("placeholder"), "{}", gateway.log());
}

#[tokio::test]
async fn strangers_are_not_let_in_by_accident() {
    for host in ["0.0.0.0", "::"] {
        let finished = gateway().env("API_HOST", host).run().await;
        check_refused(&finished, &["1 fault:", "API_HOST=", "GATEWAY_API_KEYS", "GATEWAY_ALLOW_ANONYMOUS=true"]);
    }
    for (name, value) in [("GATEWAY_API_KEYS", "client"), ("GATEWAY_ALLOW_ANONYMOUS", "true")] {
        let port = free_port();
        let gateway = gateway().env("API_HOST", "0.0.0.0").env("API_PORT", port).env(name, value);
        let _process: Process = gateway.spawn();
        assert_eq!(listening(port).await.get("/health/live").await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let finished = gateway().env("API_PORT", port).run().await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    for words in [&format!("127.0.0.1:{port}"), "API_PORT", "in use"] {
        assert!(finished.stderr.contains(words), "no {words:?} in\n{}", finished.stderr);
    }
    assert!(!finished.stderr.contains("API server started"), "{}", finished.stderr);
}

#[tokio::test]
async fn prices_of_the_operators_own() {
    let openai = upstream::openai().start().await;
    let prices = r#"{"models":{"gpt-4o-mini":{"input":1000,"output":2000},"gpt-nobody-knows":{"input":1,"output":1}}}"#;
    let gateway =
        gateway().with(&openai).file("prices.json", prices).env("MODEL_PRICES_FILE", "prices.json").start().await;
    // 9 tokens in, 12 out.
    assert_eq!(gateway.chat("gpt-4o-mini", "hi").await.header("x-gateway-cost-usd"), Some("0.033"));
    assert_eq!(gateway.chat("gpt-nobody-knows", "hi").await.header("x-gateway-cost-usd"), Some("0.000021"));
    let bad = crate::kit::gateway().file("prices.json", "{}").env("MODEL_PRICES_FILE", "prices.json").run().await;
    check_refused(&bad, &["MODEL_PRICES_FILE=prices.json", "models"]);
    let missing = crate::kit::gateway().env("MODEL_PRICES_FILE", "none.json").run().await;
    check_refused(&missing, &["MODEL_PRICES_FILE=none.json"]);
}

#[tokio::test]
async fn routes_of_the_operators_own() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let routes = r#"{"general":["claude-sonnet-4-5"],"code":["gpt-4o","claude-sonnet-4-5"],"L0":["gpt-4o-mini"]}"#;
    let gateway = gateway().with(&openai).with(&anthropic).env("ROUTE_MODELS", routes).start().await;
    for (name, provider, model) in [
        ("general", "anthropic", "claude-sonnet-4-5"),
        ("auto", "anthropic", "claude-sonnet-4-5"),
        ("code", "openai", "gpt-4o"),
        ("L0", "openai", "gpt-4o-mini"),
    ] {
        let answer = gateway.chat(name, "hi").await;
        assert_eq!((answer.provider(), answer.model()), (Some(provider), Some(model)), "{name}");
    }
    openai.switch(crate::kit::status(500));
    let answer = gateway.chat("code", "hi").await;
    assert_eq!((answer.provider(), answer.fallback()), (Some("anthropic"), Some("openai:server_error")));
}

#[tokio::test]
async fn nothing_configured_is_said_loudly_and_answered_503() {
    let gateway = gateway().start().await;
    let log = gateway.log();
    let loud = log.lines().find(|line| line.contains("ERROR") && line.contains("No provider is configured"));
    let loud = loud.unwrap_or_else(|| panic!("not loud:\n{log}"));
    let variables = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY", "OSS_MODEL_ENABLED"];
    for variable in variables {
        assert!(loud.contains(variable), "{loud}");
    }
    assert!(loud.contains("--mock"), "{loud}");
    for path in ["/v1/chat/completions", "/v1/route"] {
        let body = match path {
            "/v1/route" => serde_json::json!({"prompt": "hi"}),
            _ => crate::kit::chat("gpt-4o-mini", "hi"),
        };
        let answer = gateway.post(path, body).await;
        crate::kit::check_error(&answer, 503, "no_provider_configured");
        let message = answer.error()["message"].as_str().unwrap_or_default().to_owned();
        for variable in variables {
            assert!(message.contains(variable), "{message}");
        }
        let retry: u64 = answer.header("retry-after").expect("with every 503").parse().expect("seconds");
        assert!((1..=60).contains(&retry), "{retry}");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
    }
    assert_eq!(gateway.get("/health").await.status, 200);
    assert_eq!(gateway.get("/health/ready").await.status, 503);
}
