//! What the log, the records and the metrics tell of answers from the cache.

use super::*;
use rusqlite::{Connection, OpenFlags};

/// Rows of requests in the order in which they ended: cached, provider, model, outcome, status, tokens, cost, attempts.
type Row = (bool, Option<String>, Option<String>, String, u16, Option<i64>, Option<f64>, String);

fn rows(gateway: &Gateway) -> Vec<Row> {
    let file = gateway.folder().join("data/ai-mcp-gateway.db");
    let Ok(database) = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY) else { return Vec::new() };
    let query =
        "SELECT cached, provider, model, outcome, status, input_tokens, cost, attempts FROM llm_logs ORDER BY id";
    let Ok(mut statement) = database.prepare(query) else { return Vec::new() };
    let row = |row: &rusqlite::Row<'_>| {
        let (cached, provider, model) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (outcome, status, tokens) = (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok((cached, provider, model, outcome, status, tokens, row.get(6)?, row.get(7)?))
    };
    let found = statement.query_map([], row).map(|rows| rows.filter_map(Result::ok).collect());
    found.unwrap_or_default()
}

async fn so_many(gateway: &Gateway, wanted: usize) -> Vec<Row> {
    eventually("the rows", || rows(gateway).len() >= wanted).await;
    rows(gateway)
}

#[tokio::test]
async fn a_hit_is_recorded_as_one_that_cost_nothing() {
    let upstream = upstream::openai().start().await;
    let gateway = keeping(&upstream).await;
    for streams in [false, true] {
        for _ in 0..2 {
            match streams {
                true => gateway.stream("gpt-4o-mini", "hi").await,
                false => gateway.chat("gpt-4o-mini", "hi").await,
            };
        }
    }
    let rows = so_many(&gateway, 4).await;
    for pair in rows.chunks(2) {
        let [live, hit] = pair else { panic!("{rows:?}") };
        assert!(!live.0 && hit.0, "{rows:?}");
        assert_eq!((&hit.1, &hit.2, &hit.5), (&live.1, &live.2, &live.5), "who served, and the tokens, as they were");
        assert_eq!((hit.3.as_str(), hit.4, live.3.as_str(), live.4), ("ok", 200, "ok", 200));
        assert!(live.6.unwrap() > 0.0);
        assert_eq!(hit.6, Some(0.0));
        assert_eq!(hit.7, "[]", "nobody was called");
        assert!(live.7.contains("openai"));
    }
    gateway.wait_for_log("cached=true").await;
}

#[tokio::test]
async fn each_of_those_who_share_has_a_row_and_one_pays() {
    let upstream = upstream::openai().say(ok().held()).start().await;
    let gateway = keeping(&upstream).await;
    let ask = async || Caller::new(gateway.base()).chat("gpt-4o-mini", "hi").await;
    let release = async {
        under_way(&gateway, 3).await;
        upstream.release();
    };
    tokio::join!(ask(), ask(), ask(), release);
    let rows = so_many(&gateway, 3).await;
    assert_eq!(rows.iter().filter(|row| row.0).count(), 2, "{rows:?}");
    assert_eq!(rows.iter().filter(|row| row.6.is_some_and(|cost| cost > 0.0)).count(), 1, "{rows:?}");
}

#[tokio::test]
async fn one_that_hangs_up_on_a_hit_or_on_what_it_shares_is_recorded_as_gone() {
    let upstream = upstream::openai().stream([Say::Role, Say::Text("one"), Say::Wait, Say::Done]).start().await;
    let gateway = keeping(&upstream).await;
    let mut first = gateway.open("gpt-4o-mini", "hi").await;
    first.text().await;
    let mut second = Caller::new(gateway.base()).open("gpt-4o-mini", "hi").await;
    second.text().await;
    drop(second);
    let rows = so_many(&gateway, 1).await;
    assert_eq!((rows[0].0, rows[0].3.as_str(), rows[0].4), (true, "client_gone", 499));
    upstream.release();
    first.rest().await;
    let rows = so_many(&gateway, 2).await;
    assert_eq!((rows[1].0, rows[1].3.as_str(), rows[1].4), (false, "ok", 200));
}

#[tokio::test]
async fn metrics_count_an_answer_once() {
    let upstream = upstream::openai().start().await;
    let gateway = keeping(&upstream).await;
    for _ in 0..3 {
        gateway.chat("gpt-4o-mini", "hi").await;
    }
    let text = String::from_utf8_lossy(&gateway.get("/metrics").await.body).into_owned();
    let labels = "provider=\"openai\",model=\"gpt-4o-mini\"";
    for line in [
        "gateway_cache_total{result=\"hit\"} 2".to_owned(),
        "gateway_cache_total{result=\"miss\"} 1".to_owned(),
        format!("gateway_tokens_total{{{labels},direction=\"input\"}} 9"),
        format!("gateway_upstream_requests_total{{{labels},class=\"ok\"}} 1"),
        format!("gateway_requests_total{{endpoint=\"/v1/chat/completions\",{labels},outcome=\"ok\"}} 3"),
    ] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}
