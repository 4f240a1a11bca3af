//! Streams, from each kind of provider as the first link of a chain.

mod content;
mod delivery;
mod faults;
mod forgiven;
mod mid_faults;
mod route;
pub(crate) mod scripts;
mod stalls;

use crate::kit::*;
use serde_json::{Value, json};

/// Every kind of provider: three that speak the caller's protocol, two whose streams are translated.
pub(crate) const KINDS: [Kind; 5] = [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible, Kind::Anthropic, Kind::Ollama];

/// Those that speak the caller's protocol.
const DIRECT: [Kind; 3] = [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible];

/// An upstream of this kind.
pub(crate) fn of(kind: Kind) -> UpstreamBuilder {
    match kind {
        Kind::OpenAi => upstream::openai(),
        Kind::OpenRouter => upstream::openrouter(),
        Kind::Compatible => upstream::openai_compatible(),
        Kind::Anthropic => upstream::anthropic(),
        Kind::Ollama => upstream::ollama(),
    }
}

/// An upstream of every kind.
pub(crate) fn every() -> [UpstreamBuilder; 5] {
    KINDS.map(of)
}

/// An upstream of each kind that speaks the caller's protocol.
fn direct() -> [UpstreamBuilder; 3] {
    DIRECT.map(of)
}

/// A gateway with the provider under test first and another one behind it.
struct Pair {
    gateway: Gateway,
    first: Upstream,
    second: Upstream,
}

impl Pair {
    async fn start(first: UpstreamBuilder) -> Self {
        Self::start_with(first, |gateway| gateway).await
    }

    async fn start_with(first: UpstreamBuilder, settings: impl FnOnce(GatewayBuilder) -> GatewayBuilder) -> Self {
        let first = first.start().await;
        let second = match first.kind() {
            Kind::OpenAi => upstream::anthropic(),
            _ => upstream::openai(),
        };
        let second = second.start().await;
        let gateway = settings(gateway().with(&first).with(&second)).start().await;
        Self { gateway, first, second }
    }

    /// A streamed chat with the first provider's own model, and the second's behind it.
    fn body(&self) -> Value {
        let mut body = streamed(chat(model(self.first.kind()), "hi"));
        body["fallbacks"] = json!([model(self.second.kind())]);
        body
    }

    fn request(&self, body: &Value) -> Request {
        self.gateway.request("POST", "/v1/chat/completions").json(body)
    }

    async fn stream(&self) -> Answer {
        self.request(&self.body()).send().await
    }

    async fn open(&self) -> Live {
        self.request(&self.body()).open().await
    }

    /// `x-gateway-fallback` where the first provider ended like this.
    fn fallback(&self, outcome: &str) -> String {
        format!("{}:{outcome}", provider(self.first.kind()))
    }

    /// Checks that the answer is the second provider's, whole, because the first one ended like this.
    #[track_caller]
    fn check_second(&self, answer: &Answer, outcome: &str) {
        check(answer, self.second.kind().greeting(), &*self.fallback(outcome), [&self.first, &self.second]);
    }
}

/// A gateway with this provider alone.
pub(crate) async fn alone(provider: UpstreamBuilder) -> (Gateway, Upstream) {
    let upstream = provider.start().await;
    (gateway().with(&upstream).start().await, upstream)
}

/// The same for several choices: Ollama's own form has one, so a local server must be known to have OpenAI's first.
async fn alone_and_known(provider: UpstreamBuilder, reply: impl Into<Reply>) -> (Gateway, Upstream) {
    let (gateway, upstream) = alone(provider).await;
    gateway.chat(model(upstream.kind()), "hi").await;
    upstream.forget();
    upstream.switch(reply);
    (gateway, upstream)
}

/// A model of this provider that does not think first.
pub(crate) fn model(kind: Kind) -> &'static str {
    match kind {
        Kind::OpenAi => "gpt-4o-mini",
        Kind::Anthropic => "claude-sonnet-4-5",
        Kind::OpenRouter => "mistralai/mistral-small",
        Kind::Ollama | Kind::Compatible => "llama3:8b",
    }
}

/// The provider's name at the gateway.
pub(crate) fn provider(kind: Kind) -> &'static str {
    match kind {
        Kind::Ollama | Kind::Compatible => "oss-local",
        other => other.name(),
    }
}

/// A streamed chat with the provider's own model, told to end with usage.
fn with_usage(kind: Kind) -> Value {
    let mut body = streamed(chat(model(kind), "hi"));
    body["stream_options"] = json!({"include_usage": true});
    body
}

/// Sends the body to the chat endpoint and reads the answer to its end.
async fn send(gateway: &Gateway, body: &Value) -> Answer {
    gateway.request("POST", "/v1/chat/completions").json(body).send().await
}

/// The metric's value, the labels written as they stand in the text; 0 where it is not there.
async fn metric(gateway: &Gateway, series: &str) -> f64 {
    let text = String::from_utf8(gateway.get("/metrics").await.body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned));
    line.map_or(0.0, |value| value.parse().unwrap())
}
