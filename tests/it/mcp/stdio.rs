//! The process on stdio: its stdout, its beginning and its end.

use super::*;
use crate::kit::upstream::{openai, openrouter};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// How soon a process must end; a busy machine is given more than the second.
const SOON: Duration = Duration::from_secs(3);

/// Waits for the end, which must be soon and good.
async fn check_ends(client: &Mcp, since: Instant) {
    assert_eq!(client.exit_code().await, Some(0), "{}", client.process().stderr());
    assert!(since.elapsed() < SOON, "it ended after {:?} only", since.elapsed());
    client.assert_only_messages();
}

#[tokio::test]
async fn stdout_has_nothing_but_messages_at_every_level() {
    let (openai, openrouter) = (openai().always(status(500)).start().await, openrouter().always(html()).start().await);
    for level in ["trace", "debug", "info", "warn", "error", "off"] {
        for format in ["text", "json"] {
            let builder = gateway().with(&openai).with(&openrouter).env("LOG_LEVEL", level).env("LOG_FORMAT", format);
            let client = over_stdio(builder).connect().await;
            client.call_watched("route", json!({"prompt": "a-secret-prompt", "model": "gpt-4o"})).await;
            client.call("list_models", json!({})).await;
            client.request("no/such/method", json!({})).await;
            client.hang_up();
            assert_eq!(client.exit_code().await, Some(0));
            client.assert_only_messages();
            let log = client.process().stderr();
            assert!(!log.contains("a-secret-prompt") && !log.contains("SECRET"), "{log}");
        }
    }
}

#[tokio::test]
async fn it_ends_when_its_client_hangs_up() {
    for era in Era::ALL {
        let (openai, database) = (openai().say(ok()).then(stall_before_head()).start().await, sqlite());
        let client = over_stdio(gateway().with(&openai).database(&database)).era(era).connect().await;
        // A process that ends before its database is open leaves its rows on disk, for the next one.
        good(&client, "route", json!({"prompt": "hi", "model": "gpt-4o"})).await;
        recorded(&database, 1).await;
        let _calling = client.calling("route", json!({"prompt": "hi", "model": "gpt-4o"}));
        openai.wait_for_calls(2).await;
        let since = Instant::now();
        client.hang_up();
        openai.wait_for_disconnects(1).await;
        check_ends(&client, since).await;
        let outcomes = database.texts("SELECT outcome AS first FROM llm_logs ORDER BY id").await;
        assert_eq!(outcomes, [Some("ok".to_owned()), Some("client_gone".to_owned())]);
    }
}

#[tokio::test]
async fn it_ends_by_a_signal() {
    let openai = openai().always(stall_before_head()).start().await;
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        for era in Era::ALL {
            let client = over_stdio(gateway().with(&openai)).era(era).connect().await;
            client.call("list_models", json!({})).await;
            openai.forget();
            let _calling = client.calling("route", json!({"prompt": "hi", "model": "gpt-4o"}));
            openai.wait_for_calls(1).await;
            let since = Instant::now();
            client.signal(signal);
            check_ends(&client, since).await;
        }
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_at_all_ends_it_too() {
    for signal in [None, Some(Signal::SIGTERM)] {
        let client = over_stdio(gateway()).start();
        client.process().wait_for_stderr("first lines", |log| log.contains("Checking")).await;
        let since = Instant::now();
        match signal {
            None => client.hang_up(),
            Some(signal) => client.signal(signal),
        }
        check_ends(&client, since).await;
        assert_eq!(client.process().stdout(), "");
    }
}

#[tokio::test]
async fn answers_that_are_nearly_there_are_given_to_a_client_that_has_hung_up() {
    let client = over_stdio(gateway()).start();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
    });
    for id in 1..=3 {
        let params = json!({"name": "list_models", "arguments": {}, "_meta": meta});
        client.write_line(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string());
    }
    client.hang_up();
    assert_eq!(client.exit_code().await, Some(0));
    let mut ids: Vec<_> = client.assert_only_messages().iter().filter_map(|one| one["id"].as_u64()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3]);
}

#[tokio::test]
async fn it_answers_before_anything_else_is_up() {
    let openai = openai().probe(stall_before_head()).start().await;
    let builder = || gateway().with(&openai).env("DATABASE_URL", "postgres://nobody@10.255.255.1:5432/none");
    for era in Era::ALL {
        let client = over_stdio(builder()).era(era).start();
        let since = Instant::now();
        let told = match era {
            Era::Legacy => client.initialize().await.result(),
            Era::Modern => client.request("server/discover", json!({})).await.result(),
        };
        assert!(since.elapsed() < SOON, "after {:?}", since.elapsed());
        assert!(told["capabilities"]["tools"].is_object(), "{told}");
        // Requests of models need no database either.
        assert_eq!(
            good(&client, "route", json!({"prompt": "hi", "model": "gpt-4o"})).await["result"]["provider"],
            "openai"
        );
        let since = Instant::now();
        client.hang_up();
        assert_eq!(client.exit_code().await, Some(0));
        assert!(since.elapsed() < SOON, "it ended after {:?} only", since.elapsed());
    }
}

#[tokio::test]
async fn odd_first_words_do_not_end_it() {
    let long = format!("{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"{}\"}}", "x".repeat(20 << 20));
    for era in Era::ALL {
        let client = over_stdio(gateway()).era(era).start();
        for line in [
            "",
            "hello?",
            "{",
            "[]",
            "7",
            "null",
            "\u{feff}{}",
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
            r#"{"jsonrpc":"2.0","id":900,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":901,"error":{"code":-1,"message":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":902,"method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","id":903,"method":"ping"}"#,
            r#"{"jsonrpc":"1.0","id":904,"method":"ping"}"#,
            &long,
        ] {
            client.write_line(line);
        }
        if era == Era::Legacy {
            client.initialize().await.result();
        }
        good(&client, "list_models", json!({})).await;
        // And in the middle of a session no more than at its beginning.
        client.write_line("hello?");
        client.write_line(&long);
        good(&client, "list_models", json!({})).await;
        let said = client.assert_only_messages();
        let of = |id: u64| said.iter().find(|message| message["id"] == id).cloned().unwrap_or_default();
        assert_eq!(of(902)["error"]["code"], json!(-32602), "{said:?}");
        assert!(of(903)["result"].is_object(), "{said:?}");
        let told = |log: &str| log.matches("was passed over").count() == 2;
        client.process().wait_for_stderr("word of two lines that are too long", told).await;
        client.hang_up();
        assert_eq!(client.exit_code().await, Some(0));
    }
}

#[tokio::test]
async fn it_shares_a_sqlite_file_with_a_server() {
    let (openai, database) = (openai().start().await, sqlite());
    let server = gateway().with(&openai).database(&database).start().await;
    let one = over_stdio(gateway().with(&openai).database(&database)).connect().await;
    let other = over_stdio(gateway().with(&openai).database(&database)).modern().connect().await;
    let asking = async |client: &Mcp| {
        for _ in 0..40 {
            assert_eq!(client.call("route", json!({"prompt": "hi", "model": "gpt-4o"})).await["isError"], json!(false));
        }
    };
    let chatting = async {
        for _ in 0..40 {
            assert_eq!(server.chat("gpt-4o", "hi").await.status, 200);
        }
    };
    tokio::join!(asking(&one), asking(&other), chatting);
    for client in [&one, &other] {
        client.hang_up();
        assert_eq!(client.exit_code().await, Some(0));
    }
    recorded(&database, 120).await;
    assert_eq!(database.number("SELECT count(*) AS first FROM llm_logs WHERE endpoint = 'mcp'").await, 80.0);
    assert_eq!(database.count("llm_logs").await, 120);
}

#[tokio::test]
async fn an_unknown_argument_of_the_command_is_no_start() {
    let finished = gateway().command(["mcp", "--nonsense"]).run().await;
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""));
    let finished = gateway().env("API_PORT", "nonsense").command(["mcp"]).run().await;
    assert_ne!(finished.code, Some(0));
    assert_eq!(finished.stdout, "");
}
