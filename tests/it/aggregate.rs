//! Requests that are other servers': clients of both eras, servers of both eras, over a pipe and over HTTP.

mod asks;
mod calls;
mod changes;
mod faults;
mod names;
mod others;

use crate::kit::*;
use serde_json::{Value, json};

/// Servers of both eras over both transports, by these names.
const FOUR: [&str; 4] = ["old_pipe", "new_pipe", "old_web", "new_web"];

/// Four servers, and a gateway before them.
struct Stand {
    gateway: Gateway,
    servers: Servers,
    web: Vec<(&'static str, HttpServer)>,
}

/// The entries of the four servers; those over HTTP run.
async fn four() -> (Servers, Vec<(&'static str, HttpServer)>) {
    let (mut servers, mut web) = (servers(), Vec::new());
    for (name, era) in [("old_pipe", "legacy"), ("new_pipe", "modern")] {
        servers = servers.stdio(name, &["--era", era]);
    }
    for (name, era) in [("old_web", "legacy"), ("new_web", "modern")] {
        let server = http_server(&["--era", era]).await;
        servers = servers.http(name, &server);
        web.push((name, server));
    }
    (servers, web)
}

impl Stand {
    async fn start() -> Stand {
        let (servers, web) = four().await;
        Stand::of(servers, web).await
    }

    /// A gateway before these servers, all of which are up.
    async fn of(servers: Servers, web: Vec<(&'static str, HttpServer)>) -> Stand {
        let gateway = gateway().mcp(&servers).start().await;
        let all_of = |tools: &[String]| FOUR.iter().all(|name| tools.contains(&format!("{name}__echo")));
        gateway.wait_for_tools("/mcp", "tools of every server", all_of).await;
        Stand { gateway, servers, web }
    }

    /// What happens to the server of this name.
    fn journal(&self, name: &str) -> Journal {
        let over_http = self.web.iter().find(|(known, _)| *known == name);
        over_http.map_or_else(|| self.servers.journal(name), |(_, server)| server.journal().clone())
    }
}

/// A client over stdio of a gateway before these servers.
fn over_stdio(servers: &Servers) -> McpBuilder {
    mcp_over_stdio(gateway().command(["mcp"]).mcp(servers))
}

/// A client that answers whatever it is asked.
fn able(client: McpBuilder) -> McpBuilder {
    let abilities = json!({"sampling": {}, "elicitation": {"form": {}, "url": {}}, "roots": {}});
    client.able(abilities).answering(|method, _| match answer_to(method) {
        Value::Null => Said::Error(-32601, method.to_owned()),
        answer => Said::Result(answer),
    })
}

/// What that client says.
fn answer_to(method: &str) -> Value {
    match method {
        "sampling/createMessage" => {
            json!({"role": "assistant", "content": {"type": "text", "text": "42"}, "model": "m", "stopReason": "endTurn"})
        }
        "elicitation/create" => json!({"action": "accept", "content": {"name": "Ada"}}),
        "roots/list" => json!({"roots": [{"uri": "file:///home", "name": "home"}]}),
        _ => Value::Null,
    }
}

/// The first text of a result.
#[track_caller]
fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"))
}
