//! What operators see: log lines and metrics. A notable event is one function that writes both.

pub mod log;
pub mod metrics;

use std::time::Duration;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::chat::Usage;
use crate::domain::facts::Caller;
use crate::domain::failure::{Blame, Failure};
use crate::secret::scrub;
use metrics::{METRICS, label};

/// A provider that was asked answered with a failure, or did not answer.
pub fn upstream_failed(request_id: &str, provider: &'static str, model: &str, failure: &Failure) {
    METRICS.upstream(provider, model, failure.class.name());
    // Not `message`, which is the line's own name for its words.
    let error = scrub(&failure.message);
    let class = failure.class.name();
    if failure.blame == Blame::Translation {
        tracing::error!(
            request_id,
            provider,
            model,
            class,
            status = failure.status,
            error,
            "our translation was refused"
        );
    } else {
        tracing::warn!(request_id, provider, model, class, status = failure.status, error, "upstream failed");
    }
}

/// A provider that was asked began to answer well.
pub fn upstream_served(provider: &'static str, model: &str) {
    METRICS.upstream(provider, model, "ok");
}

/// The chain leaves a link, whether it was called or passed over.
pub fn leaving(request_id: &str, provider: &'static str, outcome: &Outcome) {
    match outcome {
        Outcome::Skipped(passed) => {
            let reason = passed.reason();
            tracing::warn!(request_id, reason, "Provider {provider} is not healthy, attempting fallback");
        }
        other => {
            let reason = other.word();
            tracing::warn!(request_id, reason, "Provider {provider} is not healthy, attempting fallback");
        }
    }
}

/// The chain comes to another link than its first.
pub fn falling_back(request_id: &str, from: &Attempt, to: &'static str, title: &str, model: &str) {
    METRICS.fallback(from.provider, to, from.outcome.word());
    tracing::warn!(request_id, "Falling back to {title} model: {model}");
}

/// A stream that broke goes on at another link.
pub fn stream_resumed(request_id: &str, from: &Attempt, to: &'static str, title: &str, model: &str, by: &str) {
    let after = from.outcome.word();
    METRICS.fallback(from.provider, to, after);
    tracing::warn!(request_id, from = from.provider, after, by, "The stream goes on with {title} model: {model}");
}

/// A provider's health as believed has changed.
pub fn provider_health(provider: &'static str, healthy: bool, reason: Option<&str>) {
    METRICS.healthy(provider, healthy);
    match reason {
        Some(reason) => tracing::warn!(provider, reason = scrub(reason), "provider is unhealthy"),
        None => tracing::info!(provider, "provider is healthy"),
    }
}

/// A link rests.
pub fn link_rests(provider: &'static str, model: &str, length: Duration, reason: &str) {
    tracing::warn!(provider, model, rest_ms = length.as_millis() as u64, reason, "link rests");
}

/// An event that was no JSON was taken out of a stream.
pub fn event_dropped(provider: &'static str, model: &str) {
    METRICS.dropped_events.get_or_create(&label::Provider { provider: provider.into() }).inc();
    tracing::warn!(provider, model, "an event that is not valid JSON was dropped from a stream");
}

/// The cache was asked.
pub fn cache_asked(result: &'static str) {
    METRICS.cache.get_or_create(&label::Cache { result }).inc();
}

/// Another MCP server is connected, or is not.
pub fn mcp_server(server: &str, up: bool) {
    METRICS.mcp_up(server, up);
}

/// A call of another MCP server is over. What was asked and answered is nobody's business here.
pub fn mcp_called(
    caller: &Caller,
    server: &str,
    method: &'static str,
    name: &str,
    outcome: &'static str,
    duration: Duration,
) {
    METRICS.mcp_called(server, outcome, duration);
    tracing::info!(
        request_id = &*caller.request_id,
        key = &*caller.key,
        server,
        method,
        name,
        outcome,
        duration_ms = duration.as_millis() as u64,
        "MCP call"
    );
}

/// One request from its start to the last byte of its answer.
pub struct Finished<'a> {
    /// Who asked.
    pub caller: &'a Caller,
    /// The model as the caller wrote it.
    pub asked: &'a str,
    /// Every link that took part.
    pub attempts: &'a [Attempt],
    /// Who served, where somebody did.
    pub served: Option<(&'static str, &'a str)>,
    /// `ok`, a failure class, or an error's code.
    pub outcome: &'a str,
    /// The status that the caller got.
    pub status: u16,
    /// Was it a stream?
    pub stream: bool,
    /// Did the answer come from the cache?
    pub cached: bool,
    /// From the first byte of the request to the last of the answer.
    pub duration: Duration,
    /// Of that, spent waiting for providers until an answer began.
    pub upstream: Duration,
    /// From the request to the first content of a stream.
    pub first_token: Option<Duration>,
    /// Tokens, as they were counted or, where nobody did, estimated.
    pub usage: Option<Usage>,
    /// What it cost, in USD.
    pub cost: Option<f64>,
}

impl<'a> Finished<'a> {
    /// A request of `caller` of which nothing else is known: it was refused at the door.
    pub fn of(caller: &'a Caller) -> Finished<'a> {
        Finished {
            caller,
            asked: "",
            attempts: &[],
            served: None,
            outcome: "",
            status: 0,
            stream: false,
            cached: false,
            duration: Duration::ZERO,
            upstream: Duration::ZERO,
            first_token: None,
            usage: None,
            cost: None,
        }
    }
}

/// A request is over: its one line, and its metrics.
pub fn request_finished(request: &Finished<'_>) {
    METRICS.request(request);
    tracing::info!(
        request_id = &*request.caller.request_id,
        endpoint = request.caller.endpoint,
        key = &*request.caller.key,
        asked = request.asked,
        chain = summary(request.attempts),
        outcome = request.outcome,
        status = request.status,
        stream = request.stream,
        cached = request.cached.then_some(true),
        duration_ms = request.duration.as_millis() as u64,
        upstream_ms = request.upstream.as_millis() as u64,
        ttft_ms = request.first_token.map(|time| time.as_millis() as u64),
        input_tokens = request.usage.map(|usage| usage.input),
        output_tokens = request.usage.map(|usage| usage.output),
        cache_read_tokens = request.usage.map(|usage| usage.cache_read).filter(|tokens| *tokens > 0),
        cache_write_tokens = request.usage.map(|usage| usage.cache_write).filter(|tokens| *tokens > 0),
        reasoning_tokens = request.usage.and_then(|usage| usage.reasoning).filter(|tokens| *tokens > 0),
        usage_estimated = request.usage.filter(|usage| usage.estimated).map(|_| true),
        cost_usd = request.cost,
        "request"
    );
}

/// A chain with its outcomes in one line: `openai (auth) -> openrouter:openai/gpt-4o-mini`.
pub fn summary(attempts: &[Attempt]) -> String {
    let mut out = String::new();
    for attempt in attempts {
        if !out.is_empty() {
            out.push_str(" -> ");
        }
        out.push_str(attempt.provider);
        match &attempt.outcome {
            Outcome::Ok => {
                out.push(':');
                out.push_str(&attempt.model);
            }
            other => {
                out.push_str(" (");
                out.push_str(other.word());
                out.push(')');
            }
        }
    }
    out
}
