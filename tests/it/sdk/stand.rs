//! A gateway with the provider that serves it, and what the client's process may ask about them.

use super::model;
use super::play::{TEXT, reply};
use crate::kit::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The client's key at the gateway.
pub(super) const KEY: &str = "gw-client-of-the-sdk-tests";

/// Longer than any rest, mark, or wait for a first byte.
const LONG: Duration = Duration::from_secs(150);

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    OpenAi,
    OpenRouter,
    Anthropic,
    /// oss-local, an Ollama spoken to in its own form.
    Ollama,
    /// oss-local, a server with OpenAI's form only.
    Compatible,
    Mock,
    /// OpenAI fails each time, and OpenRouter serves.
    Fallback,
    /// Anthropic fails each time, and OpenRouter serves, in Anthropic's form where the caller speaks that.
    ClaudeFallback,
    /// Anthropic fails each time, and Ollama serves.
    LocalFallback,
}

impl Who {
    /// The name in `STAND`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenRouter => "openrouter",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
            Self::Compatible => "compatible",
            Self::Mock => "mock",
            Self::Fallback => "fallback",
            Self::ClaudeFallback => "claude_fallback",
            Self::LocalFallback => "local_fallback",
        }
    }

    /// The model that the client asks for.
    pub(super) fn model(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Fallback => "gpt-4o",
            Self::OpenRouter => "openai/gpt-4o-mini",
            Self::Anthropic | Self::ClaudeFallback | Self::LocalFallback => "claude-sonnet-4-5",
            Self::Ollama | Self::Compatible => "llama3:8b",
            Self::Mock => "mock-small",
        }
    }

    /// The model that vectors are asked of.
    pub(super) fn embedding_model(self) -> &'static str {
        match self {
            Self::OpenRouter => "openai/text-embedding-3-small",
            Self::Ollama | Self::Compatible => "oss-local/nomic-embed-text",
            _ => "text-embedding-3-small",
        }
    }

    /// `x-gateway-provider` of its answers.
    pub(super) fn serves(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenRouter | Self::Anthropic | Self::Mock => self.name(),
            Self::Ollama | Self::Compatible | Self::LocalFallback => "oss-local",
            Self::Fallback | Self::ClaudeFallback => "openrouter",
        }
    }

    /// `x-gateway-fallback` of its answers, empty where the first link serves.
    pub(super) fn fallback(self) -> &'static str {
        match self {
            Self::Fallback => "openai:server_error",
            Self::ClaudeFallback | Self::LocalFallback => "anthropic:server_error",
            _ => "",
        }
    }
}

/// The gateway, its provider, and a gateway with none.
pub(super) struct Stand {
    pub(super) who: Who,
    /// The link before the one that serves.
    failing: Option<Upstream>,
    serving: Option<Upstream>,
    gateway: Gateway,
    bare: Gateway,
}

impl Stand {
    /// Starts them all.
    pub(super) async fn start(who: Who) -> Self {
        let serving = match who {
            Who::OpenAi => upstream::openai(),
            Who::OpenRouter | Who::Fallback | Who::ClaudeFallback => upstream::openrouter(),
            Who::Anthropic => upstream::anthropic(),
            Who::Ollama | Who::LocalFallback => upstream::ollama(),
            Who::Compatible => upstream::openai_compatible(),
            Who::Mock => return Self::launch(who, None, None).await,
        };
        let failing = match who {
            Who::Fallback => Some(upstream::openai().always(status(500)).start().await),
            Who::ClaudeFallback | Who::LocalFallback => Some(upstream::anthropic().always(overloaded()).start().await),
            _ => None,
        };
        Self::launch(who, failing, Some(serving.start().await)).await
    }

    async fn launch(who: Who, failing: Option<Upstream>, serving: Option<Upstream>) -> Self {
        let mut builder = gateway().env("GATEWAY_API_KEYS", KEY);
        for upstream in failing.iter().chain(&serving) {
            builder = builder.with(upstream);
        }
        if who == Who::Mock {
            builder = builder.arg("--mock");
        }
        let bare = gateway().env("GATEWAY_API_KEYS", KEY).start().await;
        let gateway = builder.start().await.checked().await;
        Self { who, failing, serving, gateway, bare }
    }

    /// Where the gateway is.
    pub(super) fn base(&self) -> &str {
        self.gateway.base()
    }

    /// Where the gateway without a provider is.
    pub(super) fn bare(&self) -> &str {
        self.bare.base()
    }

    /// Fails if a provider's key stands where it must not.
    pub(super) fn assert_no_secrets(&self) {
        self.gateway.assert_no_secrets();
    }

    /// Answers what the client's process asked for.
    pub(super) async fn serve(self: &Arc<Self>, asked: &Value) -> Value {
        if let Some(play) = asked["play"].as_str() {
            return self.play(play).await;
        }
        let serving = self.serving.as_ref().expect("a provider over the network");
        if let Some(calls) = asked["calls"].as_u64() {
            serving.wait_for_calls(calls as usize).await;
            let failed = self.failing.as_ref().map_or(0, |failing| failing.calls().len());
            return json!({"calls": serving.calls().iter().map(seen).collect::<Value>(), "failed": failed});
        }
        let hang_ups = asked["hang_ups"].as_u64().unwrap_or_else(|| panic!("not understood: {asked}"));
        serving.wait_for_disconnects(hang_ups as usize).await;
        json!({})
    }

    /// Sets what the provider answers from now on; gives the text of a plain answer.
    async fn play(self: &Arc<Self>, play: &str) -> Value {
        // Whatever the case before has done to the provider's health is over.
        self.gateway.recover(LONG).await;
        if let Some(failing) = &self.failing {
            failing.forget();
        }
        let Some(serving) = &self.serving else {
            return json!({"text": "Hello from the mock provider. You said: hello"});
        };
        match play {
            "model" => serving.switch_by(model::answer),
            _ => serving.switch(reply(play)),
        }
        serving.forget();
        if play == "silent_for_long" {
            let stand = Arc::clone(self);
            tokio::spawn(async move {
                stand.serving.as_ref().expect("it was there before").wait_for_calls(1).await;
                stand.gateway.advance(LONG).await;
            });
        }
        json!({"text": TEXT})
    }
}

/// A call as the client's process gets to see it.
fn seen(call: &Call) -> Value {
    let headers: Value = call.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
    json!({"path": call.path, "headers": headers, "body": call.json})
}
