//! Changes of lists and of resources, told to those who want to hear of them.

use super::*;

const UPDATED: &str = "notifications/resources/updated";

#[tokio::test]
async fn a_resource_that_changes_is_told_to_those_who_subscribed() {
    let stand = Stand::start().await;
    for name in FOUR {
        let (shown, bare) = (format!("{}+test://watched", name.replace('_', ".")), "test://watched");
        let legacy = mcp(&stand.gateway).connect().await;
        let alone = mcp(&stand.gateway).path(&format!("/mcp/{name}")).connect().await;
        let deaf = mcp(&stand.gateway).connect().await;
        for client in [&legacy, &alone, &deaf] {
            client.open_stream().await;
        }
        legacy.request("resources/subscribe", json!({"uri": shown})).await.result();
        alone.request("resources/subscribe", json!({"uri": bare})).await.result();
        let modern = mcp(&stand.gateway).modern().connect().await;
        let listening = modern.listen(json!({"resourceSubscriptions": [shown, "nobody+test://x"]}));
        let acknowledged = listening.wait_for_notes(1).await;
        assert_eq!(acknowledged[0]["params"]["notifications"]["resourceSubscriptions"], json!([shown]), "{name}");

        let asked = || stand.journal(name).of("subscribe").len() + stand.journal(name).of("listen").len();
        eventually("the server to be asked", || asked() >= 1).await;
        // A modern client's wish reaches its server beside its own stream: it is told from then on.
        legacy.call(&format!("{name}__touch"), json!({"uri": bare})).await;
        let told = legacy.wait_for_notes(UPDATED, 1).await;
        assert_eq!(told[0]["params"]["uri"], json!(shown), "{name}");
        assert_eq!(alone.wait_for_notes(UPDATED, 1).await[0]["params"]["uri"], bare);
        assert_eq!(listening.wait_for_notes(2).await[1]["params"]["uri"], json!(shown));
        assert_eq!(deaf.notes_of(UPDATED).len(), 0);

        legacy.request("resources/unsubscribe", json!({"uri": shown})).await.result();
        alone.request("resources/unsubscribe", json!({"uri": bare})).await.result();
        listening.cancel().await;
        let ended = || stand.journal(name).of("unsubscribe").len() + stand.journal(name).of("listened").len();
        eventually("the server to be told that nobody listens", || ended() >= 1).await;
        assert!(stand.journal(name).of("subscribe").len() <= 1, "each once, however many want to hear of it");
    }
}

#[tokio::test]
async fn a_session_that_ends_leaves_no_subscription_behind() {
    let stand = Stand::start().await;
    for name in FOUR {
        let client = mcp(&stand.gateway).connect().await;
        let shown = format!("{}+test://watched", name.replace('_', "."));
        client.request("resources/subscribe", json!({"uri": shown})).await.result();
        client.end_session().await;
        let ended = || stand.journal(name).of("unsubscribe").len() + stand.journal(name).of("listened").len();
        eventually(&format!("{name} to be told"), || ended() >= 1).await;
    }
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_said_so() {
    let servers = servers().stdio("plain", &["--only-tools"]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    client.tools().await;
    let refused = client.request("resources/subscribe", json!({"uri": "plain+test://x"})).await;
    assert_eq!(refused.code(), -32601, "{refused:?}");
    let refused = client.request("resources/subscribe", json!({"uri": "nobody+test://x"})).await;
    assert_eq!(refused.code(), -32002, "{refused:?}");
}

#[tokio::test]
async fn a_list_that_changes_is_told_to_everybody_who_sees_it() {
    let stand = Stand::start().await;
    for name in FOUR {
        let method = "notifications/tools/list_changed";
        let legacy = mcp(&stand.gateway).connect().await;
        let alone = mcp(&stand.gateway).path(&format!("/mcp/{name}")).connect().await;
        let elsewhere = FOUR.iter().find(|other| **other != name).expect("another");
        let other = mcp(&stand.gateway).path(&format!("/mcp/{elsewhere}")).connect().await;
        for client in [&legacy, &alone, &other] {
            client.open_stream().await;
        }
        let modern = mcp(&stand.gateway).modern().connect().await;
        let listening = modern.listen(json!({"toolsListChanged": true}));
        listening.wait_for_notes(1).await;
        let tool = format!("{name}__added");
        assert_eq!(legacy.call(&format!("{name}__change_tools"), json!({"what": "add"})).await["isError"], Value::Null);
        legacy.wait_for_notes(method, 1).await;
        alone.wait_for_notes(method, 1).await;
        assert_eq!(listening.wait_for_notes(2).await[1]["method"], method);
        assert!(legacy.tools().await.iter().any(|known| known["name"] == json!(tool)));
        assert_eq!(text(&legacy.call(&tool, json!({})).await), "added ran");
        assert_eq!(other.notes_of(method).len(), 0);
    }
}

#[tokio::test]
async fn a_client_over_stdio_hears_of_changes() {
    let method = "notifications/tools/list_changed";
    for era in Era::ALL {
        let servers = servers().stdio("files", &[]);
        let client = over_stdio(&servers).era(era).connect().await;
        assert!(client.tools().await.iter().any(|tool| tool["name"] == "files__echo"));
        let listening = (era == Era::Modern).then(|| client.listen(json!({"toolsListChanged": true})));
        if let Some(listening) = &listening {
            listening.wait_for_notes(1).await;
        }
        client.call("files__change_tools", json!({"what": "add"})).await;
        client.wait_for_notes(method, 1).await;
        client.assert_only_messages();
    }
}

#[tokio::test]
async fn what_is_watched_is_watched_again_when_its_server_is_back() {
    let stand = Stand::start().await;
    for name in ["old_pipe", "new_pipe"] {
        let client = mcp(&stand.gateway).connect().await;
        client.open_stream().await;
        let shown = format!("{}+test://watched", name.replace('_', "."));
        client.request("resources/subscribe", json!({"uri": shown})).await.result();
        client.call(&format!("{name}__crash"), json!({})).await;
        // It may have changed in the meantime, of which nobody could tell.
        let told = client.wait_for_notes(UPDATED, 1).await;
        assert_eq!(told[0]["params"]["uri"], json!(shown));
        let before = client.notes_of(UPDATED).len();
        client.call(&format!("{name}__touch"), json!({"uri": "test://watched"})).await;
        client.wait_for_notes(UPDATED, before + 1).await;
    }
}
