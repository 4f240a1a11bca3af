//! What is known of a request before it runs, and of an answer after it has passed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Dialect;
use super::attempt::Onlooker;
use super::chat::{Finish, Usage};
use super::grant::Grant;

/// What a plan must know of a request: its top level, and nothing more.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What the caller speaks.
    pub dialect: Dialect,
    /// The model's name as the caller wrote it.
    pub model: String,
    /// Does the caller want a stream?
    pub stream: bool,
    /// Does the caller want usage in the stream?
    pub include_usage: bool,
    /// The caller's own chain after the first link (`fallbacks`, or OpenRouter's `models`).
    pub fallbacks: Option<Vec<String>>,
    /// Does the request offer tools?
    pub tools: bool,
    /// Must the model call a tool?
    pub forced_tools: bool,
    /// Does the request show pictures?
    pub vision: bool,
    /// Does the request ask for a JSON object or schema?
    pub structured: bool,
    /// Does the request ask the model to think first?
    pub reasoning: bool,
    /// How many answers the request asks for.
    pub choices: u64,
    /// Does the request ask for the tokens' probabilities?
    pub logprobs: bool,
}

/// What was learned of an answer in passing.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    /// The model that the provider says has answered.
    pub model: Option<String>,
    /// Tokens, as the provider counted them.
    pub usage: Option<Usage>,
    /// Why the answer ended.
    pub finish: Option<Finish>,
}

/// For whom a caller asks, in the caller's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whom {
    /// Its user.
    pub user: Option<Box<str>>,
    /// Its conversation.
    pub conversation: Option<Box<str>>,
}

/// Who asks, and within which bounds.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Id of this request, the caller's own where it sent a sane one.
    pub request_id: Arc<str>,
    /// Name of the client key for logs; never the key.
    pub key: Arc<str>,
    /// What that key allows; `None` where nobody needs one.
    pub grant: Option<Arc<Grant>>,
    /// The path that was asked, for logs and metrics.
    pub endpoint: &'static str,
    /// A shorter deadline than the operator's, from `x-gateway-timeout-ms`.
    pub timeout: Option<Duration>,
    /// What it says of the response cache; `None` where it says nothing.
    pub caching: Option<Caching>,
    /// When the request came.
    pub began: Instant,
    /// Who looks on while it is answered.
    pub onlooker: Option<Arc<dyn Onlooker>>,
}

/// What a caller may say of the response cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// An answer that was kept will do, and a new one is kept.
    On,
    /// No part in it.
    Off,
    /// Only a new answer will do, and it is kept.
    Refresh,
}

impl Caching {
    /// What this word means.
    pub fn named(word: &str) -> Option<Caching> {
        Some(match word {
            "on" => Caching::On,
            "off" => Caching::Off,
            "refresh" => Caching::Refresh,
            _ => return None,
        })
    }
}
