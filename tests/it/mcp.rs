//! MCP: the gateway's own tools and resources, for clients of both eras, over HTTP and over stdio.

/// Tools that ask a model.
mod asking;
/// Calls that nobody waits for any more.
mod cancel;
/// Who is let in over HTTP, and how sessions end.
mod door;
/// Clients of both eras, over both transports.
mod eras;
/// Keys, limits, budgets and records.
mod keys;
/// Many calls at once.
mod many;
/// Notes of progress.
mod progress;
/// The gateway's own resources.
mod resources;
/// The process on stdio: its stdout, its beginning and its end.
mod stdio;
/// Tools that only look.
mod telling;
/// The list of tools.
mod tools;

use crate::kit::*;
use serde_json::{Value, json};

/// A client over stdio of the gateway that this describes.
fn over_stdio(gateway: GatewayBuilder) -> McpBuilder {
    mcp_over_stdio(gateway.command(["mcp"]))
}

/// Clients of both eras over both transports, each of a gateway like this.
struct Everywhere {
    clients: Vec<Mcp>,
    /// The server that half of them talk to.
    gateway: Gateway,
}

async fn everywhere(builder: impl Fn() -> GatewayBuilder) -> Everywhere {
    let gateway = builder().start().await;
    let mut clients = Vec::new();
    for era in Era::ALL {
        clients.push(mcp(&gateway).era(era).connect().await);
        clients.push(over_stdio(builder()).era(era).connect().await);
    }
    Everywhere { clients, gateway }
}

/// The tool of this name as it is listed.
async fn tool(client: &Mcp, name: &str) -> Value {
    let tools = client.tools().await;
    tools.into_iter().find(|tool| tool["name"] == name).unwrap_or_else(|| panic!("no tool {name}"))
}

/// A result's text.
fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().expect("a text")
}

/// Calls a tool, which must go well; what it says is as its schema has it, and in words the same.
async fn good(client: &Mcp, name: &str, arguments: Value) -> Value {
    let result = client.call(name, arguments).await;
    assert_eq!(result["isError"], json!(false), "{result}");
    let content = &result["structuredContent"];
    assert_eq!(serde_json::from_str::<Value>(text(&result)).expect("JSON"), *content);
    fits(&tool(client, name).await["outputSchema"], content);
    content.clone()
}

/// Calls a tool, which must fail within its result; gives that.
async fn bad(client: &Mcp, name: &str, arguments: Value) -> Value {
    let result = client.call(name, arguments).await;
    assert_eq!(result["isError"], json!(true), "{result}");
    let content = &result["structuredContent"];
    fits(&tool(client, name).await["outputSchema"], content);
    let id = content["error"]["requestId"].as_str().expect("an id");
    assert!(text(&result).ends_with(&format!("(request {id})")), "{result}");
    result
}

#[track_caller]
fn fits(schema: &Value, value: &Value) {
    assert_eq!(misfit(schema, value), None, "{value}");
}

/// Runs a command of the operator on a database, which must go well.
async fn operate(database: &Database, args: &[&str]) -> String {
    let command = args.iter().fold(gateway().command([]), |command, arg| command.arg(arg));
    let finished = command.database(database).run().await;
    assert_eq!(finished.code, Some(0), "{args:?}: {finished:?}");
    finished.stdout
}

/// Makes a client key in the database.
async fn make_key(database: &Database, name: &str, args: &[&str]) -> String {
    let made = operate(database, &[&["keys", "create", "--json", "--name", name], args].concat()).await;
    let made: Value = serde_json::from_str(&made).expect("one JSON object");
    made["key"].as_str().expect("a key").to_owned()
}

/// Waits until so many requests are recorded.
async fn recorded(database: &Database, count: u64) {
    in_time("the records", async {
        while database.count("llm_logs").await < count {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}
