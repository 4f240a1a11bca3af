//! What is shown where: prefixes, lists, and what nobody has.

use super::*;

#[tokio::test]
async fn everything_is_behind_its_servers_prefix_and_bare_at_its_own_path() {
    let servers = servers().stdio("files", &[]).stdio("copy", &[]).field("copy", "alias", json!("second_one"));
    let gateway = gateway().mcp(&servers).start().await;
    for era in Era::ALL {
        let all = mcp(&gateway).era(era).connect().await;
        let tools: Vec<String> = names(&all.tools().await);
        let at = |name: &str| tools.iter().position(|tool| tool == name).unwrap_or_else(|| panic!("{name}: {tools:?}"));
        assert!(at("list_models") < at("files__echo") && at("files__echo") < at("second_one__echo"));
        assert_eq!(tools, names(&all.tools().await), "the same order every time");
        let prompts = names(&all.list("prompts/list").await);
        assert_eq!(prompts, ["files__greet", "second_one__greet"]);
        let resources = all.list("resources/list").await;
        let uris: Vec<_> = resources.iter().filter_map(|one| one["uri"].as_str()).collect();
        assert!(uris.contains(&"files+test://text") && uris.contains(&"second.one+test://text"), "{uris:?}");
        let templates = all.list("resources/templates/list").await;
        assert_eq!(templates[0]["uriTemplate"], "files+test://items/{id}");

        let read = all.request("resources/read", json!({"uri": "second.one+test://items/7"})).await.result();
        assert_eq!(read["contents"][0]["uri"], "second.one+test://items/7");
        assert_eq!(read["contents"][0]["text"], "The text of test://items/7");
        let prompt = json!({"name": "files__greet", "arguments": {"name": "Ada"}});
        let got = all.request("prompts/get", prompt).await.result();
        assert_eq!(got["messages"][0]["content"]["text"], "Greet Ada.");
        for (kind, expected) in [
            (json!({"type": "ref/prompt", "name": "files__greet"}), json!(["Ada", "Alan"])),
            (json!({"type": "ref/resource", "uri": "files+test://items/{id}"}), json!([])),
        ] {
            let params = json!({"ref": kind, "argument": {"name": "name", "value": "A"}});
            let completed = all.request("completion/complete", params).await.result();
            assert_eq!(completed["completion"]["values"], expected);
        }

        let one = mcp(&gateway).era(era).path("/mcp/files").connect().await;
        assert!(names(&one.tools().await).contains(&"echo".to_owned()));
        assert_eq!(names(&one.list("prompts/list").await), ["greet"]);
        let read = one.request("resources/read", json!({"uri": "test://text"})).await.result();
        assert_eq!(read["contents"][0]["uri"], "test://text");
        for name in ["copy", "second_one"] {
            let one = mcp(&gateway).era(era).path(&format!("/mcp/{name}")).connect().await;
            assert!(names(&one.tools().await).contains(&"echo".to_owned()), "by its name and by its alias");
        }
    }
}

fn names(list: &[Value]) -> Vec<String> {
    list.iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn names_that_are_too_long_are_cut_and_can_be_called() {
    let long = "a-name-that-is-as-long-as-it-may-be-here";
    let servers = servers().stdio(long, &["--many", "3"]).stdio("b", &["--many", "600"]);
    let gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    let tools = names(&client.tools().await);
    assert!(tools.iter().all(|name| name.len() <= 64), "{tools:?}");
    assert!(tools.contains(&"b__many_599".to_owned()), "every page was told");
    assert!(tools.contains(&format!("{long}__flood_progress")), "{tools:?}");
    let told = client.call(&format!("{long}__many_2"), json!({})).await;
    assert_eq!(text(&told), "many_2 ran");
}

#[tokio::test]
async fn what_nobody_has_is_said_so() {
    let servers = servers().stdio("files", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    for era in Era::ALL {
        for path in ["/mcp", "/mcp/files"] {
            let client = mcp(&gateway).era(era).path(path).connect().await;
            let tool = client.request("tools/call", json!({"name": "files__nothing", "arguments": {}})).await;
            assert_eq!(tool.code(), -32602, "{tool:?}");
            let prompt = client.request("prompts/get", json!({"name": "files__nothing"})).await;
            assert_eq!(prompt.code(), -32602, "{prompt:?}");
            for uri in ["test://nothing", "files+test://nothing", "nobody+test://text", "nonsense"] {
                let resource = client.request("resources/read", json!({"uri": uri})).await;
                // A legacy client is told -32002 by the gateway, and by a modern server what that says.
                let expected = if era == Era::Modern { vec![-32602] } else { vec![-32002, -32602] };
                assert!(expected.contains(&resource.code()), "{uri}: {resource:?}");
            }
            let page = client.request("tools/list", json!({"cursor": "bm9ib2R5"})).await;
            assert_eq!(page.code(), -32602, "{page:?}");
        }
    }
    assert_eq!(gateway.post("/mcp/nobody", json!({})).await.status, 404);
}
