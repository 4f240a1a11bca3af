//! The list of tools.

use super::*;

/// The names of the tools, in order.
async fn names(client: &Mcp) -> Vec<String> {
    client.tools().await.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

const ALL: [&str; 6] = ["route", "chat", "explain_route", "list_models", "provider_health", "usage_stats"];

#[tokio::test]
async fn every_client_sees_the_same_tools() {
    let everywhere = everywhere(gateway).await;
    let mut first = None;
    for client in &everywhere.clients {
        assert_eq!(names(client).await, ALL);
        let tools = client.tools().await;
        for tool in &tools {
            let name = tool["name"].as_str().unwrap();
            assert!(name.len() <= 40, "{name}");
            assert!(tool["description"].as_str().unwrap().len() > 40 && tool["title"].is_string(), "{tool}");
            assert_eq!(tool["inputSchema"]["type"], "object", "{name}");
            assert_eq!(tool["inputSchema"]["additionalProperties"], json!(false), "{name}");
            assert_eq!(tool["outputSchema"]["type"], "object", "{name}");
            let spends = ["route", "chat"].contains(&name);
            let annotations = json!({
                "readOnlyHint": !spends, "destructiveHint": false, "idempotentHint": !spends, "openWorldHint": spends,
            });
            assert_eq!(tool["annotations"], annotations, "{name}");
        }
        assert_eq!(*first.get_or_insert_with(|| tools.clone()), tools);
    }
}

#[tokio::test]
async fn a_tool_of_a_part_that_is_not_there_is_not_listed() {
    let everywhere = everywhere(|| gateway().env("DATABASE_URL", "off")).await;
    for client in &everywhere.clients {
        assert_eq!(names(client).await, ALL[..5]);
        assert_eq!(client.request("tools/call", json!({"name": "usage_stats", "arguments": {}})).await.code(), -32602);
    }
}

#[tokio::test]
async fn a_tool_that_nobody_has_is_an_error_of_the_protocol() {
    let everywhere = everywhere(gateway).await;
    for client in &everywhere.clients {
        let outcome = client.request("tools/call", json!({"name": "rm_rf", "arguments": {}})).await;
        assert_eq!(outcome.code(), -32602);
    }
}

#[tokio::test]
async fn arguments_that_no_tool_takes_are_named() {
    let everywhere = everywhere(|| gateway().arg("--mock")).await;
    for client in &everywhere.clients {
        for (name, arguments, param, words) in [
            ("route", json!({}), "prompt", "`prompt` is missing"),
            ("route", json!({"prompt": null}), "prompt", "`prompt` is missing"),
            ("route", json!({"prompt": " "}), "prompt", "`prompt` is empty"),
            ("route", json!({"prompt": 7}), "prompt", "`prompt` must be a string, not a number."),
            (
                "route",
                json!({"prompt": "x", "stream": true}),
                "stream",
                "not an argument of `route`, which takes `prompt`",
            ),
            ("route", json!({"prompt": "x", "taskType": "nonsense"}), "taskType", "the routes are"),
            ("route", json!({"prompt": "x", "layer": "nonsense"}), "layer", "the routes are"),
            ("route", json!({"prompt": "x", "maxTokens": 0}), "maxTokens", "at least 1"),
            ("route", json!({"prompt": "x", "maxTokens": "many"}), "maxTokens", "must be a whole number"),
            ("route", json!({"prompt": "x", "temperature": "hot"}), "temperature", "must be a number"),
            ("chat", json!({}), "messages", "`messages` is missing"),
            ("chat", json!({"messages": []}), "messages", "`messages` is empty"),
            ("chat", json!({"messages": "hi"}), "messages", "must be an array"),
            ("chat", json!({"messages": [{"role": "narrator", "content": "x"}]}), "messages[0].role", "`narrator`"),
            ("chat", json!({"messages": [{"role": "user", "content": 1}]}), "messages[0].content", "content"),
            ("chat", json!({"messages": [{"role": "user", "content": "x"}], "model": ""}), "model", "`model` is empty"),
            ("explain_route", json!({"taskType": "nonsense"}), "taskType", "the routes are"),
            ("explain_route", json!({"prompt": "x"}), "prompt", "not an argument"),
            ("list_models", json!({"all": true}), "all", "takes no arguments at all"),
            ("provider_health", json!({"x": 1}), "x", "takes no arguments at all"),
            ("usage_stats", json!({"hours": 0}), "hours", "from 1 to"),
            ("usage_stats", json!({"hours": "day"}), "hours", "must be a whole number"),
        ] {
            let result = bad(client, name, arguments.clone()).await;
            let error = &result["structuredContent"]["error"];
            assert_eq!(error["param"], param, "{name} {arguments}: {error}");
            assert_eq!(error["type"], "invalid_request_error");
            assert!(text(&result).contains(words), "{words} in {result}");
            assert!(text(&result).contains(&format!("Call `{name}` again")), "{result}");
            assert_eq!(result["structuredContent"]["attempts"], json!([]));
        }
    }
}
