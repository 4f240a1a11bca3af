//! Commands, their help and their exit codes.

use crate::kit::{Finished, gateway, invalid_key, upstream};

async fn run<const N: usize>(args: [&str; N]) -> Finished {
    gateway().command(args).run().await
}

#[tokio::test]
async fn help_on_every_level() {
    for finished in [
        run(["--help"]).await,
        run(["-h"]).await,
        run(["help"]).await,
        run(["serve", "--help"]).await,
        run(["check", "--help"]).await,
        run(["help", "check"]).await,
    ] {
        assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
        assert!(finished.stdout.contains("Usage: ai-mcp-gateway"), "{}", finished.stdout);
        assert!(!finished.stdout.contains("clock-from-stdin"), "{}", finished.stdout);
    }
    let top = run(["--help"]).await.stdout;
    for word in ["serve", "check", "--mock", "--version"] {
        assert!(top.contains(word), "no {word} in\n{top}");
    }
}

#[tokio::test]
async fn the_version_on_every_level() {
    let version = format!("ai-mcp-gateway {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(["--version"]).await.stdout, version);
    assert_eq!(run(["-V"]).await.stdout, version);
    for finished in [run(["serve", "--version"]).await, run(["check", "--version"]).await] {
        assert_eq!(finished.code, Some(0));
        assert!(finished.stdout.contains(env!("CARGO_PKG_VERSION")), "{finished:?}");
    }
}

#[tokio::test]
async fn help_needs_no_good_configuration() {
    let finished = gateway().env("API_PORT", "http").command(["--help"]).run().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[tokio::test]
async fn bad_command_lines() {
    for finished in [
        run(["dance"]).await,
        run(["--dance"]).await,
        run(["serve", "--dance"]).await,
        run(["serve", "more"]).await,
        run(["check", "--clock-from-stdin"]).await,
        run(["--mock=yes"]).await,
    ] {
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:?}");
        assert!(finished.stderr.contains("error:") && finished.stderr.contains("--help"), "{}", finished.stderr);
    }
}

#[tokio::test]
async fn check_tells_each_provider_and_whether_a_request_could_be_served() {
    let openai = upstream::openai().start().await;
    let openrouter = upstream::openrouter().probe(invalid_key()).start().await;
    let finished = gateway().with(&openai).with(&openrouter).command(["check"]).run().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert!(lines.contains(&"openai: ✅ Available"), "{lines:?}");
    assert!(lines.contains(&"anthropic: ❌ Unavailable (not configured: ANTHROPIC_API_KEY is unset)"), "{lines:?}");
    assert!(lines.contains(&"openrouter: ❌ Unavailable (401 User not found.)"), "{lines:?}");
    assert!(lines.contains(&"oss-local: ❌ Unavailable (disabled: OSS_MODEL_ENABLED=false)"), "{lines:?}");
    assert!(!finished.stdout.contains("mock"), "{lines:?}");
    assert!(finished.stdout.contains("A request could be served."), "{lines:?}");
    assert_eq!((openai.probes().len(), openai.calls().len()), (1, 0), "a check costs no token");
    assert_eq!((openrouter.probes().len(), openrouter.calls().len()), (1, 0));
}

#[tokio::test]
async fn check_fails_where_nobody_could_serve() {
    let nothing = run(["check"]).await;
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(nothing.stdout.contains("No request could be served."), "{nothing:?}");
    let openai = upstream::openai().probe(invalid_key()).start().await;
    let anthropic = upstream::anthropic().closed().start().await;
    let refused = gateway().with(&openai).with(&anthropic).command(["check"]).run().await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stdout.contains("openai: ❌ Unavailable (401 "), "{refused:?}");
    assert!(refused.stdout.contains("anthropic: ❌ Unavailable (cannot connect"), "{refused:?}");
    assert!(!refused.stdout.contains("SECRET"), "{refused:?}");
}

#[tokio::test]
async fn check_takes_a_server_without_an_endpoint_for_checks_as_it_is() {
    let openai = upstream::openai().probe(crate::kit::status(404)).start().await;
    let finished = gateway().with(&openai).command(["check"]).run().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("openai: ✅ Available (it has no endpoint for checks)"), "{finished:?}");
}

#[tokio::test]
async fn check_does_not_wait_longer_than_the_operator_allows() {
    let openai = upstream::openai().probe(crate::kit::stall_before_head()).start().await;
    let finished = gateway().with(&openai).env("HEALTH_PROBE_TIMEOUT_MS", 50).command(["check"]).run().await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stdout.contains("openai: ❌ Unavailable (no answer within 50 ms)"), "{finished:?}");
}

#[tokio::test]
async fn check_tells_warnings() {
    let finished = gateway().env("OPENAI_API_KEY", "sk-xxx").command(["check"]).run().await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stdout.contains("warning: OPENAI_API_KEY is a placeholder"), "{finished:?}");
}

#[tokio::test]
async fn the_mock_makes_everything_servable() {
    let finished = run(["check", "--mock"]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("mock: ✅ Available"), "{finished:?}");
    for args in [["serve", "--mock", "--clock-from-stdin"], ["--mock", "--clock-from-stdin", "--clock-from-stdin"]] {
        let command =
            args.iter().enumerate().filter(|(at, arg)| args.iter().position(|other| other == *arg) == Some(*at));
        let command: Vec<&str> = command.map(|(_, arg)| *arg).collect();
        let mut start = gateway().command([]);
        for arg in &command {
            start = start.arg(arg);
        }
        let gateway = start.start().await;
        assert!(!gateway.log().contains("No provider is configured"), "{}", gateway.log());
        for model in ["gpt-4o-mini", "claude-sonnet-4-5", "whatever", "general"] {
            let answer = gateway.chat(model, "hi").await;
            assert_eq!((answer.status, answer.provider()), (200, Some("mock")), "{model}");
            assert!(answer.model().is_some_and(|model| model.starts_with("mock-")), "{:?}", answer.model());
            assert!(answer.json["model"].as_str().is_some_and(|model| model.starts_with("mock-")), "{}", answer.json);
            assert_eq!(answer.header("x-gateway-cost-usd"), None, "its answers cost nothing and are not counted");
        }
        assert_eq!(gateway.get("/health/ready").await.status, 200);
    }
}

#[tokio::test]
async fn the_mock_ends_the_chain() {
    let openai = upstream::openai().always(crate::kit::status(500)).start().await;
    let gateway = gateway().with(&openai).arg("--mock").start().await;
    let answer = gateway.chat("gpt-4o-mini", "hi").await;
    assert_eq!((answer.provider(), answer.fallback()), (Some("mock"), Some("openai:server_error")));
    openai.switch(crate::kit::ok());
    let answer = gateway.chat("gpt-4o", "hi").await;
    assert_eq!((answer.provider(), answer.fallback()), (Some("openai"), None));
}
