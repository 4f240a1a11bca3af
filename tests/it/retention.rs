//! Records whose time is over are deleted, in small steps, while others are written.

use std::time::{Duration, Instant, SystemTime};

use crate::flags::database_is;
use crate::kit::upstream::openai;
use crate::kit::*;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3600);
/// The tables that are tidied.
const TABLES: [&str; 4] = ["llm_logs", "analytics_logs", "generation_logs", "api_usage_logs"];

/// So many rows in each table from so many days ago, as the gateway or an operator writes them.
async fn fill(database: &Database, rows: u32, days: u32) {
    let (time, series, ms) = if database.is_postgres() {
        (
            format!("now() - interval '{days} days'"),
            format!("FROM generate_series(1, {rows}) AS n(n)"),
            format!("(extract(epoch FROM now() - interval '{days} days') * 1000)::bigint"),
        )
    } else {
        (
            format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{days} days')"),
            format!(
                "FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) SELECT n FROM s)"
            ),
            format!("CAST(strftime('%s', 'now', '-{days} days') AS integer) * 1000"),
        )
    };
    let id = if database.is_postgres() {
        format!("(lpad(to_hex({ms}), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid")
    } else {
        format!("({ms} << 22) + n")
    };
    let data = r#"'{"provider":"fal","error":null}'"#;
    database
        .run(&format!(
            "INSERT INTO llm_logs (id, request_id, endpoint, requested_model, outcome, status, stream, cached, attempts,
                latency_ms, created_at)
             SELECT {id}, 'req_' || n, '/v1/chat/completions', '''; DROP TABLE llm_logs; --', 'ok', 200, false, false,
                '[]', 5, {time} {series};
             INSERT INTO analytics_logs (event_type, event_data, created_at) SELECT 'gen_route', {data}, {time} {series};
             INSERT INTO generation_logs (prompt, created_at) SELECT 'a fox', {time} {series};
             INSERT INTO api_usage_logs (api_config_id, success, created_at) SELECT 'env:fal', true, {time} {series}"
        ))
        .await;
}

/// Waits until each table has so many rows.
async fn counts(database: &Database, counts: [u64; 4]) {
    for (table, count) in TABLES.into_iter().zip(counts) {
        let end = Instant::now() + PATIENCE;
        let mut found = database.count(table).await;
        while found != count {
            assert!(Instant::now() < end, "{table} has {found} rows, not {count}");
            tokio::time::sleep(Duration::from_millis(20)).await;
            found = database.count(table).await;
        }
    }
}

/// How many of the rows of `llm_logs` are not of requests.
async fn filled(database: &Database) -> f64 {
    database.number("SELECT count(*) AS first FROM llm_logs WHERE requested_model LIKE '%DROP%'").await
}

/// Lets an hour pass, and again where that came in the middle of a run.
async fn an_hour_later(gateway: &Gateway, database: &Database, wanted: u64) {
    for _ in 0..10 {
        gateway.advance(HOUR + Duration::from_secs(1)).await;
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            if database.count("api_usage_logs").await == wanted && filled(database).await == wanted as f64 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn old_records_go_while_new_ones_are_written() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).env("RETENTION_DAYS", 30).start().await;
        database_is(&gateway, true).await;
        fill(&database, 3500, 31).await;
        fill(&database, 40, 29).await;
        let mut asked = 0;
        while filled(&database).await > 40.0 || database.count("api_usage_logs").await > 40 {
            // A step while a request is under way would be its deadline.
            gateway.advance(HOUR + Duration::from_secs(1)).await;
            for _ in 0..30 {
                assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.status, 200);
                asked += 1;
            }
        }
        counts(&database, [asked + 40, 40, 40, 40]).await;
        gateway.wait_for_log("table=\"llm_logs\"").await;
        let text = String::from_utf8(gateway.get("/metrics").await.body).unwrap();
        assert!(text.contains("gateway_records_lost_total 0\n"), "{text}");
        assert_eq!(gateway.get("/health").await.json["database"], true);
    }
}

#[tokio::test]
async fn what_grows_old_while_the_gateway_runs_goes_within_the_hour() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        database_is(&gateway, true).await;
        for _ in 0..3 {
            assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.status, 200);
        }
        counts(&database, [3, 0, 0, 0]).await;
        fill(&database, 1, 0).await;
        gateway.advance(89 * DAY).await;
        assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.status, 200);
        counts(&database, [5, 1, 1, 1]).await;
        gateway.advance(2 * DAY).await;
        assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.status, 200);
        an_hour_later(&gateway, &database, 0).await;
        counts(&database, [2, 0, 0, 0]).await;
    }
}

#[tokio::test]
async fn the_first_run_comes_with_the_start_and_none_where_all_is_kept() {
    for database in databases().await {
        let mut first = gateway().database(&database).env("RETENTION_DAYS", 0).start().await;
        database_is(&first, true).await;
        fill(&database, 1200, 4000).await;
        first.advance(HOUR + Duration::from_secs(1)).await;
        assert_eq!(first.get("/health").await.status, 200);
        first.signal(nix::sys::signal::Signal::SIGTERM);
        first.exit().await;
        counts(&database, [1200; 4]).await;
        let _second = gateway().database(&database).env("RETENTION_DAYS", 3999).start().await;
        counts(&database, [0; 4]).await;
    }
}

#[tokio::test]
async fn replicas_share_the_work() {
    for database in databases().await {
        let first = gateway().database(&database).env("RETENTION_DAYS", 1).start().await;
        let second = gateway().database(&database).env("RETENTION_DAYS", 1).start().await;
        database_is(&first, true).await;
        database_is(&second, true).await;
        fill(&database, 5000, 2).await;
        fill(&database, 10, 0).await;
        tokio::join!(an_hour_later(&first, &database, 10), an_hour_later(&second, &database, 10));
        counts(&database, [10; 4]).await;
        assert!(!first.log().contains("WARN") && !second.log().contains("WARN"), "{}", first.log());
    }
}

#[tokio::test]
async fn nothing_goes_by_a_clock_that_was_set_ahead() {
    let database = sqlite();
    let mut first = gateway().database(&database).env("RETENTION_DAYS", 0).start().await;
    database_is(&first, true).await;
    fill(&database, 5, 200).await;
    first.signal(nix::sys::signal::Signal::SIGTERM);
    first.exit().await;
    // As if this were written a year before what the clock says now.
    database.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let path = database.url().trim_start_matches("sqlite://").to_owned();
    for path in [format!("{path}-wal"), path] {
        if let Ok(file) = std::fs::File::options().append(true).open(&path) {
            file.set_modified(SystemTime::now() - 365 * DAY).unwrap();
        }
    }
    let second = gateway().database(&database).start().await;
    second.wait_for_log("no record is deleted although its time may be over").await;
    counts(&database, [5; 4]).await;
}
