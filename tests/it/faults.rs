//! Everything that a provider can do wrong, and what must come of it: the failure table of the contract, row by row.

/// How a chain ends that nobody answers.
mod exhausted;
/// The golden cases of errors.
mod golden;
/// Waits, time-outs and deadlines.
mod patience;
/// The runner of the table.
mod row;
/// Tries on the same link.
mod tries;
/// Whose fault a refusal is, and how it comes back.
mod words;

use crate::kit::upstream::{anthropic, ollama, openai, openrouter};
use crate::kit::*;
use row::row;

/// A named test for each row.
macro_rules! faults {
    ($($id:ident: $row:expr;)*) => {
        $(#[tokio::test] async fn $id() { row::run($row).await; })*
    };
}

fn first_event(pieces: impl Into<Vec<Say>>) -> Reply {
    Reply::exactly(pieces)
}

/// A body without the type that it should have.
fn untyped() -> Reply {
    Reply::from(Say::Text("hi")).content_type("text/plain")
}

faults! {
    // The caller's own mistakes come back, and nobody else is asked.
    openai_400: row(openai, status(400), "invalid_request").back(400, "");
    openai_404_of_no_model: row(openai, status(404), "invalid_request").back(404, "");
    openai_405: row(openai, status(405), "invalid_request").back(405, "");
    openai_413: row(openai, status(413), "invalid_request").back(413, "");
    openai_415: row(openai, status(415), "invalid_request").back(415, "");
    openai_422: row(openai, status(422), "invalid_request").back(422, "");
    openai_invalid_value: row(openai, invalid_request(), "invalid_request").back(400, "invalid_value");
    openai_content_policy: row(openai, content_policy(), "content_policy").back(400, "content_policy_violation");

    // Another model may do.
    openai_context_length: row(openai, context_length(), "context_length").status(400);
    openai_model_not_found: row(openai, model_not_found(), "model_unavailable").status(404);

    // Another account may do.
    openai_invalid_key: row(openai, invalid_key(), "auth").status(401);
    openai_forbidden: row(openai, forbidden(), "auth").status(403);
    openai_insufficient_quota: row(openai, insufficient_quota(), "quota").status(429);
    openai_402: row(openai, status(402), "quota").status(402);
    openai_429_for_30_s: row(openai, rate_limited(30), "rate_limited").status(429).rests(30_000);
    openai_429_for_90_s: row(openai, rate_limited(90), "rate_limited").status(429).rests(60_000);
    openai_429_unsaid: row(openai, rate_limited_unsaid(), "rate_limited").status(429).rests(1000);

    // Another server may do.
    openai_500: row(openai, status(500), "server_error").status(500);
    openai_502: row(openai, status(502), "server_error").status(502);
    openai_503: row(openai, overloaded(), "server_error").status(503);
    openai_520: row(openai, status(520), "server_error").status(520);
    openai_529: row(openai, status(529), "server_error").status(529);
    openai_html_502: row(openai, html().status(502), "server_error").status(502);
    openai_error_in_200: row(openai, Reply::from(Say::Error("boom")), "server_error").status(500);
    openai_rate_limit_in_200:
        row(openai, Reply::from(Say::Error("rate_limit")), "rate_limited").status(429).rests(1000);
    openai_error_after_the_role: row(openai, first_event([Say::Role, Say::Error("overloaded")]), "server_error")
        .streamed().status(500);

    // Nothing comes.
    openai_408: row(openai, status(408), "timeout").status(408);
    openai_504: row(openai, status(504), "timeout").status(504);
    openai_stalls_before_the_head: row(openai, stall_before_head(), "timeout").whole().after_s(120);
    openai_stalls_after_the_head: row(openai, stall_after_head(), "timeout").whole().after_s(120);
    openai_stream_stalls_before_the_head: row(openai, stall_before_head(), "timeout").streamed().after_s(12);
    openai_stream_stalls_after_the_head: row(openai, stall_after_head(), "timeout").streamed().after_s(12);
    openai_stream_stalls_after_the_role: row(openai, first_event([Say::Role, Say::Stall]), "timeout")
        .streamed().after_s(12);
    openai_stream_of_comments_and_pings:
        row(openai, first_event([Say::Comment("OPENAI"), Say::Ping, Say::Stall]), "timeout")
        .streamed().after_s(12);

    // The connection breaks.
    openai_resets: row(openai, reset_before_head(), "network");
    openai_closes: row(openai, close_before_head(), "network");
    openai_resets_after_the_head: row(openai, reset_after_head(), "network");
    openai_resets_after_the_role: row(openai, first_event([Say::Role, Say::Reset]), "network").streamed();

    // What comes is not the protocol.
    openai_html: row(openai, html(), "malformed");
    openai_empty: row(openai, empty(), "malformed");
    openai_half_a_json: row(openai, Reply::from(Say::Text("hi")).truncated(), "malformed").whole();
    openai_cut_off: row(openai, Reply::from(Say::Text("hi")).declared_length(100_000), "malformed").whole();
    openai_wrong_type: row(openai, untyped(), "malformed");
    openai_another_json: row(openai, json(r#"{"hello":"world"}"#), "malformed").whole();
    openai_json_for_a_stream: row(openai, json(r#"{"object":"chat.completion"}"#), "malformed").streamed();
    openai_empty_stream: row(openai, empty_stream(), "malformed").streamed();
    openai_stream_ends_after_the_role: row(openai, first_event([Say::Role]), "malformed").streamed();
    openai_stream_is_done_after_the_role:
        row(openai, first_event([Say::Role, Say::Bytes(b"data: [DONE]\n\n".to_vec())]), "malformed").streamed();
    openai_stream_is_cut_after_the_role: row(openai, first_event([Say::Role, Say::Cut]), "malformed").streamed();
    openai_stream_of_broken_json:
        row(openai, first_event([Say::BrokenJson, Say::BrokenJson, Say::Text("x"), Say::Done]), "malformed")
        .streamed();
    openai_stream_of_no_utf8:
        row(openai, first_event([Say::InvalidUtf8, Say::InvalidUtf8, Say::Text("x"), Say::Done]), "malformed")
        .streamed();

    anthropic_401: row(anthropic, invalid_key(), "auth").status(401);
    anthropic_403: row(anthropic, forbidden(), "auth").status(403);
    anthropic_402: row(anthropic, insufficient_quota(), "quota").status(402);
    anthropic_credit_as_400: row(anthropic, credit_exhausted_400(), "quota").status(400);
    anthropic_404: row(anthropic, model_not_found(), "model_unavailable").status(404);
    anthropic_413: row(anthropic, status(413), "invalid_request").back(413, "request_too_large");
    anthropic_400: row(anthropic, status(400), "invalid_request").back(400, "");
    anthropic_prompt_too_long: row(anthropic, context_length(), "context_length").status(400);
    anthropic_429: row(anthropic, rate_limited(30), "rate_limited").status(429).rests(30_000);
    anthropic_500: row(anthropic, status(500), "server_error").status(500);
    anthropic_529: row(anthropic, overloaded(), "server_error").status(529);
    anthropic_504: row(anthropic, status(504), "timeout").status(504);
    anthropic_error_event: row(anthropic, first_event([Say::Role, Say::Ping, Say::Error("overloaded")]), "server_error")
        .streamed().status(529);
    anthropic_stream_is_cut: row(anthropic, first_event([Say::Role, Say::Cut]), "malformed").streamed();
    anthropic_stream_of_pings: row(anthropic, first_event([Say::Role, Say::Ping, Say::Stall]), "timeout")
        .streamed().after_s(12);
    anthropic_html: row(anthropic, html(), "malformed");

    openrouter_401: row(openrouter, invalid_key(), "auth").status(401);
    openrouter_403: row(openrouter, forbidden(), "auth").status(403);
    openrouter_403_with_reasons:
        row(openrouter, content_policy(), "content_policy").back(403, "content_policy_violation");
    openrouter_402: row(openrouter, insufficient_quota(), "quota").status(402);
    openrouter_402_with_a_wait: row(openrouter, insufficient_quota_for_now(), "rate_limited").status(402).rests(20_000);
    openrouter_404: row(openrouter, model_not_found(), "model_unavailable").status(404);
    openrouter_400_of_no_model: row(openrouter, not_a_model(), "model_unavailable").status(400);
    openrouter_400: row(openrouter, invalid_request(), "invalid_request").back(400, "");
    openrouter_context_length: row(openrouter, context_length(), "context_length").status(400);
    openrouter_524: row(openrouter, status(524), "timeout").status(524);
    openrouter_529: row(openrouter, overloaded(), "server_error").status(529);
    openrouter_error_in_200: row(openrouter, Reply::from(Say::Error("overloaded")), "server_error").status(503);
    openrouter_error_after_comments:
        row(openrouter, first_event([Say::Comment("PROCESSING"), Say::Role, Say::Error("overloaded")]), "server_error")
        .streamed().status(503);

    ollama_404: row(ollama, model_not_found(), "model_unavailable").status(404);
    ollama_400: row(ollama, invalid_request(), "invalid_request").back(400, "");
    ollama_context_length: row(ollama, context_length(), "context_length").status(400);
    ollama_500: row(ollama, status(500), "server_error").status(500);
    ollama_503: row(ollama, overloaded(), "server_error").status(503);
    ollama_error_line: row(ollama, first_event([Say::Role, Say::Error("boom")]), "server_error").streamed().status(500);
    ollama_stream_is_cut: row(ollama, first_event([Say::Role, Say::Cut]), "malformed").streamed();
    ollama_stalls: row(ollama, stall_before_head(), "timeout").streamed().after_s(12);
}

/// OpenRouter's 402 while other requests of the account are under way.
fn insufficient_quota_for_now() -> Reply {
    json(r#"{"error":{"code":402,"message":"busy"}}"#).status(402).header("retry-after", 20)
}

fn not_a_model() -> Reply {
    json(r#"{"error":{"code":400,"message":"x-ai/grok-beta is not a valid model ID"}}"#).status(400)
}
