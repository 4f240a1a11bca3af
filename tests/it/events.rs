//! An application's own events.

use serde_json::{Value, json};

use crate::flags::database_is;
use crate::kit::*;

/// The events that were kept, oldest first: kind, and data.
async fn kept(database: &Database, count: u64) -> Vec<(String, Value)> {
    in_time("the events", async {
        while database.count("analytics_logs").await < count {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    let texts = async |column: &str| {
        let all = database.texts(&format!("SELECT {column} AS first FROM analytics_logs ORDER BY id")).await;
        all.into_iter().map(|text| text.expect("no null"))
    };
    let data = texts("event_data").await.map(|text| serde_json::from_str(&text).expect("JSON"));
    texts("event_type").await.zip(data).collect()
}

#[tokio::test]
async fn an_event_is_taken_and_kept_as_it_was_told() {
    for database in databases().await {
        let gateway = gateway().database(&database).start().await;
        let voucher = json!({"reason": "regenerate", "provider": "runware"});
        let answer = gateway.post("/api/events", json!({"event_type": "voucher_issued", "event_data": voucher})).await;
        assert_eq!((answer.status, &answer.json), (202, &json!({"success": true})), "{answer:?}");
        assert!(answer.header("x-request-id").is_some());
        let nested = json!({"error": null, "n": [1, -2.5, 1e300, {"a": {"b": [[]]}}], "": "", "9": true});
        let answer = gateway.post("/api/events", json!({"event_type": "a.b-c_9", "event_data": nested})).await;
        assert_eq!(answer.status, 202);
        let kept = kept(&database, 2).await;
        assert_eq!(kept, [("voucher_issued".to_owned(), voucher), ("a.b-c_9".to_owned(), nested)]);
        let reason = "SELECT created_at AS first FROM analytics_logs";
        assert!(database.text(reason).await.is_some_and(|time| time.starts_with("20")));
        let line = gateway.log();
        assert!(line.contains("/api/events") && !line.contains("regenerate"), "{line}");
    }
}

#[tokio::test]
async fn hostile_words_are_kept_as_they_are_but_for_the_letter_nul() {
    let long = "😀".repeat(15_000);
    let words =
        ["'; DROP TABLE analytics_logs; --", "\"\\\"", "\u{7f}\u{1}\r\n\t", "\u{202e}abc", "ﷺ é ß", "{\"a\":", &long];
    for database in databases().await {
        let gateway = gateway().database(&database).start().await;
        for word in words {
            let answer = gateway.post("/api/events", json!({"event_type": "x", "event_data": {word: word}})).await;
            let fits = word.len() < 30_000;
            assert_eq!(answer.status, if fits { 202 } else { 400 }, "{word}");
            let answer = gateway.post("/api/events", json!({"event_type": "x", "event_data": {"word": word}})).await;
            assert_eq!(answer.status, 202, "{word}");
        }
        let answer = gateway.post("/api/events", json!({"event_type": "x", "event_data": {"a\0b": ["c\0d"]}})).await;
        assert_eq!(answer.status, 202);
        let kept = kept(&database, 14).await;
        for word in words {
            assert!(kept.contains(&("x".to_owned(), json!({"word": word}))), "{word}");
        }
        assert_eq!(kept.last().unwrap().1, json!({"a\u{fffd}b": ["c\u{fffd}d"]}));
    }
}

#[tokio::test]
async fn what_is_no_event_is_refused_and_the_field_is_named() {
    let database = sqlite();
    let gateway = gateway().database(&database).start().await;
    database_is(&gateway, true).await;
    let big = json!({"event_type": "x", "event_data": {"a": "b".repeat(65_536)}});
    for (body, field, words) in [
        (json!({}), Some("event_type"), "is missing"),
        (json!({"event_type": null, "event_data": {}}), Some("event_type"), "is missing"),
        (json!({"event_type": 1, "event_data": {}}), Some("event_type"), "must be a string"),
        (json!({"event_type": "", "event_data": {}}), Some("event_type"), "is empty"),
        (json!({"event_type": "A", "event_data": {}}), Some("event_type"), "1 to 64 of the letters"),
        (json!({"event_type": "a'b", "event_data": {}}), Some("event_type"), "1 to 64 of the letters"),
        (json!({"event_type": "x".repeat(65), "event_data": {}}), Some("event_type"), "1 to 64 of the letters"),
        (json!({"event_type": "gen_route", "event_data": {}}), Some("event_type"), "by the gateway itself"),
        (json!({"event_type": "x"}), Some("event_data"), "is missing"),
        (json!({"event_type": "x", "event_data": []}), Some("event_data"), "must be an object, not an array"),
        (json!({"event_type": "x", "event_data": "{}"}), Some("event_data"), "must be an object, not a string"),
        (json!({"event_type": "x", "event_data": {}, "user": 1}), Some("user"), "is not known here"),
        (big, Some("event_data"), "at most 65536"),
        (json!([]), None, "a JSON object"),
    ] {
        let answer = gateway.post("/api/events", body.clone()).await;
        let error = &answer.json["error"];
        assert_eq!((answer.status, error["param"].as_str()), (400, field), "{body}: {}", answer.json);
        assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{body}: {error}");
    }
    let deep = format!(r#"{{"event_type":"x","event_data":{}1{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200));
    for body in ["", "{", "null", r#"{"event_type":"x","event_data":{"a":"\ud800"}}"#, &deep] {
        let answer = gateway.post_raw("/api/events", body, &[("content-type", "application/json")]).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    assert_eq!(gateway.get("/api/events").await.status, 405);
    assert_eq!(database.count("analytics_logs").await + database.count("llm_logs").await, 0);
}

#[tokio::test]
async fn events_need_a_key_and_a_database_and_fit_the_body_limit() {
    let event = json!({"event_type": "x", "event_data": {"a": "b".repeat(300)}});
    let keyed =
        gateway().database(&sqlite()).env("GATEWAY_API_KEYS", "key-SECRET").env("MAX_BODY_BYTES", 200).start().await;
    assert_eq!(keyed.post("/api/events", event.clone()).await.status, 401);
    let answer = keyed.request("POST", "/api/events").bearer("key-SECRET").json(&event).send().await;
    assert_eq!((answer.status, &answer.json["error"]["code"]), (413, &json!("request_too_large")));
    let small = json!({"event_type": "x", "event_data": {}});
    assert_eq!(keyed.request("POST", "/api/events").bearer("key-SECRET").json(&small).send().await.status, 202);
    let off = gateway().env("DATABASE_URL", "off").start().await;
    let answer = off.post("/api/events", event).await;
    assert_eq!((answer.status, &answer.json["error"]["code"]), (503, &json!("store_unavailable")));
}

#[tokio::test]
async fn an_event_told_while_the_database_is_away_is_kept_when_it_is_back() {
    let Some(database) = postgres().await else { return };
    let wall = wall(&database.address()).await;
    wall.cut();
    let gateway = gateway().database(&database.by(&wall.address())).start().await;
    for at in 0..5 {
        let event = json!({"event_type": "x", "event_data": {"at": at}});
        assert_eq!(gateway.post("/api/events", event).await.status, 202);
    }
    wall.open();
    let kept = kept(&database, 5).await;
    assert_eq!(kept.into_iter().map(|(_, data)| data["at"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}
