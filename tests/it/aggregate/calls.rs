//! Calls, their progress, their log messages and their end.

use super::*;

#[tokio::test]
async fn a_client_of_either_era_calls_a_server_of_either_era() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        let client = mcp(&stand.gateway).era(era).connect().await;
        for name in FOUR {
            let told = client.call(&format!("{name}__echo"), json!({"text": "hello"})).await;
            assert_eq!(told["structuredContent"], json!({"text": "hello"}), "{era:?} {name}: {told}");
            assert_eq!(told["resultType"].is_null(), era == Era::Legacy, "{told}");
            let own = mcp(&stand.gateway).era(era).path(&format!("/mcp/{name}")).connect().await;
            let told = own.call("echo", json!({"text": "hello"})).await;
            assert_eq!(told["structuredContent"], json!({"text": "hello"}), "{era:?} {name}: {told}");
        }
    }
}

#[tokio::test]
async fn a_client_over_stdio_calls_a_server_of_either_era() {
    for era in Era::ALL {
        let (servers, _web) = four().await;
        let client = over_stdio(&servers).era(era).connect().await;
        for name in FOUR {
            let (told, notes) = client.call_watched(&format!("{name}__slow"), json!({"ms": 10})).await;
            assert_eq!(text(&told), "slept", "{era:?} {name}");
            assert_eq!(notes.len(), 4, "{era:?} {name}: {notes:?}");
        }
        client.assert_only_messages();
    }
}

#[tokio::test]
async fn progress_comes_with_the_clients_token_and_rises() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        let client = mcp(&stand.gateway).era(era).connect().await;
        for name in FOUR {
            let pending = client.calling_watched(&format!("{name}__slow"), json!({"ms": 20, "steps": 5}));
            let (id, notes) = (pending.id(), pending.notes_later());
            assert_eq!(text(&pending.result().await), "slept");
            let notes = notes();
            let values: Vec<_> = notes.iter().map(|note| note["params"]["progress"].as_f64().unwrap()).collect();
            assert_eq!(values, [1.0, 2.0, 3.0, 4.0, 5.0], "{era:?} {name}: {notes:?}");
            assert!(notes.iter().all(|note| note["params"]["progressToken"] == id && note["params"]["total"] == 5.0));
            assert_eq!(notes[0]["params"]["message"], "step 1");
            let before = client.notes().len();
            assert_eq!(text(&client.call(&format!("{name}__slow"), json!({"ms": 5})).await), "slept");
            assert_eq!(client.notes().len(), before, "without a token there is none");
        }
    }
}

#[tokio::test]
async fn a_flood_of_progress_is_thinned_and_its_end_is_told() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        let client = mcp(&stand.gateway).era(era).connect().await;
        for name in FOUR {
            let (told, notes) = client.call_watched(&format!("{name}__flood_progress"), json!({"n": 2000})).await;
            assert_eq!(text(&told), "flooded");
            let values: Vec<_> = notes.iter().map(|note| note["params"]["progress"].as_f64().unwrap()).collect();
            assert!(values.len() <= 110, "{era:?} {name}: {}", values.len());
            assert_eq!(values.last(), Some(&2000.0), "{era:?} {name}");
            assert!(values.is_sorted_by(|one, other| one < other), "{values:?}");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_ends_at_its_server() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        for name in FOUR {
            let client = mcp(&stand.gateway).era(era).connect().await;
            let journal = stand.journal(name);
            let before = journal.of("cancelled").len();
            let pending = client.calling_watched(&format!("{name}__slow"), json!({"ms": 60_000, "steps": 6_000}));
            pending.wait_for_notes(1).await;
            pending.cancel().await;
            journal.wait_for("cancelled", before + 1).await;
            // The session, and the server, go on.
            assert_eq!(text(&client.call(&format!("{name}__slow"), json!({"ms": 1})).await), "slept");
        }
    }
}

#[tokio::test]
async fn a_log_message_goes_to_the_client_whose_call_it_belongs_to() {
    let stand = Stand::start().await;
    for name in FOUR {
        let tool = format!("{name}__log");
        let modern = mcp(&stand.gateway).modern().connect().await;
        assert_eq!(text(&modern.call(&tool, json!({"level": "error"})).await), "logged");
        assert_eq!(modern.notes().len(), 0, "nothing was asked for");
        for (level, count) in [("info", 0), ("warning", 1), ("error", 2)] {
            let meta = json!({"io.modelcontextprotocol/logLevel": "warning"});
            let params = json!({"name": tool, "arguments": {"level": level, "text": "deep"}, "_meta": meta});
            assert_eq!(text(&modern.send("tools/call", params).result().await), "logged");
            let notes = modern.notes_of("notifications/message");
            assert_eq!(notes.len(), count, "{name} {level}: {notes:?}");
        }
        let legacy = mcp(&stand.gateway).connect().await;
        legacy.open_stream().await;
        legacy.request("logging/setLevel", json!({"level": "warning"})).await.result();
        for level in ["info", "error"] {
            legacy.call(&tool, json!({"level": level, "text": "deep"})).await;
        }
        let notes = legacy.wait_for_notes("notifications/message", 1).await;
        assert_eq!(notes[0]["params"]["level"], "error", "{notes:?}");
        assert_eq!(notes[0]["params"]["data"], "deep");
        assert_eq!(legacy.notes().len(), 1);
    }
}

#[tokio::test]
async fn two_hundred_calls_at_once_through_one_server() {
    let stand = Stand::start().await;
    for name in ["old_pipe", "new_web"] {
        let client = mcp(&stand.gateway).modern().connect().await;
        let tool = format!("{name}__echo");
        let all: Vec<_> = (0..200).map(|at| client.calling(&tool, json!({"text": format!("call {at}")}))).collect();
        for (at, pending) in all.into_iter().enumerate() {
            assert_eq!(pending.result().await["structuredContent"]["text"], format!("call {at}"));
        }
    }
}

#[tokio::test]
async fn what_a_client_shows_never_arrives_at_a_server() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        let client = mcp(&stand.gateway).era(era).key("sk-of-the-client").header("x-secret", "s3cret").connect().await;
        for name in FOUR {
            let meta =
                json!({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "own/field": 7});
            let params = json!({"name": format!("{name}__echo"), "arguments": {"text": "x"}, "_meta": meta});
            client.send("tools/call", params).result().await;
            let call = stand.journal(name).of("call").pop().expect("a call");
            assert!(!call.to_string().contains("sk-of-the-client") && !call.to_string().contains("s3cret"), "{call}");
            assert_eq!(call["meta"]["own/field"], 7, "{call}");
            assert!(call["meta"]["traceparent"].is_string(), "{call}");
        }
    }
}

#[tokio::test]
async fn what_became_of_calls_is_in_the_metrics_and_the_log() {
    let servers =
        servers().stdio("files", &[]).field("files", "timeoutMs", json!(2000)).stdio("gone", &["--exit-at-start"]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    client.call("files__echo", json!({"text": "s3cret"})).await;
    client.call("files__fail", json!({})).await;
    client.call("files__slow", json!({"ms": 60_000})).await;
    client.request("resources/read", json!({"uri": "files+test://nothing?q=s3cret"})).await;
    client.request("resources/read", json!({"uri": "gone+test://text"})).await;
    let pending = client.calling_watched("files__slow", json!({"ms": 60_000, "steps": 6_000}));
    pending.wait_for_notes(1).await;
    pending.cancel().await;
    for outcome in ["ok", "tool_error", "timeout", "refused", "down", "client_gone"] {
        let server = if outcome == "down" { "gone" } else { "files" };
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let text = String::from_utf8(gateway.get("/metrics").await.body.to_vec()).expect("text");
            let is_it = |line: &str| {
                line.contains("mcp_calls")
                    && line.contains(&format!("\"{outcome}\""))
                    && line.contains(&format!("\"{server}\""))
            };
            if text.lines().any(is_it) {
                break;
            }
            assert!(std::time::Instant::now() < end, "{outcome}: {text}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    let log = gateway.log();
    assert!(log.contains("MCP call") && log.contains("test://nothing") && !log.contains("s3cret"), "{log}");
}
