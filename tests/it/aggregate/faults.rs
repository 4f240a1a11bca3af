//! Servers that are slow, dead, crash, or answer nonsense: their calls fail by name, and nothing else does.

use super::*;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_call_that_takes_too_long_is_cancelled_and_said_so() {
    let (mut servers, web) = four().await;
    for name in FOUR {
        servers = servers.field(name, "timeoutMs", json!(1500));
    }
    let stand = Stand::of(servers, web).await;
    for era in Era::ALL {
        let client = mcp(&stand.gateway).era(era).connect().await;
        for name in FOUR {
            let before = stand.journal(name).of("cancelled").len();
            // Progress does not win any time.
            let slow = json!({"ms": 60_000, "steps": 600});
            let (told, notes) = client.call_watched(&format!("{name}__slow"), slow).await;
            assert_eq!(told["isError"], true, "{told}");
            for word in [name, "slow", "1.5 s"] {
                assert!(text(&told).contains(word), "{told}");
            }
            assert!(!notes.is_empty());
            stand.journal(name).wait_for("cancelled", before + 1).await;
        }
    }
}

#[tokio::test]
async fn the_time_that_a_client_takes_for_its_answer_is_not_its_servers() {
    let servers = servers().stdio("old", &["--era", "legacy"]).field("old", "timeoutMs", json!(1500));
    let gateway = gateway().mcp(&servers).start().await;
    let client = able(mcp(&gateway)).modern().connect().await;
    let params = json!({"name": "old__ask", "arguments": {"kind": "roots"}});
    let told = client.request("tools/call", params.clone()).await.result();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let mut again = params;
    again["requestState"] = told["requestState"].clone();
    again["inputResponses"] = json!({"ask-1": answer_to("roots/list")});
    let told = client.request("tools/call", again).await.result();
    assert!(told["structuredContent"]["answer"]["roots"].is_array(), "{told}");
}

#[tokio::test]
async fn a_server_that_is_not_there_fails_by_name_and_at_once() {
    let servers = servers().stdio("gone", &["--exit-at-start"]).stdio("here", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    for era in Era::ALL {
        let client = mcp(&gateway).era(era).connect().await;
        assert_eq!(text(&client.call("here__echo", json!({})).await), "{}");
        let began = Instant::now();
        let told = client.call("gone__anything", json!({})).await;
        assert_eq!(told["isError"], true, "{told}");
        assert!(text(&told).contains("`gone`") && text(&told).contains("tried again in"), "{told}");
        let read = client.request("resources/read", json!({"uri": "gone+test://text"})).await;
        assert!(!(-32768..=-32000).contains(&read.code()), "{read:?}");
        assert!(read.error()["message"].as_str().expect("words").contains("`gone`"), "{read:?}");
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_crashes_in_a_call_is_not_asked_again_and_comes_back() {
    let stand = Stand::start().await;
    let client = mcp(&stand.gateway).connect().await;
    for name in ["old_pipe", "new_pipe"] {
        let other = client.calling("new_web__slow", json!({"ms": 500}));
        let told = client.call(&format!("{name}__crash"), json!({})).await;
        assert_eq!(told["isError"], true, "{told}");
        assert!(text(&told).contains(name) && text(&told).contains("not asked again"), "{told}");
        assert_eq!(text(&other.result().await), "slept", "nobody else is concerned");
        let listed = client.tools().await;
        assert!(listed.iter().any(|tool| tool["name"] == format!("{name}__echo")), "the last good list is served");
        let end = Instant::now() + PATIENCE;
        loop {
            let told = client.call(&format!("{name}__echo"), json!({"text": "again"})).await;
            if told["structuredContent"]["text"] == "again" {
                break;
            }
            assert!(told["isError"] == true && text(&told).contains(name) && Instant::now() < end, "{told}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let calls = stand.journal(name).of("call");
        assert_eq!(calls.iter().filter(|call| call["tool"] == "crash").count(), 1);
    }
}

#[tokio::test]
async fn nonsense_between_messages_is_no_harm() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        let client = mcp(&stand.gateway).era(era).connect().await;
        for name in FOUR {
            let told = client.call(&format!("{name}__nonsense"), json!({})).await;
            // Over HTTP, an answer to another request takes the place of the right one.
            let by_name = told["isError"] == true && text(&told).contains(name);
            assert!(text(&told) == "sense" || (name.ends_with("_web") && by_name), "{era:?} {name}: {told}");
            assert_eq!(text(&client.call(&format!("{name}__echo"), json!({})).await), "{}", "{era:?} {name}");
        }
    }
}

#[tokio::test]
async fn a_tools_own_failure_and_a_servers_own_error_pass_as_they_are() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        let client = mcp(&stand.gateway).era(era).connect().await;
        for name in FOUR {
            let told = client.call(&format!("{name}__fail"), json!({"message": "no luck"})).await;
            assert_eq!((&told["isError"], text(&told)), (&json!(true), "no luck"));
            let alone = mcp(&stand.gateway).era(era).path(&format!("/mcp/{name}")).connect().await;
            let refused = alone.request("prompts/get", json!({"name": "nothing"})).await;
            assert_eq!((refused.code(), &refused.error()["message"]), (-32602, &json!("Unknown prompt")));
            let refused = alone.request("resources/read", json!({"uri": "test://nothing"})).await;
            assert_eq!(refused.error()["data"]["uri"], "test://nothing", "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_session_that_ends_ends_its_calls() {
    let stand = Stand::start().await;
    for name in FOUR {
        let client = mcp(&stand.gateway).connect().await;
        let pending = client.calling_watched(&format!("{name}__slow"), json!({"ms": 60_000, "steps": 6_000}));
        pending.wait_for_notes(1).await;
        let began = Instant::now();
        assert!((200..300).contains(&client.end_session().await));
        stand.journal(name).wait_for("cancelled", 1).await;
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_session_that_a_server_has_forgotten_is_opened_again_unseen() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        let client = mcp(&stand.gateway).era(era).connect().await;
        let before = stand.journal("old_web").of("session").len();
        assert_eq!(text(&client.call("old_web__forget_session", json!({})).await), "forgotten");
        let told = client.call("old_web__echo", json!({"text": "again"})).await;
        assert_eq!(told["structuredContent"]["text"], "again", "{told}");
        assert_eq!(stand.journal("old_web").of("session").len(), before + 1);
    }
}
