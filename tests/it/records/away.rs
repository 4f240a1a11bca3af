//! The database goes, hangs, comes back, or was never there: requests go on, and every record is written once.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use super::*;
use crate::kit::upstream::openai;

/// Asks so often, and counts the answers that were good.
async fn ask(gateway: &Gateway, times: usize) -> usize {
    let mut good = 0;
    for _ in 0..times {
        good += usize::from(gateway.chat("gpt-4o-mini", "hello").await.status == 200);
    }
    good
}

/// Waits until `/health` says so of the database.
async fn health(gateway: &Gateway, up: bool) {
    in_time("the database's health", async {
        while gateway.get("/health").await.json["database"] != json!(up) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// A PostgreSQL behind a wall, where there is one.
async fn walled() -> Option<(Database, Wall, Database)> {
    let database = postgres().await?;
    let wall = wall(&database.address()).await;
    let behind = database.by(&wall.address());
    Some((database, wall, behind))
}

#[tokio::test]
async fn absent_at_the_start_and_then_there() {
    let Some((database, wall, behind)) = walled().await else { return };
    wall.cut();
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).database(&behind).start().await;
    assert_eq!(ask(&gateway, 20).await, 20);
    health(&gateway, false).await;
    assert_eq!(gateway.get("/health").await.json["status"], "degraded");
    wall.open();
    recorded(&database, 20).await;
    health(&gateway, true).await;
    assert_eq!(metric(&gateway, "gateway_records_lost_total").await, 0);
}

#[tokio::test]
async fn cut_off_and_frozen_under_load() {
    let Some((database, wall, behind)) = walled().await else { return };
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).database(&behind).start().await;
    assert_eq!(ask(&gateway, 20).await, 20);
    recorded(&database, 20).await;
    wall.cut();
    assert_eq!(ask(&gateway, 20).await, 20);
    wall.open();
    assert_eq!(ask(&gateway, 20).await, 20);
    recorded(&database, 60).await;
    wall.freeze();
    assert_eq!(ask(&gateway, 20).await, 20);
    eventually("records on disk", || gateway.folder().join("data/outbox.jsonl").exists()).await;
    health(&gateway, false).await;
    wall.open();
    recorded(&database, 80).await;
    health(&gateway, true).await;
    eventually("an empty outbox", || !leftovers(&gateway)).await;
    assert_eq!(metric(&gateway, "gateway_records_lost_total").await, 0);
    assert!(metric(&gateway, "gateway_records_spilled_total").await > 0);
}

/// Are there records on disk that are not in the database?
fn leftovers(gateway: &Gateway) -> bool {
    let names = std::fs::read_dir(gateway.folder().join("data")).into_iter().flatten().flatten();
    names.filter(|entry| entry.file_name().to_string_lossy().starts_with("outbox")).count() > 0
}

#[tokio::test]
async fn killed_with_records_on_disk() {
    let Some((database, wall, behind)) = walled().await else { return };
    let openai = openai().start().await;
    let mut first = gateway().with(&openai).database(&behind).start().await;
    assert_eq!(ask(&first, 10).await, 10);
    recorded(&database, 10).await;
    wall.freeze();
    assert_eq!(ask(&first, 30).await, 30);
    // A kill loses what is younger than a quarter of a second.
    eventually("all on disk", || lines(&first) >= 30).await;
    first.signal(Signal::SIGKILL);
    first.exit().await;
    // One that was killed while it wrote leaves half a line.
    let path = first.folder().join("data/outbox.jsonl");
    let mut half = std::fs::read(&path).unwrap();
    half.extend_from_slice(b"{\"llm_logs\":{\"id\":\"0");
    std::fs::write(&path, half).unwrap();
    wall.open();
    let second = gateway().with(&openai).database(&behind).in_folder_of(&first).start().await;
    assert_eq!(ask(&second, 5).await, 5);
    recorded(&database, 45).await;
    eventually("an empty outbox", || !leftovers(&second)).await;
}

fn lines(gateway: &Gateway) -> usize {
    let text = std::fs::read_to_string(gateway.folder().join("data/outbox.jsonl")).unwrap_or_default();
    text.lines().count()
}

#[tokio::test]
async fn ended_while_the_database_hangs() {
    let Some((database, wall, behind)) = walled().await else { return };
    let openai = openai().start().await;
    let mut first = gateway().with(&openai).database(&behind).start().await;
    assert_eq!(ask(&first, 10).await, 10);
    recorded(&database, 10).await;
    wall.freeze();
    assert_eq!(ask(&first, 10).await, 10);
    first.signal(Signal::SIGTERM);
    assert!(first.exit().await.success());
    assert!(lines(&first) >= 10);
    wall.open();
    let _second = gateway().with(&openai).database(&behind).in_folder_of(&first).start().await;
    recorded(&database, 20).await;
}

#[tokio::test]
async fn the_end_writes_everything_first() {
    for database in databases().await {
        let openai = openai().start().await;
        let mut gateway = gateway().with(&openai).database(&database).start().await;
        health(&gateway, true).await;
        assert_eq!(ask(&gateway, 25).await, 25);
        gateway.signal(Signal::SIGTERM);
        assert!(gateway.exit().await.success());
        assert_eq!(database.count("llm_logs").await, 25);
    }
}

#[tokio::test]
async fn a_kill_loses_only_what_is_younger_than_a_quarter_of_a_second() {
    for database in databases().await {
        let openai = openai().start().await;
        let mut gateway = gateway().with(&openai).database(&database).start().await;
        health(&gateway, true).await;
        assert_eq!(ask(&gateway, 25).await, 25);
        tokio::time::sleep(Duration::from_millis(250)).await;
        gateway.signal(Signal::SIGKILL);
        gateway.exit().await;
        let on_disk = lines(&gateway) as u64;
        assert!(database.count("llm_logs").await + on_disk >= 25);
    }
}

#[tokio::test]
async fn sqlite_that_somebody_else_holds() {
    let database = sqlite();
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).database(&database).start().await;
    health(&gateway, true).await;
    assert_eq!(ask(&gateway, 5).await, 5);
    recorded(&database, 5).await;
    let holder = rusqlite::Connection::open(database.url().trim_start_matches("sqlite://")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(ask(&gateway, 20).await, 20);
    tokio::time::sleep(Duration::from_millis(700)).await;
    holder.execute_batch("ROLLBACK").unwrap();
    recorded(&database, 25).await;
    assert_eq!(metric(&gateway, "gateway_records_lost_total").await, 0);
}

#[tokio::test]
async fn many_at_once_on_both_databases() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        let askers: Vec<_> = (0..20)
            .map(|_| {
                let caller = gateway.caller();
                tokio::spawn(async move {
                    let mut cost = 0.0;
                    for _ in 0..25 {
                        let answer = caller.chat("gpt-4o-mini", "hello").await;
                        cost += answer.header("x-gateway-cost-usd").unwrap().parse::<f64>().unwrap();
                    }
                    cost
                })
            })
            .collect();
        let mut cost = 0.0;
        for asker in askers {
            cost += asker.await.unwrap();
        }
        recorded(&database, 500).await;
        let sum = database.number("SELECT sum(cost) AS first FROM llm_logs").await;
        assert!((sum - cost).abs() < 1e-9, "{sum} is not {cost}");
        assert_eq!(database.number("SELECT count(DISTINCT request_id) AS first FROM llm_logs").await, 500.0);
    }
}

#[tokio::test]
async fn every_request_stands_once_whatever_happened_meanwhile() {
    const ASKERS: usize = 8;
    const EACH: usize = 60;
    let Some((database, wall, behind)) = walled().await else { return };
    let openai = openai().start().await;
    let start = || gateway().with(&openai).database(&behind);
    let mut first = start().start().await;
    let load = |gateway: &Gateway| {
        let callers = (0..ASKERS).map(|_| gateway.caller());
        let ask = |caller: Caller| {
            tokio::spawn(async move {
                let mut ids = Vec::new();
                for _ in 0..EACH {
                    let answer = caller.chat("gpt-4o-mini", "hello").await;
                    assert_eq!(answer.status, 200);
                    ids.push(answer.header("x-request-id").expect("an id").to_owned());
                }
                ids
            })
        };
        callers.map(ask).collect::<Vec<_>>()
    };
    let mut asking = load(&first);
    for _ in 0..3 {
        for trouble in [Wall::cut, Wall::open, Wall::freeze, Wall::open] {
            trouble(&wall);
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
    }
    let mut ids = Vec::new();
    for asker in asking.drain(..) {
        ids.extend(asker.await.expect("answers"));
    }
    // One ends, another goes on from what it left behind.
    wall.freeze();
    first.signal(Signal::SIGTERM);
    assert!(first.exit().await.success());
    wall.open();
    let second = start().in_folder_of(&first).start().await;
    for asker in load(&second) {
        ids.extend(asker.await.expect("answers"));
    }
    recorded(&database, (2 * ASKERS * EACH) as u64).await;
    let texts = database.texts("SELECT request_id AS first FROM llm_logs").await;
    let mut rows: Vec<String> = texts.into_iter().flatten().collect();
    rows.sort_unstable();
    ids.sort_unstable();
    assert_eq!(rows, ids);
    assert_eq!(metric(&second, "gateway_records_lost_total").await, 0);
}
