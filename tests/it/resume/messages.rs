//! The same for callers of Messages, whose answers are made of blocks.

use super::{FULL, broken, cuts, resuming, seams};
use crate::kit::*;
use serde_json::{Value, json};

const MESSAGES: &str = "/v1/messages";

/// A request for a stream that `model` begins and these go on with.
fn asked<const N: usize>(model: &str, fallbacks: [&str; N]) -> Value {
    let mut body = streamed(messages(model, "Count."));
    body["fallbacks"] = json!(&fallbacks[..]);
    body
}

/// A message that is whole: started and stopped once, its blocks one after the other. The kinds of its blocks.
#[track_caller]
fn check_one_message(answer: &Answer, text: &str) -> Vec<String> {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.status, answer.text().as_str()), (200, text), "{body}");
    assert!(answer.done() && answer.error().is_null() && answer.broken.is_none(), "{body}");
    let (mut kinds, mut open) = (Vec::new(), None);
    let mut frame = Vec::new();
    for Event { name, json, .. } in answer.events.iter().filter(|event| event.name != "ping") {
        assert_eq!(json["type"], *name, "{body}");
        let index = json["index"].as_u64();
        match name.as_str() {
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(kinds.len() as u64)), "{body}");
                kinds.push(json["content_block"]["type"].as_str().expect("a type").to_owned());
                open = index;
            }
            "content_block_delta" => assert_eq!(open, index, "{body}"),
            "content_block_stop" => assert_eq!(open.take(), index, "{body}"),
            name => frame.push(name),
        }
    }
    assert_eq!((frame, open), (vec!["message_start", "message_delta", "message_stop"], None), "{body}");
    assert_eq!(answer.finish(), ["end_turn"], "{body}");
    kinds
}

#[tokio::test]
async fn a_model_that_continues_one_is_given_what_was_sent() {
    let (openai, anthropic) = (upstream::openai().start().await, upstream::anthropic().start().await);
    let gateway = resuming().with(&openai).with(&anthropic).start().await;
    for (number, sent) in cuts().enumerate() {
        anthropic.forget();
        openai.switch(broken(sent));
        let rest = &FULL[sent.trim_end().len()..];
        anthropic.switch(Reply::from([Say::Text(rest), Say::Usage(20, 7)]));
        let mut body = asked(&format!("gpt-{number}"), ["claude-sonnet-4-5"]);
        body["thinking"] = json!({"type": "enabled", "budget_tokens": 1024});
        body["max_tokens"] = json!(2000);
        let answer = gateway.request("POST", MESSAGES).anthropic().json(&body).send().await;
        assert_eq!(check_one_message(&answer, FULL), ["text"]);
        let seam =
            json!({"provider": "anthropic", "model": "claude-sonnet-4-5", "by": "prefill", "after": "malformed"});
        assert_eq!(seams(&answer), [seam], "{sent:?}");
        assert_eq!((&answer.usage()["input_tokens"], &answer.usage()["output_tokens"]), (&json!(20), &json!(7)));
        let call = anthropic.last_call();
        let turns = json!([{"role": "user", "content": "Count."}, {"role": "assistant", "content": sent.trim_end()}]);
        assert_eq!((&call.json["messages"], &call.json["thinking"]), (&turns, &Value::Null));
        assert_eq!(call.header("anthropic-version"), Some("2023-06-01"));
    }
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn bytes_that_passed_are_gone_on_with_in_the_block_that_they_left_open() {
    let first = Reply::exactly([Say::Role, Say::Reasoning("Hm."), Say::Text("One, two"), Say::Cut]);
    let anthropic = upstream::anthropic().always(first).start().await;
    let openai = upstream::openai().always([Say::Text("One, two, three"), Say::Usage(9, 5)]).start().await;
    let gateway = resuming().with(&anthropic).with(&openai).start().await;
    let answer = gateway.post(MESSAGES, asked("claude-sonnet-4-5", ["gpt-4o"])).await;
    assert_eq!(check_one_message(&answer, "One, two, three"), ["thinking", "text"]);
    assert_eq!(answer.reasoning(), "Hm.");
    let marks = answer.events.iter().filter(|event| !event.json["x_gateway"].is_null());
    let marks: Vec<(&Value, String)> = marks.map(|event| (&event.json["index"], event.text())).collect();
    assert_eq!(marks, [(&json!(1), String::new())]);
    assert_eq!(seams(&answer)[0]["by"], "repeat");
}

#[tokio::test]
async fn a_thought_that_broke_off_is_ended_before_the_text_begins() {
    let first = Reply::exactly([Say::Role, Say::Reasoning("Hm"), Say::Cut]);
    let anthropic = upstream::anthropic().always(first).start().await;
    let openai = upstream::openai().always([Say::Reasoning("Well."), Say::Text("One")]).start().await;
    let gateway = resuming().with(&anthropic).with(&openai).start().await;
    let answer = gateway.post(MESSAGES, asked("claude-sonnet-4-5", ["gpt-4o"])).await;
    assert_eq!(check_one_message(&answer, "One"), ["thinking", "text"]);
    assert_eq!(answer.reasoning(), "Hm");
}

#[tokio::test]
async fn a_second_break_goes_on_in_the_same_block() {
    let first = Reply::exactly([Say::Role, Say::Reasoning("Hm"), Say::Cut]);
    let openrouter = upstream::openrouter().always(first).start().await;
    let openai = upstream::openai().always(broken("One, two ")).start().await;
    let anthropic = upstream::anthropic().always([Say::Text(" and three.")]).start().await;
    let gateway = resuming().with(&openai).with(&anthropic).with(&openrouter).start().await;
    let answer = gateway.post(MESSAGES, asked("openrouter/deepseek/deepseek-r1", ["gpt-4o", "claude-haiku-4-5"])).await;
    assert_eq!(check_one_message(&answer, "One, two and three."), ["thinking", "text"]);
    let by: Vec<Value> = seams(&answer).iter().map(|seam| json!([seam["provider"], seam["by"]])).collect();
    assert_eq!(by, [json!(["openai", "repeat"]), json!(["anthropic", "prefill"])]);
}

#[tokio::test]
async fn where_nobody_goes_on_the_error_is_the_last_event() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let openrouter = upstream::openrouter().always(Say::Text("Eins, zwei")).start().await;
    let gateway = resuming().with(&openai).with(&openrouter).start().await;
    let answer = gateway.post(MESSAGES, streamed(messages("gpt-4o", "Count."))).await;
    assert_eq!((answer.text().as_str(), seams(&answer).len()), ("One, two", 0));
    let last = answer.events.last().expect("an error");
    assert_eq!((last.name.as_str(), &last.json["error"]["type"]), ("error", &json!("api_error")));
    // Tools are not gone on with, whoever is asked.
    openrouter.forget();
    let mut body = streamed(messages("gpt-4.1", "Count."));
    body["tools"] = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    assert_eq!(gateway.post(MESSAGES, body).await.events.last().expect("an error").name, "error");
    check_not_called([&openrouter]);
}
