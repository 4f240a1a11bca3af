//! Streams that are written.

use super::super::super::sealed::unseal;
use super::*;
use crate::domain::chat::{Finish, Usage};
use crate::domain::failure::{Class, Failure};

fn finished(events: &[Event], finish: Finish) -> Vec<Event> {
    let mut events = events.to_vec();
    events.insert(0, start("m"));
    events.extend([Event::Finish(finish), Event::End]);
    events
}

fn last(events: &[Value]) -> &Value {
    events.last().unwrap()
}

#[test]
fn thoughts_then_text_then_calls() {
    let events = written(&finished(
        &[thought(0, "Let"), thought(0, " me"), text("It is"), text(" so."), call(0, "call_1", "f", "{}")],
        Finish::ToolCalls,
    ));
    let item = |name| (name, Some(0));
    let expected = [
        ("created", None),
        ("in_progress", None),
        item("output_item.added"),
        item("reasoning_summary_part.added"),
        item("reasoning_summary_text.delta"),
        item("reasoning_summary_text.delta"),
        item("reasoning_summary_text.done"),
        item("reasoning_summary_part.done"),
        item("output_item.done"),
        ("output_item.added", Some(1)),
        ("content_part.added", Some(1)),
        ("output_text.delta", Some(1)),
        ("output_text.delta", Some(1)),
        ("output_text.done", Some(1)),
        ("content_part.done", Some(1)),
        ("output_item.done", Some(1)),
        ("output_item.added", Some(2)),
        ("function_call_arguments.delta", Some(2)),
        ("function_call_arguments.done", Some(2)),
        ("output_item.done", Some(2)),
        ("completed", None),
    ];
    assert_eq!(named(&events), expected);
    assert_eq!(events[6]["text"], "Let me");
    assert_eq!((&events[3]["item_id"], &events[3]["summary_index"]), (&json!("rs_GW"), &json!(0)));
    assert_eq!(events[3]["part"], json!({"type": "summary_text", "text": ""}));
    assert_eq!(events[7]["part"], json!({"type": "summary_text", "text": "Let me"}));
    let output = &last(&events)["response"]["output"];
    let items: Vec<&Value> = [8, 15, 19].iter().map(|at| &events[*at]["item"]).collect();
    assert_eq!(output.as_array().unwrap().iter().collect::<Vec<_>>(), items);
}

#[test]
fn calls_go_on_side_by_side_and_text_behind_them_is_a_message_of_its_own() {
    let events = written(&finished(
        &[
            text("a"),
            call(0, "call_1", "f", ""),
            call(1, "call_2", "g", "{\"y\""),
            more(0, "{\"x\""),
            more(1, ":2}"),
            more(0, ":1}"),
            text("b"),
            call(2, "call_3", "now", ""),
        ],
        Finish::ToolCalls,
    ));
    let done = |event: &&Value| event["type"] == "response.output_item.done";
    let items: Vec<(u64, &str, &str)> = events
        .iter()
        .filter(done)
        .map(|event| {
            let item = &event["item"];
            let said = item["arguments"].as_str().or(item["content"][0]["text"].as_str());
            (event["output_index"].as_u64().unwrap(), item["id"].as_str().unwrap(), said.unwrap())
        })
        .collect();
    let expected = [
        (0, "msg_GW", "a"),
        (1, "fc_GW", "{\"x\":1}"),
        (2, "fc_GW_2", "{\"y\":2}"),
        (3, "msg_GW_2", "b"),
        (4, "fc_GW_3", "{}"),
    ];
    assert_eq!(items, expected);
    // The call without arguments is told so before its end repeats it.
    let bare = |event: &&Value| event["output_index"] == 4 && event["delta"] == "{}";
    assert_eq!(events.iter().filter(bare).count(), 1);
}

#[test]
fn text_and_refusals_are_parts_of_one_message() {
    let events = written(&finished(
        &[text("Well,"), Event::Refusal("No".into()), Event::Refusal(".".into()), text("!")],
        Finish::Stop,
    ));
    let parts: Vec<(&str, Option<u64>)> = events[3..events.len() - 2]
        .iter()
        .map(|event| (event["type"].as_str().unwrap().trim_start_matches("response."), event["content_index"].as_u64()))
        .collect();
    let expected = [
        ("content_part.added", Some(0)),
        ("output_text.delta", Some(0)),
        ("output_text.done", Some(0)),
        ("content_part.done", Some(0)),
        ("content_part.added", Some(1)),
        ("refusal.delta", Some(1)),
        ("refusal.delta", Some(1)),
        ("refusal.done", Some(1)),
        ("content_part.done", Some(1)),
        ("content_part.added", Some(2)),
        ("output_text.delta", Some(2)),
        ("output_text.done", Some(2)),
        ("content_part.done", Some(2)),
    ];
    assert_eq!(parts, expected);
    assert_eq!(events[7]["part"], json!({"type": "refusal", "refusal": ""}));
    assert_eq!(events[10]["refusal"], "No.");
}

#[test]
fn the_last_event_says_how_it_ended_and_what_it_cost() {
    let usage = Usage { input: 3, output: 2, ..Usage::default() };
    let events = written(&[
        start("m"),
        Event::Usage(Usage { output: 1, ..usage }),
        text("Hey"),
        Event::Finish(Finish::Length),
        Event::Usage(usage),
        Event::End,
    ]);
    let event = last(&events);
    assert_eq!((&event["type"], &event["response"]["status"]), (&json!("response.incomplete"), &json!("incomplete")));
    assert_eq!(event["response"]["incomplete_details"], json!({"reason": "max_output_tokens"}));
    assert_eq!(event["response"]["usage"]["total_tokens"], 5);
    assert_eq!(event["response"]["output"][0]["status"], "incomplete");
    assert!(event["response"].get("completed_at").is_none());
    let refused = written(&finished(&[text("Well,")], Finish::Filtered(Some("No.".into()))));
    assert_eq!(last(&refused)["response"]["incomplete_details"], json!({"reason": "content_filter"}));
    assert_eq!(last(&refused)["response"]["output"][0]["content"][1], json!({"type": "refusal", "refusal": "No."}));
}

#[test]
fn a_proof_is_waited_for_where_thoughts_are_to_be_sealed() {
    let signature = Thought { signature: Some("c2ln".into()), ..Thought::default() };
    let words = |text: &str| Thought { text: text.into(), ..Thought::default() };
    let events = finished(
        &[
            claude(0, words("Hm.")),
            text("a"),
            claude(0, signature),
            claude(1, Thought { sealed: Some("ZW5j".into()), ..Thought::default() }),
            text("b"),
        ],
        Finish::Stop,
    );
    let include = json!({"include": ["reasoning.encrypted_content"]});
    let sealed = written_for(&include, &events);
    let items = last(&sealed)["response"]["output"].as_array().unwrap();
    let kinds: Vec<&str> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["reasoning", "message", "reasoning", "message"]);
    let thought = unseal(items[0]["encrypted_content"].as_str().unwrap()).unwrap();
    assert_eq!((thought.text.as_str(), thought.signature.as_deref()), ("Hm.", Some("c2ln")));
    assert_eq!(unseal(items[2]["encrypted_content"].as_str().unwrap()).unwrap().sealed.as_deref(), Some("ZW5j"));
    assert_eq!(items[2]["summary"], json!([]));
    let done: Vec<Option<u64>> =
        named(&sealed).into_iter().filter(|(name, _)| *name == "output_item.done").map(|(_, at)| at).collect();
    assert_eq!(done, [Some(0), Some(1), Some(2), Some(3)]);
    // Nobody else hears of proofs, and text goes on as one message.
    let open = written(&events);
    let items = last(&open)["response"]["output"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[1]["content"][0]["text"], "ab");
}

#[test]
fn free_text_comes_when_it_is_whole() {
    let tools = json!({"tools": [{"type": "custom", "name": "patch"}]});
    let events = written_for(
        &tools,
        &finished(&[call(0, "call_1", "patch", "{\"inp"), more(0, "ut\":\"a\\nb\"}")], Finish::ToolCalls),
    );
    let expected = [
        ("created", None),
        ("in_progress", None),
        ("output_item.added", Some(0)),
        ("custom_tool_call_input.delta", Some(0)),
        ("custom_tool_call_input.done", Some(0)),
        ("output_item.done", Some(0)),
        ("completed", None),
    ];
    assert_eq!(named(&events), expected);
    assert_eq!((&events[3]["delta"], &events[4]["input"]), (&json!("a\nb"), &json!("a\nb")));
    assert_eq!((&events[5]["item"]["type"], &events[5]["item"]["input"]), (&json!("custom_tool_call"), &json!("a\nb")));
}

#[test]
fn a_break_is_a_failed_response_and_the_last_event() {
    let mut writer = writer(&json!({}));
    let mut out = BytesMut::new();
    let failure = Failure::after_sending(Class::ServerError, "x");
    for event in [start("m"), thought(0, "Hm."), text("He"), Event::Error(Box::new(failure))] {
        writer.write(&event, &mut out);
    }
    writer.fail(&error("server_error"), &mut out);
    writer.fail(&error("server_error"), &mut out);
    writer.write(&text("y"), &mut out);
    writer.write(&Event::End, &mut out);
    let events = parsed(&out);
    let response = &last(&events)["response"];
    assert_eq!(last(&events)["type"], "response.failed");
    assert_eq!((&response["status"], &response["id"]), (&json!("failed"), &json!("resp_GW")));
    assert_eq!(response["error"], json!({"code": "server_error", "message": "gone"}));
    assert_eq!(response["output"].as_array().unwrap().len(), 1);
    assert_eq!(events.iter().filter(|event| event["type"] == "response.failed").count(), 1);
}

#[test]
fn a_break_before_the_response_is_an_event_of_its_own() {
    let mut out = BytesMut::new();
    writer(&json!({})).fail(&error("rate_limit_error"), &mut out);
    let events = parsed(&out);
    assert_eq!((events.len(), &events[0]["type"], &events[0]["code"]), (1, &json!("error"), &json!("malformed")));
}

#[test]
fn an_answer_without_words_or_model_is_an_answer() {
    let events = written(&[Event::End]);
    assert_eq!(named(&events), [("created", None), ("in_progress", None), ("completed", None)]);
    let response = &last(&events)["response"];
    assert_eq!((&response["model"], &response["output"], &response["usage"]), (&json!(""), &json!([]), &json!(null)));
}

#[test]
fn all_that_the_last_event_repeats_is_kept_and_told_to_be() {
    let mut writer = writer(&json!({}));
    let mut out = BytesMut::new();
    assert_eq!(writer.kept(), 0);
    for said in 1..=20 {
        writer.write(&text(&"x".repeat(1 << 10)), &mut out);
        assert!((said << 10..(said + 1) << 10).contains(&writer.kept()), "{}", writer.kept());
    }
    writer.fail(&error("server_error"), &mut out);
    let events = parsed(&out);
    assert_eq!(events.iter().filter(|event| event["type"] == "response.failed").count(), 1);
    assert_eq!(events.last().map(|event| &event["type"]), Some(&json!("response.failed")));
}
