//! The database goes, or was never there.

use super::*;
use crate::kit::upstream::openai;

/// An address where nobody listens.
const NOWHERE: &str = "postgres://gateway@127.0.0.1:1/nothing";

/// Checks that this is no refusal of the key.
fn check_unavailable(answer: &Answer) {
    check_error(answer, 503, "store_unavailable");
    let wait: u64 = answer.header("retry-after").expect("when to come again").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_database_that_was_never_reached() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).env("DATABASE_URL", NOWHERE).start().await;
    assert_eq!(gateway.chat("gpt-4o-mini", "hi").await.status, 200, "routing never stops");
    for _ in 0..3 {
        check_unavailable(&chat_by(&gateway, "amg-may-be-good", "gpt-4o-mini").await);
    }
    let request = gateway.request("POST", "/v1/messages").anthropic();
    let answer = request.json(&messages("gpt-4o-mini", "hi")).send().await;
    assert_eq!(
        (answer.status, answer.json["error"]["details"]["error_code"].as_str()),
        (503, Some("store_unavailable"))
    );
}

#[tokio::test]
async fn keys_of_the_environment_need_no_database() {
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).env("DATABASE_URL", NOWHERE).env("GATEWAY_API_KEYS", "sk-env").start().await;
    assert_eq!(chat_by(&gateway, "sk-env", "gpt-4o-mini").await.status, 200);
    check_unavailable(&chat_by(&gateway, "amg-may-be-good", "gpt-4o-mini").await);
    check_error(&gateway.chat("gpt-4o-mini", "hi").await, 401, "invalid_api_key");
}

#[tokio::test]
async fn whoever_has_seen_keys_remembers_that_they_are_needed() {
    let Some(database) = postgres().await else { return };
    let made = make(&database, "ci", &[]).await;
    let openai = openai().start().await;
    let wall = wall(&database.address()).await;
    let behind = database.by(&wall.address());
    let first = gateway().with(&openai).database(&behind).start().await;
    assert_eq!(chat_by(&first, &made.key, "gpt-4o-mini").await.status, 200);
    // It goes while the process runs: what is known stays so, and what is not may be there.
    wall.cut();
    soon("the database to be away", 503, || chat_by(&first, "amg-may-be-good", "gpt-4o-mini")).await;
    assert_eq!(chat_by(&first, &made.key, "gpt-4o-mini").await.status, 200);
    check_error(&first.chat("gpt-4o-mini", "hi").await, 401, "invalid_api_key");
    // A process that starts without it.
    let second = gateway().with(&openai).database(&behind).in_folder_of(&first).start().await;
    check_unavailable(&chat_by(&second, &made.key, "gpt-4o-mini").await);
    check_unavailable(&second.chat("gpt-4o-mini", "hi").await);
    wall.open();
    soon("the key to be known", 200, || chat_by(&second, &made.key, "gpt-4o-mini")).await;
    check_error(&second.chat("gpt-4o-mini", "hi").await, 401, "invalid_api_key");
    soon("the database to be back", 401, || chat_by(&first, "amg-not-good", "gpt-4o-mini")).await;
}

#[tokio::test]
async fn a_frozen_database_holds_nobody_up() {
    let Some(database) = postgres().await else { return };
    let made = make(&database, "ci", &["--rpm", "1000", "--budget", "1000"]).await;
    let openai = openai().start().await;
    let wall = wall(&database.address()).await;
    let gateway = gateway().with(&openai).database(&database.by(&wall.address())).start().await;
    wall.freeze();
    for _ in 0..20 {
        let begun = std::time::Instant::now();
        assert_eq!(chat_by(&gateway, &made.key, "gpt-4o-mini").await.status, 200);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
    // What happens meanwhile counts as soon as it can be seen.
    good_command(&database, &["keys", "revoke", "ci"]).await;
    assert_eq!(chat_by(&gateway, &made.key, "gpt-4o-mini").await.status, 200);
    wall.open();
    soon("the revocation", 401, || chat_by(&gateway, &made.key, "gpt-4o-mini")).await;
}

#[tokio::test]
async fn strangers_are_let_in_by_keys_of_the_database() {
    for database in databases().await {
        let open = |database: &Database| gateway().database(database).env("API_HOST", "0.0.0.0");
        let refused = open(&database).run().await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        for words in ["1 fault:", "API_HOST=0.0.0.0", "GATEWAY_API_KEYS", "keys create", "GATEWAY_ALLOW_ANONYMOUS=true"]
        {
            assert!(refused.stderr.contains(words), "no {words:?} in {}", refused.stderr);
        }
        let refused = open(&database).command(["check"]).run().await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        let made = make(&database, "ci", &[]).await;
        let process = open(&database).spawn();
        process.wait_for_stderr("start", |log| log.contains("API server started on http://0.0.0.0:")).await;
        let log = process.stderr();
        let (_, port) = log.split_once("http://0.0.0.0:").unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        let caller = Caller::new(&format!("http://127.0.0.1:{port}"));
        check_error(&caller.get("/v1/models").await, 401, "invalid_api_key");
        assert_eq!(caller.request("GET", "/v1/models").bearer(&made.key).send().await.status, 200);
    }
    // It cannot be asked: nobody is let in until it can.
    let process = gateway().env("API_HOST", "0.0.0.0").env("DATABASE_URL", NOWHERE).spawn();
    process.wait_for_stderr("start", |log| log.contains("API server started on http://0.0.0.0:")).await;
    let log = process.stderr();
    let (_, port) = log.split_once("http://0.0.0.0:").unwrap();
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    check_unavailable(&Caller::new(&format!("http://127.0.0.1:{port}")).get("/v1/models").await);
    let off = gateway().env("API_HOST", "0.0.0.0").env("DATABASE_URL", "off").run().await;
    assert_eq!(off.code, Some(2), "{off:?}");
}
