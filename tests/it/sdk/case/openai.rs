//! OpenAI's own SDKs: chat completions, responses, embeddings.

use super::{Case, MOCK, NOBODY};
use crate::sdk::stand::Who;

/// Each case, and where it makes no sense.
pub(super) const CASES: &[Case] = &[
    ("chat", NOBODY),
    ("every_parameter", NOBODY),
    ("headers", NOBODY),
    ("stream", NOBODY),
    ("stream_usage", NOBODY),
    ("stream_helper", NOBODY),
    ("tools", NOBODY),
    ("parallel_tools", MOCK),
    ("stream_tools", NOBODY),
    ("stream_parallel_tools", MOCK),
    ("run_tools", NOBODY),
    ("tool_without_arguments", MOCK),
    ("structured", NOBODY),
    ("stream_structured", NOBODY),
    ("truncated", MOCK),
    ("vision", NOBODY),
    ("reasoning", MOCK),
    // Claude wants its thinking back, with its signature.
    ("reasoning_returned", &[Who::Mock, Who::OpenAi, Who::OpenRouter, Who::Ollama, Who::Compatible, Who::Fallback]),
    // Ollama's own form has no word for a refusal.
    ("refusal", &[Who::Mock, Who::Ollama]),
    ("choices", NOBODY),
    ("models", NOBODY),
    ("concurrent", NOBODY),
    ("wrong_key", NOBODY),
    ("bad_request", NOBODY),
    ("refused_request", MOCK),
    ("model_not_found", MOCK),
    ("context_length", MOCK),
    // Claude refuses in an answer, see `refusal`; a local model has no moderation.
    ("moderated", &[Who::Mock, Who::Anthropic, Who::Ollama]),
    ("rate_limited", MOCK),
    ("provider_key", MOCK),
    ("server_error", MOCK),
    ("deadline", MOCK),
    // The first link of the fallback has failed otherwise already.
    ("slow_provider", &[Who::Mock, Who::Fallback]),
    ("stream_error", MOCK),
    ("stream_cut", MOCK),
    ("client_timeout", MOCK),
    ("close_early", MOCK),
    ("nothing_configured", NOBODY),
    ("own_fallbacks", &[Who::OpenRouter, Who::Anthropic, Who::Ollama, Who::Compatible, Who::Mock, Who::OpenAi]),
];
