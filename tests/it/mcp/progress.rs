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
    let routes = r#"{"general":["gpt-4o","gpt-4o-mini","gpt-4.1","gpt-4.1-mini","gpt-5.2","gpt-5.2-mini"]}"#;
    for era in Era::ALL {
        let openai = openai().always(status(500).held()).start().await;
        let gateway = gateway().with(&openai).env("ROUTE_MODELS", routes).start().await;
        let client = mcp(&gateway).era(era).connect().await;
        let began = std::time::Instant::now();
        let calling = client.calling_watched("route", json!({"prompt": "hi"}));
        for call in 1..6 {
            openai.wait_for_calls(call).await;
            openai.release();
        }
        openai.wait_for_calls(6).await;
        // The first move is told at once; those that follow on its heels wait, and are told together.
        let words = |notes: &[Value]| {
            let words = notes.iter().map(|note| note["params"]["message"].as_str().unwrap().to_owned());
            words.collect::<Vec<_>>().join("; ")
        };
        let notes = calling.notes_later();
        in_time("every move", async {
            while words(&notes()).matches(", trying gpt-").count() < 5 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        assert!(words(&notes()).starts_with("gpt-4o failed (server_error), trying gpt-4o-mini"), "{:?}", notes());
        assert!(words(&notes()).ends_with("trying gpt-5.2-mini"), "{:?}", notes());
        let told = notes().len();
        let most = 1.0 + began.elapsed().as_secs_f64() * 4.0;
        assert!(told as f64 <= most, "more than {most} notes: {:?}", notes());
        openai.release();
        assert_eq!(calling.result().await["isError"], json!(true));
        check(&notes());
        good(&client, "list_models", json!({})).await;
        assert_eq!(notes().len(), told, "a note behind its result: {:?}", notes());
    }
}
