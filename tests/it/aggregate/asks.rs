//! What servers want to know from clients, in both eras.

use super::*;

const KINDS: [(&str, &str); 3] =
    [("sampling", "sampling/createMessage"), ("elicitation", "elicitation/create"), ("roots", "roots/list")];

/// Calls the tool that asks, and answers as the client's era has it.
async fn ask(client: &Mcp, tool: &str, kind: &str, method: &str) -> Value {
    let params = json!({"name": tool, "arguments": {"kind": kind}});
    let told = client.request("tools/call", params.clone()).await.result();
    if client.spoken() == Era::Legacy {
        assert_eq!(client.asked().last().map(|asked| &asked["method"]), Some(&json!(method)), "{told}");
        return told;
    }
    assert_eq!(told["resultType"], "input_required", "{told}");
    let asked = told["inputRequests"].as_object().expect("questions");
    let (key, asked) = asked.iter().next().expect("one");
    assert_eq!(asked["method"], method, "{asked}");
    let mut again = params;
    again["inputResponses"] = json!({key: answer_to(method)});
    again["requestState"] = told["requestState"].clone();
    client.request("tools/call", again).await.result()
}

#[tokio::test]
async fn a_server_of_either_era_asks_a_client_of_either_era() {
    let stand = Stand::start().await;
    for era in Era::ALL {
        let client = able(mcp(&stand.gateway)).era(era).connect().await;
        for name in FOUR {
            for (kind, method) in KINDS {
                let told = ask(&client, &format!("{name}__ask"), kind, method).await;
                let answer = &told["structuredContent"]["answer"];
                for (field, value) in answer_to(method).as_object().expect("an object") {
                    assert_eq!(&answer[field], value, "{era:?} {name} {kind}: {told}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_client_over_stdio_is_asked() {
    for era in Era::ALL {
        let (servers, _web) = four().await;
        let client = able(over_stdio(&servers)).era(era).connect().await;
        for name in FOUR {
            let (kind, method) = KINDS[1];
            let told = ask(&client, &format!("{name}__ask"), kind, method).await;
            assert_eq!(
                told["structuredContent"]["answer"]["content"],
                json!({"name": "Ada"}),
                "{era:?} {name}: {told}"
            );
        }
    }
}

#[tokio::test]
async fn a_client_that_has_declared_nothing_is_not_asked() {
    let stand = Stand::start().await;
    let client = mcp(&stand.gateway).connect().await;
    let modern = mcp(&stand.gateway).modern().connect().await;
    for name in ["old_pipe", "old_web"] {
        for (kind, method) in KINDS {
            let told = client.call(&format!("{name}__ask"), json!({"kind": kind})).await;
            assert_eq!(told["isError"], true, "{name} {kind}: {told}");
            assert!(text(&told).contains(method) && text(&told).contains("not declared"), "{told}");
            let params = json!({"name": format!("{name}__ask"), "arguments": {"kind": kind}});
            let refused = modern.request("tools/call", params).await;
            assert_eq!((refused.code(), refused.status), (-32021, Some(400)), "{name} {kind}: {refused:?}");
            assert!(refused.error()["data"]["requiredCapabilities"][kind].is_object(), "{refused:?}");
        }
    }
    assert_eq!(client.asked().len(), 0);
    let client = mcp(&stand.gateway).connect().await;
    for name in ["new_pipe", "new_web"] {
        let told = client.call(&format!("{name}__ask"), json!({"kind": "roots"})).await;
        assert_eq!(told["isError"], true, "{told}");
        assert!(text(&told).contains("not declared") && text(&told).contains(name), "{told}");
    }
}

#[tokio::test]
async fn a_state_is_good_for_the_same_request_of_the_same_client_alone() {
    let servers = servers().stdio("old", &["--era", "legacy"]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = able(mcp(&gateway)).modern().connect().await;
    let params = json!({"name": "old__ask", "arguments": {"kind": "roots"}});
    let told = client.request("tools/call", params.clone()).await.result();
    let state = told["requestState"].as_str().expect("a state").to_owned();
    assert!(state.len() >= 32, "{state}");
    let key = told["inputRequests"].as_object().expect("questions").keys().next().expect("one").clone();
    let with = |name: &str, arguments: Value, state: &str, responses: Value| json!({"name": name, "arguments": arguments, "requestState": state, "inputResponses": responses});
    let (right, good) = (json!({"kind": "roots"}), json!({&key: answer_to("roots/list")}));
    let tampered = state.replace(&state[..1], if state.starts_with('0') { "1" } else { "0" });
    for (params, what) in [
        (with("old__ask", right.clone(), &tampered, good.clone()), "another state"),
        (with("old__ask", json!({"kind": "sampling"}), &state, good.clone()), "other arguments"),
        (with("old__echo", right.clone(), &state, good.clone()), "another tool"),
        (with("old__ask", right.clone(), &state, json!({&key: {"roots": 7}})), "no answer to that question"),
    ] {
        let refused = client.request("tools/call", params).await;
        assert_eq!(refused.code(), -32602, "{what}: {refused:?}");
    }
    let alone = able(mcp(&gateway)).modern().path("/mcp/old").connect().await;
    let refused = alone.request("tools/call", with("ask", right.clone(), &state, good.clone())).await;
    assert_eq!(refused.code(), -32602, "by way of another path: {refused:?}");

    // Whoever brings no answer is asked again, under a new state.
    let again = client.request("tools/call", with("old__ask", right.clone(), &state, json!({}))).await.result();
    assert_eq!(again["inputRequests"][&key]["method"], "roots/list", "{again}");
    let next = again["requestState"].as_str().expect("a state");
    assert_ne!(next, state);
    let told = client.request("tools/call", with("old__ask", right.clone(), next, good.clone())).await.result();
    assert_eq!(told["structuredContent"]["answer"]["roots"][0]["uri"], "file:///home", "{told}");
    let refused = client.request("tools/call", with("old__ask", right, next, good)).await;
    assert_eq!(refused.code(), -32602, "a state is good once: {refused:?}");
}
