//! The golden cases from end to end: OpenAI's form in, Ollama's out, and back.

use bytes::{Bytes, BytesMut};

use super::*;
use crate::protocol::openai::OpenAi;
use crate::protocol::{ErrorView, Front, error_kind, ndjson};

macro_rules! golden {
    ($path:literal) => {
        include_str!(concat!("../../../../tests/golden/", $path))
    };
}

/// What a caller of OpenAI's form gets where the stream `lines` comes in chunks of `size` bytes.
fn served(lines: &str, size: usize, include_usage: bool) -> String {
    let mut splitter = ndjson::Splitter::default();
    let mut reader = Ollama.reader(&stamp());
    let mut events = Vec::new();
    for chunk in lines.as_bytes().chunks(size) {
        splitter.push(Bytes::copy_from_slice(chunk));
        while let Some(line) = splitter.cut().unwrap() {
            reader.read(None, &line, &mut events).unwrap();
        }
    }
    if let Some(line) = splitter.finish() {
        reader.read(None, &line, &mut events).unwrap();
    }
    reader.close(&mut events);
    let mut writer = OpenAi.writer(stamp(), include_usage);
    let mut out = BytesMut::new();
    for event in &events {
        match event {
            Event::Error(failure) => OpenAi.error_event(&view(failure), &mut out),
            event => writer.write(event, &mut out),
        }
    }
    String::from_utf8(out.to_vec()).unwrap()
}

fn view(failure: &Failure) -> ErrorView<'_> {
    ErrorView {
        status: failure.status.unwrap(),
        kind: error_kind(failure.class),
        code: Some(failure.class.name()),
        param: None,
        message: &failure.message,
        attempts: None,
        request_id: None,
    }
}

/// The data of server-sent events, parsed where it is JSON.
fn events(stream: &str) -> Vec<Value> {
    let data = stream.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).map_or_else(|_| json!(data), |value| by_value(&value))).collect()
}

#[test]
fn golden_15() {
    let lines = golden!("15-ollama-native-stream/ollama.stream.ndjson");
    let expected = events(golden!("15-ollama-native-stream/openai.stream.include_usage.sse"));
    assert_eq!(expected.len(), 8);
    for size in 1..=lines.len() {
        assert_eq!(events(&served(lines, size, true)), expected, "chunks of {size}");
    }
}

#[test]
fn golden_15_an_error_in_mid_stream() {
    let lines = golden!("15-ollama-native-stream/ollama.stream-error.ndjson");
    let expected = events(golden!("15-ollama-native-stream/openai.stream-error.sse"));
    assert_eq!(events(&served(lines, 64, false)), expected);
}

#[test]
fn golden_16() {
    let chat = OpenAi.read_request(golden!("16-ollama-native-request/openai.request.json").as_bytes()).unwrap();
    let written = Ollama.write_request(&chat, "qwen3:8b", &card()).unwrap();
    let body: Value = serde_json::from_slice(&written.body).unwrap();
    let expected = serde_json::from_str(golden!("16-ollama-native-request/ollama.request.json")).unwrap();
    assert_eq!(by_value(&body), by_value(&expected));
    assert_eq!(written.dropped, Vec::<String>::new());
}

#[test]
fn what_is_refused_or_lost_has_the_callers_names() {
    let write = |more: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "system", "content": "s"}, {"role": "user",
            "content": [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "https://a/b"}}]}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let chat = OpenAi.read_request(body.to_string().as_bytes()).unwrap();
        Ollama.write_request(&chat, "m", &card())
    };
    assert_eq!(write(json!({})).unwrap_err().param, "messages[1].content[1].image_url");
    let hi = json!([{"role": "user", "content": "hi"}]);
    let lost = json!({
        "messages": hi, "tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required",
        "parallel_tool_calls": false, "verbosity": "low", "user": "u", "n": 1, "logprobs": false, "store": false,
        "fallbacks": [], "stream_options": {"include_usage": true},
    });
    let names = ["tool_choice", "parallel_tool_calls", "user", "verbosity"];
    assert_eq!(write(lost).unwrap().dropped, names);
    for (name, value) in [("n", json!(2)), ("logprobs", json!(true)), ("modalities", json!(["audio"]))] {
        assert_eq!(write(json!({"messages": hi, name: value})).unwrap_err().param, name);
    }
    let custom = json!({"messages": hi, "tools": [{"type": "custom", "custom": {"name": "c"}}]});
    assert_eq!(write(custom).unwrap_err().param, "tools[0].type");
}

#[test]
fn a_whole_answer_is_written_as_a_chat_completion() {
    let answer = json!({
        "model": "qwen3:8b",
        "message": {"role": "assistant", "content": "Sure", "thinking": "hmm", "tool_calls": [
            {"function": {"name": "now", "arguments": {}}}]},
        "done": true, "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 14,
    });
    let answer = Ollama.read_answer(answer.to_string().as_bytes(), &stamp()).unwrap();
    let written: Value = serde_json::from_slice(&OpenAi.write_answer(&answer, &stamp())).unwrap();
    let message = &written["choices"][0]["message"];
    assert_eq!((&message["content"], &message["reasoning"]), (&json!("Sure"), &json!("hmm")));
    let call = json!([{"id": "call_GW1", "type": "function", "function": {"name": "now", "arguments": "{}"}}]);
    assert_eq!(message["tool_calls"], call);
    assert_eq!(written["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(written["usage"], json!({"prompt_tokens": 26, "completion_tokens": 14, "total_tokens": 40}));
}
