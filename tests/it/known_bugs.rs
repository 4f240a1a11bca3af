//! Bugs that other gateways had, each one a test (docs: protocols/translation.md, section 8).

mod requests;
mod streams;

use crate::kit::*;
use crate::stream::{model, of};
use serde_json::{Value, json};

/// A function that is offered, as each front has it.
fn tool(front: Front, name: &str) -> Value {
    let schema = json!({"type": "object", "properties": {}});
    match front {
        Front::Chat => json!({"type": "function", "function": {"name": name, "parameters": schema}}),
        Front::Messages => json!({"name": name, "input_schema": schema}),
        Front::Responses => json!({"type": "function", "name": name, "parameters": schema}),
    }
}

/// A gateway with one provider.
async fn alone(builder: UpstreamBuilder) -> (Gateway, Upstream) {
    let upstream = builder.start().await;
    (gateway().with(&upstream).start().await, upstream)
}

/// The message that a caller of Messages gets, whole or streamed.
async fn message(gateway: &Gateway, model: &str, stream: bool) -> Value {
    let body = messages(model, "hi");
    let answer = Front::Messages.send(gateway, &if stream { streamed(body) } else { body }).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    if stream { message_of(&answer.events).unwrap() } else { answer.json }
}
