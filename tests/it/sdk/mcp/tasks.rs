//! Calls that another server answers later, where servers stand beside each other.

use super::everything::Everything;
use super::skipped;
use crate::kit::*;
use serde_json::{Value, json};

const TASKS: &str = "io.modelcontextprotocol/tasks";

/// The task as it is when it is over.
async fn over(client: &Mcp, task: &str) -> Value {
    for _ in 0..400 {
        let told = client.request("tasks/get", json!({"taskId": task})).await.result();
        assert_eq!(told["taskId"], task, "{told}");
        if told["status"] != "working" {
            return told;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{task} is never over");
}

#[tokio::test]
async fn a_task_is_found_again_among_many_servers() {
    if skipped("tasks of another server") {
        return;
    }
    let everything = Everything::start().await;
    let gateway = gateway().arg("--mock").file("mcp.json", everything.config()).start().await;
    let client = mcp(&gateway).modern().able(json!({"extensions": {TASKS: {}}})).connect().await;
    let call = async |tool: &str, given: Value| {
        let given = json!({"name": format!("everything__{tool}"), "arguments": given});
        client.request("tools/call", given).await.result()
    };
    client.request("tools/list", json!({})).await.result();

    let begun = call("slow_compute", json!({"seconds": 0.2, "label": "this"})).await;
    assert_eq!(begun["resultType"], "task", "{begun}");
    let task = begun["taskId"].as_str().expect("an id");
    assert!(task.starts_with("everything__"), "{task}");
    let done = over(&client, task).await;
    assert_eq!(done["result"]["content"][0]["text"], "this took 0.2 s", "{done}");

    let begun = call("confirm_delete", json!({})).await;
    let task = begun["taskId"].as_str().expect("an id");
    let asked = over(&client, task).await;
    assert_eq!(asked["status"], "input_required", "{asked}");
    let answers = json!({"confirm": {"action": "accept", "content": {"confirm": true}}});
    client.request("tasks/update", json!({"taskId": task, "inputResponses": answers})).await.result();
    let done = over(&client, task).await;
    assert!(done["result"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("accept")), "{done}");

    let begun = call("slow_compute", json!({"seconds": 60})).await;
    let task = begun["taskId"].as_str().expect("an id");
    client.request("tasks/cancel", json!({"taskId": task})).await.result();
    assert_eq!(over(&client, task).await["status"], "cancelled");

    for nobodys in ["everything__0", "nobody__0", "0"] {
        let refused = client.request("tasks/get", json!({"taskId": nobodys})).await;
        assert_eq!(refused.code(), -32602, "{nobodys}");
    }
    let client = mcp(&gateway).modern().connect().await;
    let given = json!({"name": "everything__slow_compute", "arguments": {"seconds": 0}});
    let told = client.request("tools/call", given).await.result();
    assert_eq!(told["resultType"], "complete", "{told}");
}
