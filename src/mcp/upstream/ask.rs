//! What a server wants to know from a client: the same three things in both eras.

use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, ClientResult, CreateMessageRequest, CreateMessageRequestParams, CreateMessageResult,
    ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationCapability, InputRequest, JsonObject,
    ListRootsRequest, ListRootsResult, RootsCapabilities, SamplingCapability, ServerRequest,
};
use serde_json::Value;

/// A question to a client.
#[derive(Debug, Clone)]
pub(in crate::mcp) enum Ask {
    /// What its language model says.
    Message(Box<CreateMessageRequestParams>),
    /// What its user says.
    Elicit(Box<ElicitRequestParams>),
    /// Which folders it works in.
    Roots,
}

impl Ask {
    /// The question of a modern server; `None` where it is a kind that nobody knows yet.
    pub(in crate::mcp) fn of(input: InputRequest) -> Option<Ask> {
        match input {
            InputRequest::CreateMessage(request) => Some(Ask::Message(Box::new(request.params))),
            InputRequest::Elicitation(request) => Some(Ask::Elicit(Box::new(request.params))),
            InputRequest::ListRoots(_) => Some(Ask::Roots),
            _ => None,
        }
    }

    /// Its name in the protocol.
    pub(in crate::mcp) fn method(&self) -> &'static str {
        match self {
            Ask::Message(_) => "sampling/createMessage",
            Ask::Elicit(_) => "elicitation/create",
            Ask::Roots => "roots/list",
        }
    }

    /// Can a client of these abilities be asked this?
    pub(in crate::mcp) fn suits(&self, abilities: &ClientCapabilities) -> bool {
        match self {
            Ask::Message(params) => abilities.sampling.as_ref().is_some_and(|sampling| {
                let with_tools = params.tools.is_some() || params.tool_choice.is_some();
                !with_tools || sampling.tools.is_some()
            }),
            Ask::Elicit(params) => abilities.elicitation.as_ref().is_some_and(|elicitation| match **params {
                // Before there were two kinds, forms were all that there was.
                ElicitRequestParams::FormElicitationParams { .. } => {
                    elicitation.form.is_some() || elicitation.url.is_none()
                }
                _ => elicitation.url.is_some(),
            }),
            Ask::Roots => abilities.roots.is_some(),
        }
    }

    /// What a client has to declare to be asked this.
    pub(in crate::mcp) fn needs(&self) -> ClientCapabilities {
        let mut needed = ClientCapabilities::default();
        match self {
            Ask::Message(params) => {
                let mut sampling = SamplingCapability::default();
                if params.tools.is_some() || params.tool_choice.is_some() {
                    sampling.tools = Some(JsonObject::new());
                }
                needed.sampling = Some(sampling);
            }
            Ask::Elicit(params) => {
                let elicitation = ElicitationCapability::new();
                needed.elicitation = Some(match **params {
                    ElicitRequestParams::FormElicitationParams { .. } => elicitation.with_form(Default::default()),
                    _ => elicitation.with_url(Default::default()),
                });
            }
            Ask::Roots => needed.roots = Some(RootsCapabilities::default()),
        }
        needed
    }

    /// As a modern client is asked.
    pub(in crate::mcp) fn to_input(&self) -> InputRequest {
        match self.clone() {
            Ask::Message(params) => InputRequest::CreateMessage(CreateMessageRequest::new(*params)),
            Ask::Elicit(params) => InputRequest::Elicitation(ElicitRequest::new(*params)),
            Ask::Roots => InputRequest::ListRoots(ListRootsRequest::default()),
        }
    }

    /// As a legacy client is asked.
    pub(in crate::mcp) fn into_request(self) -> ServerRequest {
        match self {
            Ask::Message(params) => ServerRequest::CreateMessageRequest(CreateMessageRequest::new(*params)),
            Ask::Elicit(mut params) => {
                // Legacy clients need the name that 2026-07-28 took away.
                if let ElicitRequestParams::UrlElicitationParams { elicitation_id, .. } = &mut *params
                    && elicitation_id.is_empty()
                {
                    *elicitation_id = format!("{:032x}", fastrand::u128(..));
                }
                ServerRequest::ElicitRequest(ElicitRequest::new(*params))
            }
            Ask::Roots => ServerRequest::ListRootsRequest(ListRootsRequest::default()),
        }
    }

    /// Reads a modern client's answer.
    ///
    /// # Errors
    /// Where it is no answer to this question.
    pub(in crate::mcp) fn read(&self, key: &str, answer: Value) -> Result<ClientResult, ErrorData> {
        let read = match self {
            Ask::Message(_) => serde_json::from_value::<CreateMessageResult>(answer)
                .map(|result| ClientResult::CreateMessageResult(Box::new(result))),
            Ask::Elicit(_) => serde_json::from_value::<ElicitResult>(answer).map(ClientResult::ElicitResult),
            Ask::Roots => serde_json::from_value::<ListRootsResult>(answer).map(ClientResult::ListRootsResult),
        };
        let wrong = |error| format!("inputResponses.{key}: no result of `{}` ({error})", self.method());
        read.map_err(|error| ErrorData::invalid_params(wrong(error), None))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(input: Value, abilities: Value, expected: bool) {
        let ask = Ask::of(serde_json::from_value(input.clone()).unwrap()).unwrap();
        let abilities = serde_json::from_value(abilities).unwrap();
        assert_eq!(ask.suits(&abilities), expected, "{input}");
        assert!(ask.suits(&ask.needs()), "{input}");
    }

    fn form() -> Value {
        let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}});
        json!({"method": "elicitation/create", "params": {"message": "who?", "requestedSchema": schema}})
    }

    fn message(more: Value) -> Value {
        let said = json!([{"role": "user", "content": {"type": "text", "text": "hello"}}]);
        let mut params = json!({"messages": said, "maxTokens": 9});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"method": "sampling/createMessage", "params": params})
    }

    #[test]
    fn only_what_was_declared_is_asked_for() {
        let url =
            json!({"method": "elicitation/create", "params": {"mode": "url", "message": "go", "url": "https://x"}});
        let (roots, tools) = (json!({"method": "roots/list"}), json!({"tools": []}));
        check(form(), json!({}), false);
        check(form(), json!({"elicitation": {}}), true);
        check(form(), json!({"elicitation": {"form": {}}}), true);
        check(form(), json!({"elicitation": {"url": {}}}), false);
        check(url.clone(), json!({"elicitation": {}}), false);
        check(url, json!({"elicitation": {"url": {}}}), true);
        check(message(json!({})), json!({"sampling": {}}), true);
        check(message(json!({})), json!({"roots": {}}), false);
        check(message(tools.clone()), json!({"sampling": {}}), false);
        check(message(tools), json!({"sampling": {"tools": {}}}), true);
        check(roots.clone(), json!({"roots": {}}), true);
        check(roots, json!({"sampling": {}}), false);
    }

    #[test]
    fn an_answer_is_read_as_what_was_asked() {
        let ask = Ask::of(serde_json::from_value(form()).unwrap()).unwrap();
        let answer = ask.read("one", json!({"action": "accept", "content": {"name": "Ada"}})).unwrap();
        assert!(matches!(answer, ClientResult::ElicitResult(result) if result.content == Some(json!({"name": "Ada"}))));
        let refused = ask.read("one", json!({"roots": []})).unwrap_err();
        assert_eq!(refused.code.0, -32602);
        assert!(refused.message.contains("inputResponses.one"), "{}", refused.message);
    }
}
