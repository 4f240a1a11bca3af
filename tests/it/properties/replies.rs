//! An answer that its caller sends back in the next request is read there as it was said.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::{Answer, Message, Part};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::{Value, json};

use super::chance::{fault, hold, same};
use super::codecs::{back, call, front, stamp};
use super::kept;
use super::said::answer;

/// The next request: a question, the answer as it came, results of its calls, another question.
fn next_request(dialect: Dialect, answer: &mut Value) -> Value {
    let ids = |items: &Value, name: &str| -> Vec<String> {
        let ids = items.as_array().into_iter().flatten().filter_map(|item| item[name].as_str());
        ids.map(str::to_owned).collect()
    };
    let said = |role: &str, content: Value| json!({"role": role, "content": content});
    match dialect {
        Dialect::OpenAi => {
            let turn = answer["choices"][0]["message"].take();
            let results = ids(&turn["tool_calls"], "id");
            let result = |id: &String| json!({"role": "tool", "tool_call_id": id, "content": "done"});
            let mut messages = vec![said("user", "hi".into()), turn.clone()];
            messages.extend(results.iter().map(result));
            messages.push(said("user", "so?".into()));
            json!({"model": "m", "messages": messages})
        }
        Dialect::Anthropic => {
            let content = answer["content"].take();
            let calls: Vec<Value> =
                content.as_array().into_iter().flatten().filter(|block| block["type"] == "tool_use").cloned().collect();
            let result = |id: &String| json!({"type": "tool_result", "tool_use_id": id, "content": "done"});
            let mut last: Vec<Value> = ids(&calls.into(), "id").iter().map(result).collect();
            last.push(json!({"type": "text", "text": "so?"}));
            let messages = [said("user", "hi".into()), said("assistant", content), said("user", last.into())];
            json!({"model": "m", "max_tokens": 9, "messages": messages})
        }
        Dialect::Responses | Dialect::Ollama => {
            let items = answer["output"].take();
            let result = |id: &String| json!({"type": "function_call_output", "call_id": id, "output": "done"});
            let mut input = vec![said("user", "hi".into())];
            input.extend(items.as_array().cloned().unwrap_or_default());
            input.extend(ids(&items, "call_id").iter().map(result));
            input.push(said("user", "so?".into()));
            json!({"model": "m", "input": input})
        }
    }
}

fn comes_back(dialect: Dialect, answer: &Answer, kept: fn(&[Part]) -> Vec<Part>) -> TestCaseResult {
    let wire = front(dialect).write_answer(answer, &call(dialect), &stamp());
    let said = back(dialect).read_answer(&wire, &stamp()).map_err(|failure| fault(failure.message, &wire))?;
    let mut json: Value = serde_json::from_slice(&wire).expect("JSON");
    let request = next_request(dialect, &mut json).to_string();
    let chat = front(dialect).read_request(request.as_bytes()).map_err(|wrong| fault(wrong, request.as_bytes()))?;
    let turns = chat.messages.iter().filter_map(|message| match message {
        Message::Assistant(parts) => Some(parts.clone()),
        _ => None,
    });
    let turns: Vec<Part> = turns.flatten().collect();
    same(&turns, &kept(&said.parts), request.as_bytes())
}

/// An answer whose calls have ids of their own.
fn answered() -> BoxedStrategy<Answer> {
    answer()
        .prop_map(|mut answer| {
            let mut number = 0;
            for part in &mut answer.parts {
                if let Part::Call(call) = part {
                    number += 1;
                    call.id = format!("call_{number}");
                }
            }
            answer
        })
        .boxed()
}

#[test]
fn openai_takes_its_answers_back() {
    hold(100, answered, |answer| comes_back(Dialect::OpenAi, &answer, <[Part]>::to_vec));
}

/// Numbers and keys are read as JSON is; a thought without a signature is nobody's.
#[test]
fn anthropic_takes_its_answers_back() {
    hold(100, answered, |answer| comes_back(Dialect::Anthropic, &answer, kept::anthropic::given_back));
}

/// What the gateway packed into a thought's seal is unpacked; a thought that leads to nothing is broken off.
#[test]
fn responses_take_their_answers_back() {
    hold(100, answered, |answer| comes_back(Dialect::Responses, &answer, kept::responses::given_back));
}
