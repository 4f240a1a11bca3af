//! What operators change in the database while the gateway runs.

use std::time::{Duration, Instant};

use crate::kit::upstream::openai;
use crate::kit::*;

/// The command `weights`, with its words.
mod command;
/// The database goes, hangs, is exchanged, and comes back.
mod gone;
/// Several processes start together.
mod together;

/// The row's weights by an operator's own SQL.
const UPSERT: &str = "INSERT INTO feature_flags (flag_key, flag_value, flag_value_text, description) \
    VALUES ('GEN_PROVIDER_WEIGHTS', false, '{}', 'by hand') \
    ON CONFLICT (flag_key) DO UPDATE SET flag_value_text = '{}'";

/// Writes the row.
pub async fn set(database: &Database, text: &str) {
    database.run(&UPSERT.replace("{}", &text.replace('\'', "''"))).await;
}

/// The weight of a provider as `/metrics` has it.
pub async fn weight(gateway: &Gateway, provider: &str) -> Option<f64> {
    let text = String::from_utf8(gateway.get("/metrics").await.body).expect("text");
    let name = format!("gateway_weight{{provider=\"{provider}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).map(|figure| figure.parse().expect("a number"))
}

/// Waits until the weights are so, and gives how long that took.
pub async fn weights(gateway: &Gateway, so: &[(&str, f64)]) -> Duration {
    let began = Instant::now();
    in_time(&format!("the weights {so:?}"), async {
        for (provider, share) in so {
            while weight(gateway, provider).await != Some(*share) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    })
    .await;
    began.elapsed()
}

/// Waits until `/health` says so of the database, and gives how long that took.
pub async fn database_is(gateway: &Gateway, up: bool) -> Duration {
    let began = Instant::now();
    in_time("the database's health", async {
        while gateway.get("/health").await.json["database"] != up {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    began.elapsed()
}

/// How often a text stands in the log.
fn told(gateway: &Gateway, text: &str) -> usize {
    gateway.log().matches(text).count()
}

#[tokio::test]
async fn a_row_is_in_force_at_once_and_wins_over_the_variable() {
    for database in databases().await {
        let gateway = gateway().database(&database).env("GEN_PROVIDER_PRIMARY", "imagen").start().await;
        assert_eq!(weight(&gateway, "imagen").await, Some(1.0), "the variable's, from the start");
        database_is(&gateway, true).await;
        for (text, fal, runware) in
            [(r#"{"fal":0.9,"runware":0.1}"#, 0.9, 0.1), (r#"{"fal":2, "runware":2}"#, 0.5, 0.5)]
        {
            set(&database, text).await;
            let took = weights(&gateway, &[("fal", fal), ("runware", runware), ("imagen", 0.0)]).await;
            assert!(took < Duration::from_secs(1), "{took:?}");
        }
        database.run("DELETE FROM feature_flags").await;
        weights(&gateway, &[("fal", 0.0), ("runware", 0.0), ("imagen", 1.0)]).await;
        gateway.wait_for_log(r#"image weights: {"fal":0.5,"runware":0.5} -> {"imagen":1.0} (source: env)"#).await;
        assert_eq!(told(&gateway, "image weights: "), 3, "one line for each change\n{}", gateway.log());
    }
}

#[tokio::test]
async fn a_row_that_is_not_valid_leaves_the_last_good_ones_and_is_told_once() {
    const BAD: &str = "a row of feature_flags is not valid";
    let long = "{\"'; DROP TABLE feature_flags; --😀\u{1}\n".repeat(3000);
    for database in databases().await {
        let gateway = gateway().database(&database).start().await;
        database_is(&gateway, true).await;
        set(&database, r#"{"fal":0.25,"runware":0.75}"#).await;
        weights(&gateway, &[("fal", 0.25)]).await;
        let bad = [
            "",
            "{",
            "null",
            r#"{"fal":0}"#,
            r#"{"fal":-1,"runware":2}"#,
            r#"{"midjourney":1}"#,
            r#"{"fal":"1"}"#,
            &long,
        ];
        for (at, text) in bad.iter().enumerate() {
            set(&database, text).await;
            eventually("a line of the log", || told(&gateway, BAD) == at + 1).await;
            assert_eq!(weight(&gateway, "fal").await, Some(0.25), "{text}");
        }
        // Another flag's change is no reason to tell of this one again.
        database.run("INSERT INTO feature_flags (flag_key, flag_value_text) VALUES ('OTHER', '😀''\"')").await;
        set(&database, r#"{"fal":1}"#).await;
        weights(&gateway, &[("fal", 1.0), ("runware", 0.0)]).await;
        assert_eq!(told(&gateway, BAD), bad.len(), "{}", gateway.log());
        if !database.is_postgres() {
            // SQLite takes bytes that are no text.
            database.run("UPDATE feature_flags SET flag_value_text = x'ff00fe' WHERE flag_key = 'OTHER'").await;
            gateway.wait_for_log("feature_flags cannot be read").await;
            assert_eq!(weight(&gateway, "fal").await, Some(1.0));
            database.run("DELETE FROM feature_flags WHERE flag_key = 'OTHER'").await;
            set(&database, r#"{"fal":0.5,"mock":0.5}"#).await;
            weights(&gateway, &[("fal", 0.5), ("mock", 0.5)]).await;
        }
        let longest = gateway.log().lines().map(str::len).max().unwrap_or_default();
        assert!(longest < 2000, "a line of {longest} bytes");
        assert_eq!(gateway.get("/health").await.json["database"], true);
    }
}

#[tokio::test]
async fn every_replica_follows() {
    for database in databases().await {
        let openai = openai().start().await;
        let mut replicas = Vec::new();
        for _ in 0..3 {
            replicas.push(gateway().with(&openai).database(&database).start().await);
        }
        for replica in &replicas {
            database_is(replica, true).await;
        }
        set(&database, r#"{"replicate":1}"#).await;
        for replica in &replicas {
            let took = weights(replica, &[("replicate", 1.0), ("fal", 0.0)]).await;
            assert!(took < Duration::from_secs(1), "{took:?}");
        }
    }
}
