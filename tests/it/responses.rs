//! Callers of OpenAI Responses, whoever serves them.

/// Bytes, to OpenAI and back.
mod direct;
/// Streams that fail.
mod mid_stream;
/// What goes out to those who speak another protocol.
mod requests;
/// What needs a state that only OpenAI has.
mod stateless;
/// Streams that pass as bytes.
mod streams;
/// What comes back from those who speak another protocol.
mod translated;
/// Servers without this endpoint, and models that are to be had by it alone.
mod ways;

use crate::kit::*;
use serde_json::{Value, json};

const PATH: &str = "/v1/responses";

/// Sends this body.
async fn send(gateway: &Gateway, body: &Value) -> Answer {
    Front::Responses.send(gateway, body).await
}

/// The same body with these fields.
fn with(mut body: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// What went out, as text.
fn sent(upstream: &Upstream) -> String {
    String::from_utf8_lossy(&upstream.last_call().body).into_owned()
}

/// An event of a stream, with its name.
fn event(data: &str) -> String {
    let json: Value = serde_json::from_str(data).expect("JSON");
    format!("event: {}\ndata: {data}\n\n", json["type"].as_str().expect("a type"))
}

/// A response in this state, as OpenAI has it.
fn response(status: &str, output: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"resp_1","object":"response","created_at":1700000000,"status":"{status}","model":"gpt-4o-mini-2024-07-18","output":{output},"parallel_tool_calls":true,"tool_choice":"auto","tools":[],"store":true,{rest}}}"#
    )
}
