//! A request that is sent on, in the words of the server that it goes to.

use std::collections::BTreeMap;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelTaskParams, CancelTaskRequest, ClientRequest, CompleteRequest,
    CompleteRequestParams, GetPromptRequest, GetPromptRequestParams, GetTaskParams, GetTaskRequest, InputResponses,
    ReadResourceRequest, ReadResourceRequestParams, Reference, UpdateTaskParams, UpdateTaskRequest,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The longest name in logs and records, in characters: the protocol's own limit of names (docs: protocols/mcp.md, 5).
const LONGEST_TOLD: usize = 128;

/// What a server is asked.
#[derive(Debug, Clone)]
pub(in crate::mcp) enum Errand {
    /// To call a tool.
    Tool(CallToolRequestParams),
    /// For a prompt.
    Prompt(GetPromptRequestParams),
    /// For a resource.
    Read(ReadResourceRequestParams),
    /// How an argument may go on.
    Complete(CompleteRequestParams),
    /// How a task is.
    GetTask(GetTaskParams),
    /// To take what a task has asked for.
    UpdateTask(UpdateTaskParams),
    /// To end a task.
    CancelTask(CancelTaskParams),
}

impl Errand {
    /// Its method.
    pub(super) fn method(&self) -> &'static str {
        match self {
            Errand::Tool(_) => "tools/call",
            Errand::Prompt(_) => "prompts/get",
            Errand::Read(_) => "resources/read",
            Errand::Complete(_) => "completion/complete",
            Errand::GetTask(_) => "tasks/get",
            Errand::UpdateTask(_) => "tasks/update",
            Errand::CancelTask(_) => "tasks/cancel",
        }
    }

    /// The tool, the prompt or the URI; a task's id is nobody's but its client's.
    pub(super) fn name(&self) -> &str {
        match self {
            Errand::Tool(params) => &params.name,
            Errand::Prompt(params) => &params.name,
            Errand::Read(params) => &params.uri,
            Errand::Complete(params) => match &params.r#ref {
                Reference::Prompt(prompt) => &prompt.name,
                Reference::Resource(resource) => &resource.uri,
                _ => "",
            },
            Errand::GetTask(_) | Errand::UpdateTask(_) | Errand::CancelTask(_) => "",
        }
    }

    /// The same as it is told in logs and records: a client may write anything, at any length, and a URI's query holds
    /// arguments.
    pub(super) fn told_name(&self) -> String {
        let name = self.name();
        let plain = match self {
            Errand::Read(_) | Errand::Complete(_) => name.split(['?', '#']).next().unwrap_or_default(),
            _ => name,
        };
        plain.chars().filter(|letter| !letter.is_control()).take(LONGEST_TOLD).collect()
    }

    /// The request itself.
    pub(super) fn request(&self) -> ClientRequest {
        match self.clone() {
            Errand::Tool(params) => ClientRequest::CallToolRequest(CallToolRequest::new(params)),
            Errand::Prompt(params) => ClientRequest::GetPromptRequest(GetPromptRequest::new(params)),
            Errand::Read(params) => ClientRequest::ReadResourceRequest(ReadResourceRequest::new(params)),
            Errand::Complete(params) => ClientRequest::CompleteRequest(CompleteRequest::new(params)),
            Errand::GetTask(params) => ClientRequest::GetTaskRequest(GetTaskRequest::new(params)),
            Errand::UpdateTask(params) => ClientRequest::UpdateTaskRequest(UpdateTaskRequest::new(params)),
            Errand::CancelTask(params) => ClientRequest::CancelTaskRequest(CancelTaskRequest::new(params)),
        }
    }

    /// What a modern client brings back, beside the request itself.
    pub(super) fn brought(&mut self) -> Option<(&mut Option<InputResponses>, &mut Option<String>)> {
        match self {
            Errand::Tool(params) => Some((&mut params.input_responses, &mut params.request_state)),
            Errand::Prompt(params) => Some((&mut params.input_responses, &mut params.request_state)),
            Errand::Read(params) => Some((&mut params.input_responses, &mut params.request_state)),
            Errand::Complete(_) | Errand::GetTask(_) | Errand::UpdateTask(_) | Errand::CancelTask(_) => None,
        }
    }

    /// SHA-256 of method, name and arguments, whatever the order of fields.
    pub(super) fn digest(&self) -> [u8; 32] {
        let arguments = match self {
            Errand::Tool(params) => params.arguments.as_ref(),
            Errand::Prompt(params) => params.arguments.as_ref(),
            _ => None,
        };
        let arguments: BTreeMap<&String, Value> =
            arguments.into_iter().flatten().map(|(name, value)| (name, sorted(value))).collect();
        let whole = serde_json::json!([self.method(), self.name(), arguments]);
        Sha256::digest(whole.to_string().as_bytes()).into()
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, Value> = fields.iter().map(|(name, value)| (name, sorted(value))).collect();
            fields.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(name: &'static str, arguments: Value) -> [u8; 32] {
        let mut params = CallToolRequestParams::new(name);
        params.arguments = arguments.as_object().cloned();
        Errand::Tool(params).digest()
    }

    #[test]
    fn what_is_told_of_a_request_is_bounded_and_holds_no_arguments() {
        let read = |uri: &str| Errand::Read(ReadResourceRequestParams::new(uri)).told_name();
        assert_eq!(read("db://people?name=Ada"), "db://people");
        assert_eq!(read(&"u".repeat(1000)).len(), LONGEST_TOLD);
        assert_eq!(Errand::Prompt(GetPromptRequestParams::new("a\nb")).told_name(), "ab");
    }

    #[test]
    fn the_same_request_is_known_again() {
        let one = tool("t", json!({"a": 1, "b": [{"x": 1, "y": 2}]}));
        assert_eq!(one, tool("t", json!({"b": [{"y": 2, "x": 1}], "a": 1})));
        assert_ne!(one, tool("u", json!({"a": 1, "b": [{"x": 1, "y": 2}]})));
        assert_ne!(one, tool("t", json!({"a": 2, "b": [{"x": 1, "y": 2}]})));
        assert_ne!(one, tool("t", json!({"a": 1, "b": [{"x": 1, "y": 2}, 3]})));
        assert_eq!(tool("t", json!({})), tool("t", Value::Null));
        let prompt = Errand::Prompt(GetPromptRequestParams::new("t"));
        assert_ne!(tool("t", json!({})), prompt.digest());
    }
}
