//! Many calls at once.

use super::*;
use crate::kit::upstream::openai;
use futures_util::future::join_all;

#[tokio::test]
async fn two_hundred_calls_at_once_are_all_answered() {
    let openai = openai().start().await;
    let everywhere = everywhere(|| gateway().with(&openai)).await;
    for client in &everywhere.clients {
        openai.forget();
        let calls = (0..200).map(|at| client.call("route", json!({"prompt": format!("{at}"), "model": "gpt-4o"})));
        let results = join_all(calls).await;
        for result in &results {
            assert_eq!(result["isError"], json!(false), "{result}");
        }
        assert_eq!(openai.calls().len(), 200);
    }
    for client in everywhere.clients.iter().skip(1).step_by(2) {
        client.assert_only_messages();
    }
}

#[tokio::test]
async fn calls_do_not_wait_for_one_another() {
    let openai = openai().say(ok().held()).start().await;
    let everywhere = everywhere(|| gateway().with(&openai)).await;
    for client in &everywhere.clients {
        let slow = client.calling("route", json!({"prompt": "slow", "model": "gpt-4o"}));
        openai.wait_for_calls(1).await;
        good(client, "list_models", json!({})).await;
        openai.release();
        slow.result().await;
        openai.forget();
        openai.switch(ok().held());
    }
}
