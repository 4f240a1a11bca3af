//! OpenAI's form in, Ollama's out, and back: what the golden cases do not show.

use bytes::Bytes;

use super::*;
use crate::protocol::Front;
use crate::protocol::openai::OpenAi;
use crate::protocol::scan::scan;

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
    let call =
        scan(&OpenAi, Bytes::from_static(br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#)).unwrap();
    let answer = Ollama.read_answer(answer.to_string().as_bytes(), &stamp()).unwrap();
    let written: Value = serde_json::from_slice(&OpenAi.write_answer(&answer, &call, &stamp())).unwrap();
    let message = &written["choices"][0]["message"];
    assert_eq!((&message["content"], &message["reasoning"]), (&json!("Sure"), &json!("hmm")));
    let call = json!([{"id": "call_GW1", "type": "function", "function": {"name": "now", "arguments": "{}"}}]);
    assert_eq!(message["tool_calls"], call);
    assert_eq!(written["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(written["usage"], json!({"prompt_tokens": 26, "completion_tokens": 14, "total_tokens": 40}));
}
