//! Notes of progress.

use super::*;
use crate::kit::upstream::{openai, openrouter};
use std::time::Duration;

/// Do the notes' values rise, and does each say something?
#[track_caller]
fn check(notes: &[Value]) {
    let values: Vec<_> = notes.iter().map(|note| note["params"]["progress"].as_f64().expect("a value")).collect();
    assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{notes:?}");
    assert!(notes.iter().all(|note| note["params"]["message"].is_string()), "{notes:?}");
}

#[tokio::test]
async fn a_fallback_is_told_while_it_happens() {
    let openai = openai().always(invalid_key()).start().await;
    let openrouter = openrouter().always(ok().held()).start().await;
    let everywhere = everywhere(|| gateway().with(&openai).with(&openrouter)).await;
    for client in &everywhere.clients {
        let calling = client.calling_watched("route", json!({"prompt": "hi", "model": "gpt-4o"}));
        // The answer is held back: the note comes first.
        let notes = calling.wait_for_notes(1).await;
        let words = notes[0]["params"]["message"].as_str().unwrap().to_owned();
        assert!(words.starts_with("openai ") && words.ends_with(", trying openrouter"), "{words}");
        openrouter.release();
        let later = calling.notes_later();
        assert_eq!(calling.result().await["isError"], json!(false));
        check(&later());
        // Without a token nothing is told.
        let before = client.notes_of("notifications/progress").len();
        openrouter.release();
        client.call("route", json!({"prompt": "hi", "model": "gpt-4o"})).await;
        assert_eq!(client.notes_of("notifications/progress").len(), before);
    }
}

#[tokio::test]
async fn a_client_that_waits_long_hears_that_it_goes_on() {
    let openai = openai().always(ok().held()).start().await;
    let gateway = gateway().with(&openai).start().await.checked().await;
    let client = mcp(&gateway).connect().await;
    let calling = client.calling_watched("route", json!({"prompt": "hi", "model": "gpt-4o"}));
    openai.wait_for_calls(1).await;
    for seconds in [10, 20] {
        gateway.advance(Duration::from_secs(11)).await;
        let notes = calling.wait_for_notes(seconds / 10).await;
        let words = notes.last().unwrap()["params"]["message"].as_str().unwrap().to_owned();
        assert!(words.starts_with("openai has not answered yet"), "{words}");
    }
    openai.release();
    check(&calling.notes());
    assert_eq!(calling.result().await["isError"], json!(false));
}

#[tokio::test]
async fn there_are_never_more_than_four_a_second_and_none_after_the_result() {
    let openai = openai().always(status(500)).start().await;
    let gateway = gateway().with(&openai).start().await;
    for era in Era::ALL {
        let client = mcp(&gateway).era(era).connect().await;
        let began = std::time::Instant::now();
        for _ in 0..20 {
            let (_, notes) = client.call_watched("route", json!({"prompt": "hi", "model": "gpt-4o"})).await;
            check(&notes);
            assert!(notes.len() as f64 <= 1.0 + began.elapsed().as_secs_f64() * 4.0, "{notes:?}");
            let after = client.notes().len();
            client.call("list_models", json!({})).await;
            assert_eq!(client.notes().len(), after, "a note behind its result");
        }
    }
}
