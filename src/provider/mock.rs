//! The built-in mock: answers without a network and without a key, so that everything can be tried.

use bytes::Bytes;

use super::{Auth, ChatAdapter, LocalAnswer, Probe, Reach, Spec, Way};
use crate::protocol::openai::OpenAi;

/// The row.
pub static SPEC: Spec = Spec {
    name: "mock",
    title: "Mock",
    summary: "built-in answers, no network and no key; with --mock",
    aliases: &[],
    vars: &[],
    auth: Auth::None,
    probe: Probe::Never,
    reach: Reach::Here(answer),
    chat: Some(&Chat),
};

struct Chat;

impl ChatAdapter for Chat {
    fn ways(&self) -> &'static [Way] {
        &[Way { back: &OpenAi, path: "/chat/completions" }]
    }
}

fn answer(_request: &Bytes) -> LocalAnswer {
    LocalAnswer::Whole(Bytes::from_static(
        br#"{"id":"chatcmpl-mock","object":"chat.completion","created":0,"model":"mock-x","choices":[{"index":0,"message":{"role":"assistant","content":"mock","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#,
    ))
}
