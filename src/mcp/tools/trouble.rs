//! Why a tool has failed: in words for a model, and as the structured content that goes with them.

use std::time::Duration;

use serde_json::{Value, json};

use super::Desk;
use crate::admit::Refused;
use crate::domain::facts::Caller;
use crate::gateway::GatewayError;
use crate::plan::NoChain;
use crate::protocol::{BadRequest, attempts};

/// Why a tool has failed.
#[derive(Debug, PartialEq)]
pub(super) struct Trouble {
    pub(super) words: String,
    pub(super) details: Value,
}

/// An error as structured content has it.
struct Told<'a> {
    kind: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    param: Option<&'a str>,
    attempts: Value,
}

impl Told<'_> {
    fn trouble(self, remedy: &str, caller: &Caller) -> Trouble {
        let id = &*caller.request_id;
        let gap = if remedy.is_empty() { "" } else { " " };
        Trouble {
            words: format!("{}{gap}{remedy} (request {id})", self.message),
            details: json!({
                "error": {
                    "type": self.kind,
                    "code": self.code,
                    "message": self.message,
                    "param": self.param,
                    "requestId": id,
                },
                "attempts": self.attempts,
            }),
        }
    }
}

impl Desk<'_> {
    /// An argument is wrong.
    pub(super) fn wrong(&self, bad: &BadRequest) -> Trouble {
        let tool = self.tool;
        let remedy = match &bad.param {
            Some(param) => format!("Call `{tool}` again with `{param}` put right."),
            None => format!("Call `{tool}` again with arguments as its input schema has them."),
        };
        let (message, param) = (&*bad.message, bad.param.as_deref());
        let told = Told { kind: "invalid_request_error", code: None, message, param, attempts: json!([]) };
        told.trouble(&remedy, self.caller)
    }

    /// Nobody answered.
    pub(super) fn unanswered(&self, error: &GatewayError) -> Trouble {
        let (code, message) = (error.code(), error.message());
        let told = Told {
            kind: error.kind(),
            code: code.as_deref(),
            message: &message,
            param: error.param(),
            attempts: attempts::value(error.attempts()),
        };
        told.trouble(&remedy(error), self.caller)
    }

    /// Something of the gateway's own went wrong.
    pub(super) fn failed(&self, code: &str, message: &str, remedy: &str) -> Trouble {
        let told = Told { kind: "server_error", code: Some(code), message, param: None, attempts: json!([]) };
        told.trouble(remedy, self.caller)
    }
}

/// What to change, where the message does not say it.
fn remedy(error: &GatewayError) -> String {
    let wait = error.retry_after().map(|wait| format!(" in {} s", seconds(wait))).unwrap_or_default();
    match error {
        GatewayError::NotAdmitted(Refused::Model(_)) => "Name one that `list_models` lists.".to_owned(),
        GatewayError::NotAdmitted(Refused::Budget { .. }) => {
            "Ask whoever runs this gateway to raise it; `usage_stats` tells what was spent.".to_owned()
        }
        GatewayError::NotAdmitted(_) => "Wait for that, then call again.".to_owned(),
        GatewayError::NoChain(NoChain::NothingConfigured(_)) => {
            "Until whoever runs this gateway has done that, no model can be asked.".to_owned()
        }
        GatewayError::NoChain(_) => "`list_models` lists what can be asked for.".to_owned(),
        GatewayError::BadRequest(_) | GatewayError::Refused { .. } => {
            "Change what it names; another try with the same arguments will end the same way.".to_owned()
        }
        GatewayError::AllRateLimited { .. } => format!("Call again{wait}, or name another `model`."),
        GatewayError::AllFailed { .. } => {
            let when = if wait.is_empty() { " later" } else { &wait };
            format!("Call again{when}, or name another `model`; `provider_health` tells how providers are.")
        }
        GatewayError::Deadline { .. } => "Ask for a shorter answer, or name a faster `model`.".to_owned(),
    }
}

/// Whole seconds, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs_f64().ceil().max(1.0) as u64
}
