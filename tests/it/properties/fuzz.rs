//! Bodies that take bytes of any kind: whatever comes, they end, they do not panic, and what they find is so.

mod backs;
mod bodies;
mod bytes;
mod errors;
mod forms;
mod fronts;
mod splitters;
mod vectors;
mod writers;

use ::bytes::Bytes;
use ai_mcp_gateway::domain::Dialect;
use proptest::prelude::BoxedStrategy;
use proptest::test_runner::TestCaseResult;

use super::chance::hold;

/// So many cases of each in the suite.
const CASES: u32 = 120;

/// Tries `target` on `inputs`.
fn fuzz(inputs: fn() -> BoxedStrategy<Bytes>, target: impl Fn(&[u8]) + Send + 'static) {
    let property = move |data: Bytes| -> TestCaseResult {
        target(&data);
        Ok(())
    };
    hold(CASES, inputs, property);
}

/// Requests of every protocol.
fn requests() -> BoxedStrategy<Bytes> {
    bytes::like(|name| name.contains("request") && !name.contains("headers"))
}

/// Whole answers of every protocol, and errors.
fn answers() -> BoxedStrategy<Bytes> {
    bytes::like(|name| name.contains("response") || name == "cases.json")
}

/// Streams of server-sent events.
fn streams() -> BoxedStrategy<Bytes> {
    bytes::like(|name| name.ends_with(".sse"))
}

#[test]
fn server_sent_events_are_cut() {
    fuzz(|| bytes::led(|name| name.ends_with(".sse")), splitters::sse);
}

#[test]
fn lines_are_cut() {
    fuzz(|| bytes::led(|name| name.ends_with(".ndjson")), splitters::ndjson);
}

#[test]
fn bodies_are_scanned_and_edited() {
    fuzz(|| bytes::led(|name| name.contains("request")), bodies::scan);
}

#[test]
fn refusals_are_read() {
    fuzz(|| bytes::led(|name| name.ends_with(".json")), errors::refusal);
}

#[test]
fn openai_requests_are_read() {
    fuzz(requests, |data| fronts::request(Dialect::OpenAi, data));
}

#[test]
fn openai_answers_are_looked_at() {
    fuzz(answers, |data| fronts::answer(Dialect::OpenAi, data));
}

#[test]
fn openai_streams_are_watched() {
    fuzz(streams, |data| fronts::stream(Dialect::OpenAi, data));
}

#[test]
fn openai_answers_are_read() {
    fuzz(answers, |data| backs::answer(Dialect::OpenAi, data));
}

#[test]
fn openai_streams_are_read() {
    fuzz(streams, |data| backs::stream(Dialect::OpenAi, data));
}

#[test]
fn openai_answers_are_written() {
    fuzz(bytes::noise, |data| writers::answer(Dialect::OpenAi, data));
}

#[test]
fn openai_streams_are_written() {
    fuzz(bytes::noise, |data| writers::stream(Dialect::OpenAi, data));
}

#[test]
fn anthropic_requests_are_read() {
    fuzz(requests, |data| fronts::request(Dialect::Anthropic, data));
}

#[test]
fn anthropic_answers_are_looked_at() {
    fuzz(answers, |data| fronts::answer(Dialect::Anthropic, data));
}

#[test]
fn anthropic_streams_are_watched() {
    fuzz(streams, |data| fronts::stream(Dialect::Anthropic, data));
}

#[test]
fn anthropic_answers_are_read() {
    fuzz(answers, |data| backs::answer(Dialect::Anthropic, data));
}

#[test]
fn anthropic_streams_are_read() {
    fuzz(streams, |data| backs::stream(Dialect::Anthropic, data));
}

#[test]
fn anthropic_answers_are_written() {
    fuzz(bytes::noise, |data| writers::answer(Dialect::Anthropic, data));
}

#[test]
fn anthropic_streams_are_written() {
    fuzz(bytes::noise, |data| writers::stream(Dialect::Anthropic, data));
}

#[test]
fn responses_requests_are_read() {
    fuzz(requests, |data| fronts::request(Dialect::Responses, data));
}

#[test]
fn responses_answers_are_looked_at() {
    fuzz(answers, |data| fronts::answer(Dialect::Responses, data));
}

#[test]
fn responses_streams_are_watched() {
    fuzz(streams, |data| fronts::stream(Dialect::Responses, data));
}

#[test]
fn responses_answers_are_read() {
    fuzz(answers, |data| backs::answer(Dialect::Responses, data));
}

#[test]
fn responses_streams_are_read() {
    fuzz(streams, |data| backs::stream(Dialect::Responses, data));
}

#[test]
fn responses_answers_are_written() {
    fuzz(bytes::noise, |data| writers::answer(Dialect::Responses, data));
}

#[test]
fn responses_streams_are_written() {
    fuzz(bytes::noise, |data| writers::stream(Dialect::Responses, data));
}

#[test]
fn ollama_answers_are_read() {
    fuzz(|| bytes::like(|name| name.contains("response")), |data| backs::answer(Dialect::Ollama, data));
}

#[test]
fn ollama_streams_are_read() {
    fuzz(|| bytes::like(|name| name.ends_with(".ndjson")), |data| backs::stream(Dialect::Ollama, data));
}

#[test]
fn requests_for_vectors_are_read() {
    fuzz(|| bytes::like(|name| name.contains("request")), vectors::request);
}

#[test]
fn vectors_are_read() {
    fuzz(
        || {
            bytes::led(|name| {
                name.contains("response.float") || name.contains("response.base64") || name.contains("ollama.response")
            })
        },
        vectors::answer,
    );
}
