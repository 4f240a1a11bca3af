//! The command `weights`: what it shows, what it writes, what it refuses.

use super::*;
use serde_json::{Value, json};

/// Runs `weights` with these words.
async fn run(database: &Database, words: &[&str]) -> Finished {
    let all = gateway().command(["weights"]).database(database);
    words.iter().fold(all, |all, word| all.arg(word)).run().await
}

/// `weights get --json`.
async fn shown(database: &Database) -> Value {
    let done = run(database, &["get", "--json"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    serde_json::from_str(&done.stdout).expect("one object of JSON")
}

#[tokio::test]
async fn it_shows_and_sets_what_running_gateways_obey() {
    for database in databases().await {
        let of_variable = json!({"weights": {"fal": 1.0, "runware": 0.0}, "source": "env", "description": null,
            "updated_at": null, "problem": null});
        assert_eq!(shown(&database).await, of_variable, "on a database that nobody has used yet");
        let gateway = gateway().database(&database).start().await;
        let done = run(&database, &["set", r#"{ "fal": 9, "runware": 1 }"#]).await;
        assert_eq!(
            (done.code, done.stdout.as_str()),
            (
                Some(0),
                "was: {\"fal\":1.0,\"runware\":0.0} (source: env)\nis:  {\"fal\":0.9,\"runware\":0.1} (source: database)\n"
            ),
            "{}",
            done.stderr
        );
        weights(&gateway, &[("fal", 0.9), ("runware", 0.1)]).await;
        let row = database.text("SELECT flag_value_text AS first FROM feature_flags").await;
        assert_eq!(row.as_deref(), Some(r#"{"fal":9,"runware":1}"#));
        let now = shown(&database).await;
        assert_eq!(now["weights"], json!({"fal": 0.9, "runware": 0.1}));
        assert_eq!(
            (&now["source"], &now["description"]),
            (&json!("database"), &json!("Provider weights: 90% fal, 10% runware"))
        );
        assert!(now["updated_at"].as_str().is_some_and(|time| time.starts_with("20") && time.ends_with('Z')), "{now}");
        let done = run(&database, &["switch", "runware", "--description", "'; DROP TABLE feature_flags; -- 😀"]).await;
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        weights(&gateway, &[("fal", 0.0), ("runware", 1.0)]).await;
        let row = database.text("SELECT flag_value_text AS first FROM feature_flags").await;
        assert_eq!(row.as_deref(), Some(r#"{"fal":0.0,"runware":1.0}"#));
        let table = run(&database, &["get"]).await.stdout;
        for line in
            ["fal          0\n", "runware      1\n", "source:      database\n", "DROP TABLE feature_flags; -- 😀\n"]
        {
            assert!(table.contains(line), "{table}");
        }
    }
}

#[tokio::test]
async fn bad_weights_are_refused_with_the_remedy_and_change_nothing() {
    let database = sqlite();
    for words in [
        &["set", r#"{"fal":-1}"#][..],
        &["set", "fal"],
        &["set", ""],
        &["set", r#"{"midjourney":1}"#],
        &["set", r#"{"fal":0.0}"#],
        &["switch", "midjourney"],
        &["switch", ""],
    ] {
        let done = run(&database, words).await;
        assert_eq!(done.code, Some(2), "{words:?}: {}", done.stderr);
        assert!(done.stderr.contains(r#"for example {"fal":0.9,"runware":0.1}"#), "{words:?}: {}", done.stderr);
    }
    assert_eq!(run(&database, &["set"]).await.code, Some(2));
    assert_eq!(run(&database, &[]).await.code, Some(2));
    assert_eq!(database.count("feature_flags").await, 0);
    set_up(&database).await;
    set(&database, "{\"fal\":\u{1}oops").await;
    let now = shown(&database).await;
    assert_eq!((&now["source"], now["problem"].is_string()), (&json!("env"), true), "{now}");
    assert!(run(&database, &["get"]).await.stderr.contains("is not valid"));
}

/// The tables, by a command that makes them.
async fn set_up(database: &Database) {
    shown(database).await;
}

#[tokio::test]
async fn a_database_that_is_off_or_away_is_an_operation_that_failed() {
    let off = |words: [&str; 3]| gateway().command(words).env("DATABASE_URL", "off").run();
    let done = off(["weights", "set", r#"{"fal":1}"#]).await;
    assert_eq!(done.code, Some(1));
    assert!(done.stderr.contains("GEN_PROVIDER_WEIGHTS"), "{}", done.stderr);
    let done = off(["weights", "get", "--json"]).await;
    assert!(done.code == Some(0) && done.stdout.contains(r#""source":"env""#), "the variable's are in force: {done:?}");
    for url in ["postgres://nobody:SECRETWORD@127.0.0.1:1/none", "sqlite:///proc/none/gateway.db"] {
        for words in [["weights", "get", "--json"], ["weights", "switch", "fal"]] {
            let done = gateway().command(words).env("DATABASE_URL", url).run().await;
            assert_eq!(done.code, Some(1), "{words:?}: {done:?}");
            assert!(done.stderr.contains("the database cannot be had (DATABASE_URL)"), "{}", done.stderr);
            assert!(!done.stderr.contains("SECRETWORD"), "{}", done.stderr);
        }
    }
}
