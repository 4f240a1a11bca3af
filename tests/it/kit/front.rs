//! The three languages that callers speak, side by side.

use super::answer::Answer;
use super::caller::{Caller, Request, chat, messages, responses, streamed};
use serde_json::{Value, json};

/// What a caller speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    Chat,
    Messages,
    Responses,
}

impl Front {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Chat, Self::Messages, Self::Responses];

    /// The path that takes requests.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
            Self::Responses => "/v1/responses",
        }
    }

    /// A request with one user message.
    pub fn body(self, model: &str, prompt: &str) -> Value {
        match self {
            Self::Chat => chat(model, prompt),
            Self::Messages => messages(model, prompt),
            Self::Responses => responses(model, prompt),
        }
    }

    /// This body on its way, with the headers that clients of this language send.
    pub fn request(self, caller: &Caller, body: &Value) -> Request {
        let request = caller.request("POST", self.path()).json(body);
        if self == Self::Messages { request.header("anthropic-version", "2023-06-01") } else { request }
    }

    /// Sends this body and reads the answer, a stream too, to its end.
    pub async fn send(self, caller: &Caller, body: &Value) -> Answer {
        self.request(caller, body).send().await
    }

    /// A whole answer.
    pub async fn whole(self, caller: &Caller, model: &str) -> Answer {
        self.send(caller, &self.body(model, "hi")).await
    }

    /// A stream, read to its end.
    pub async fn stream(self, caller: &Caller, model: &str) -> Answer {
        self.send(caller, &streamed(self.body(model, "hi"))).await
    }

    /// What is wrong with the form of an error that was sent whole, if anything is.
    pub fn fault_of_error(self, answer: &Answer) -> Option<String> {
        let body = String::from_utf8_lossy(&answer.body);
        let keys = |value: &Value| -> Vec<String> {
            value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
        };
        let (outer, error) = (keys(&answer.json), &answer.json["error"]);
        let known: (&[&str], &[&str]) = match self {
            Self::Messages => (&["type", "error", "request_id"], &["type", "message", "details", "attempts"]),
            _ => (&["error"], &["message", "type", "param", "code", "attempts"]),
        };
        let extra = |found: &[String], known: &[&str]| found.iter().any(|key| !known.contains(&key.as_str()));
        let wanted: &[&str] = if self == Self::Messages { &known.1[..2] } else { &known.1[..4] };
        let lacks = wanted.iter().any(|key| error.get(key).is_none());
        if extra(&outer, known.0) || extra(&keys(error), known.1) || lacks {
            return Some(format!("not an error of this front's form: {body}"));
        }
        if error["message"].as_str().is_none_or(str::is_empty) {
            return Some(format!("an error without words: {body}"));
        }
        if self == Self::Messages {
            let id = answer.header("request-id").map(|id| json!(id));
            let told = answer.json["type"] == "error" && Some(&answer.json["request_id"]) == id.as_ref();
            if !told || answer.header("x-request-id") != answer.header("request-id") {
                return Some(format!("no `error` with its request's id: {body}"));
            }
        }
        if answer.header("content-type") != Some("application/json") {
            return Some(format!("content-type {:?}", answer.header("content-type")));
        }
        answer.header("x-request-id").is_none().then(|| "no x-request-id".to_owned())
    }

    /// The field that an error names.
    pub fn param(self, answer: &Answer) -> Option<String> {
        let error = &answer.json["error"];
        let param = if self == Self::Messages { &error["details"]["param"] } else { &error["param"] };
        param.as_str().map(str::to_owned)
    }

    /// An error's type as this language has it, from OpenAI's status.
    pub fn error_type(self, status: u16) -> &'static str {
        match (self, status) {
            (Self::Messages, 401) => "authentication_error",
            (Self::Messages, 403) => "permission_error",
            (Self::Messages, 404) => "not_found_error",
            (Self::Messages, 413) => "request_too_large",
            (_, 429) => "rate_limit_error",
            (Self::Messages, 503) => "overloaded_error",
            (Self::Messages, 504) => "timeout_error",
            (Self::Messages, 500..) => "api_error",
            (_, 500..) => "server_error",
            _ => "invalid_request_error",
        }
    }
}
