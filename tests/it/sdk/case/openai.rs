//! OpenAI's own SDKs: chat completions, responses, embeddings.

use super::{Case, MOCK, NOBODY};
use crate::sdk::stand::Who;

/// Claude wants its thoughts back, with their signature.
const ALL_BUT_CLAUDE: &[Who] = &[Who::Mock, Who::OpenAi, Who::OpenRouter, Who::Ollama, Who::Compatible, Who::Fallback];

/// Claude has no vectors, the mock has its own, and nobody stands in for a model that fails.
const NO_VECTORS: &[Who] = &[Who::Mock, Who::Anthropic, Who::Fallback];

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
    ("reasoning_returned", ALL_BUT_CLAUDE),
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
    ("responses", NOBODY),
    ("responses_parameters", NOBODY),
    ("responses_headers", NOBODY),
    ("responses_stream", NOBODY),
    ("responses_stream_helper", NOBODY),
    ("responses_tools", NOBODY),
    ("responses_parallel_tools", MOCK),
    ("responses_structured", NOBODY),
    ("responses_truncated", MOCK),
    ("responses_vision", MOCK),
    ("responses_reasoning", MOCK),
    ("responses_reasoning_returned", ALL_BUT_CLAUDE),
    ("responses_refusal", &[Who::Mock, Who::Ollama]),
    ("responses_state", MOCK),
    ("responses_concurrent", NOBODY),
    ("responses_wrong_request", NOBODY),
    ("responses_provider_errors", MOCK),
    ("responses_broken_off", MOCK),
    ("embeddings", NO_VECTORS),
    ("embeddings_float", NO_VECTORS),
    ("embeddings_dimensions", NO_VECTORS),
    ("embeddings_wrong_request", NO_VECTORS),
    ("embeddings_provider_errors", NO_VECTORS),
    ("embeddings_fallback", &[Who::Mock, Who::Anthropic, Who::OpenAi, Who::OpenRouter, Who::Ollama, Who::Compatible]),
];
