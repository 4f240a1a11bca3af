//! A gateway with the provider that serves it, and what the SDK's process may ask about them.

use super::play::{TEXT, reply};
use crate::kit::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The client's key.
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
        }
    }

    /// The model that the SDK asks for.
    pub(super) fn model(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Fallback => "gpt-4o",
            Self::OpenRouter => "openai/gpt-4o-mini",
            Self::Anthropic => "claude-sonnet-4-5",
            Self::Ollama | Self::Compatible => "llama3:8b",
            Self::Mock => "mock-small",
        }
    }

    /// `x-gateway-provider` of its answers.
    pub(super) fn serves(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenRouter | Self::Anthropic | Self::Mock => self.name(),
            Self::Ollama | Self::Compatible => "oss-local",
            Self::Fallback => "openrouter",
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
            Who::OpenRouter | Who::Fallback => upstream::openrouter(),
            Who::Anthropic => upstream::anthropic(),
            Who::Ollama => upstream::ollama(),
            Who::Compatible => upstream::openai_compatible(),
            Who::Mock => return Self::launch(who, None, None).await,
        };
        let failing = match who {
            Who::Fallback => Some(upstream::openai().always(status(500)).start().await),
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
        Self { who, failing, serving, gateway: builder.start().await, bare }
    }

    /// The base URL as an SDK wants it.
    pub(super) fn base_url(&self) -> String {
        format!("{}/v1", self.gateway.base())
    }

    /// The same of the gateway without a provider.
    pub(super) fn bare_url(&self) -> String {
        format!("{}/v1", self.bare.base())
    }

    /// Fails if a provider's key stands where it must not.
    pub(super) fn assert_no_secrets(&self) {
        self.gateway.assert_no_secrets();
    }

    /// Answers what the SDK's process asked for.
    pub(super) async fn serve(self: &Arc<Self>, asked: &Value) -> Value {
        if let Some(play) = asked["play"].as_str() {
            return self.play(play).await;
        }
        let serving = self.serving.as_ref().expect("a provider over the network");
        if let Some(calls) = asked["calls"].as_u64() {
            serving.wait_for_calls(calls as usize).await;
            return json!({"calls": serving.calls().iter().map(seen).collect::<Value>()});
        }
        let hang_ups = asked["hang_ups"].as_u64().unwrap_or_else(|| panic!("not understood: {asked}"));
        serving.wait_for_disconnects(hang_ups as usize).await;
        json!({})
    }

    /// Sets what the provider answers from now on; gives the text of a plain answer.
    async fn play(self: &Arc<Self>, play: &str) -> Value {
        // Whatever the case before has done to the provider's health is over.
        self.gateway.advance(LONG).await;
        if let Some(failing) = &self.failing {
            failing.forget();
        }
        let Some(serving) = &self.serving else {
            return json!({"text": "Hello from the mock provider. You said: hello"});
        };
        serving.switch(reply(play));
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

/// A call as the SDK's process gets to see it.
fn seen(call: &Call) -> Value {
    json!({"path": call.path, "body": call.json})
}
