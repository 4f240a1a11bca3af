//! Ollama's own form, which nobody but its server writes: an answer that comes in lines is the one that comes whole.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::{Answer, Finish, Part, Thought, ToolCall, Usage};
use ai_mcp_gateway::protocol::Framing;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::chance::{fault, hold, same};
use super::codecs::{back, cut, read, stamp};
use super::kept::{calls, text, texts, thoughts};
use super::said::{answer, gathered, halves};

/// An answer that Ollama can give: a thought, a text, calls whose arguments are objects.
fn told(answer: &Answer) -> Answer {
    let thought: String = thoughts(&answer.parts).map(|thought| thought.text.as_str()).collect();
    let said = texts(&answer.parts).concat();
    let mut parts = Vec::new();
    parts.extend((!thought.is_empty()).then_some(Part::Thought(Thought { text: thought, ..Thought::default() })));
    parts.extend((!said.is_empty()).then(|| text(said)));
    parts.extend(calls(&answer.parts).filter_map(object).map(Part::Call));
    let called = calls(&parts).next().is_some();
    let finish = match answer.finish {
        Finish::Length => Finish::Length,
        _ if called => Finish::ToolCalls,
        _ => Finish::Stop,
    };
    let usage = answer.usage.map(|Usage { input, output, .. }| Usage { input, output, ..Usage::default() });
    Answer { model: answer.model.clone(), parts, finish, usage }
}

fn object(call: &ToolCall) -> Option<ToolCall> {
    let arguments: Value = serde_json::from_str(&call.arguments).ok().filter(Value::is_object)?;
    Some(ToolCall { arguments: arguments.to_string(), ..call.clone() })
}

/// The answer as Ollama writes it, whole.
fn whole(answer: &Answer) -> Value {
    let thought: String = thoughts(&answer.parts).map(|thought| thought.text.as_str()).collect();
    let called: Vec<Value> = calls(&answer.parts).map(tool_call).collect();
    let mut whole = end(answer);
    whole["message"] = json!({
        "role": "assistant", "content": texts(&answer.parts).concat(), "thinking": thought, "tool_calls": called,
    });
    whole
}

/// The answer as Ollama writes it, in lines.
fn lines(answer: &Answer, place: Index) -> String {
    let line = |message: Value| json!({"model": answer.model, "message": message, "done": false});
    let mut lines = Vec::new();
    for thought in thoughts(&answer.parts) {
        let (one, two) = halves(&thought.text, place);
        lines.extend([one, two].map(|piece| line(json!({"role": "assistant", "content": "", "thinking": piece}))));
    }
    for said in texts(&answer.parts) {
        let (one, two) = halves(said, place);
        lines.extend([one, two].map(|piece| line(json!({"role": "assistant", "content": piece}))));
    }
    lines.extend(calls(&answer.parts).map(|call| line(json!({"content": "", "tool_calls": [tool_call(call)]}))));
    lines.push(end(answer));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn tool_call(call: &ToolCall) -> Value {
    let arguments: Value = serde_json::from_str(&call.arguments).expect("an object");
    json!({"id": call.id, "function": {"name": call.name, "arguments": arguments}})
}

/// The last line.
fn end(answer: &Answer) -> Value {
    let reason = if answer.finish == Finish::Length { "length" } else { "stop" };
    let mut end = json!({"model": answer.model, "message": {"content": ""}, "done": true, "done_reason": reason});
    if let Some(usage) = &answer.usage {
        end["prompt_eval_count"] = usage.input.into();
        end["eval_count"] = usage.output.into();
    }
    end
}

#[test]
fn ollama_streams_what_it_would_say_whole() {
    let strategy = || (answer(), any::<Index>()).boxed();
    hold(100, strategy, |(answer, place)| {
        let answer = told(&answer);
        let wire = whole(&answer).to_string();
        let ollama = back(Dialect::Ollama);
        let again =
            ollama.read_answer(wire.as_bytes(), &stamp()).map_err(|failure| fault(failure.message, wire.as_bytes()))?;
        same(&again, &answer, wire.as_bytes())?;
        let wire = lines(&answer, place);
        let raws = cut(Framing::Ndjson, [wire.as_bytes()]).map_err(|error| fault(error, wire.as_bytes()))?;
        let events = read(Dialect::Ollama, &raws).map_err(|broken| fault(broken, wire.as_bytes()))?;
        let again = gathered(&events).map_err(|error| fault(error, wire.as_bytes()))?;
        same(&again, &answer, wire.as_bytes())
    });
}
