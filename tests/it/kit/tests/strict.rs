//! The strict readers: what they take and what they refuse.

use super::*;

fn events(stream: &str) -> Vec<Event> {
    let event = |block: &str| {
        let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let data = line("data: ")?;
        Some(Event { name: line("event: ")?, json: serde_json::from_str(&data).unwrap_or_default(), data })
    };
    stream.split("\n\n").filter_map(event).collect()
}

/// What of a stream's events could be lost, doubled or swapped without being seen.
fn unseen(events: &[Event], read: impl Fn(&[Event]) -> Result<Value, String>) -> Vec<String> {
    let mut unseen = Vec::new();
    for at in 0..events.len() {
        let (mut lost, mut doubled) = (events.to_vec(), events.to_vec());
        lost.remove(at);
        doubled.insert(at, events[at].clone());
        for (what, changed) in [("without", lost), ("twice", doubled)] {
            if read(&changed).is_ok_and(|found| Ok(found) == read(events)) {
                unseen.push(format!("{what} {}", events[at].data));
            }
        }
    }
    unseen
}

#[tokio::test]
async fn streams_of_messages() {
    let said = [Say::Reasoning("hm"), Say::Text("I look."), Say::Tool("toolu_1", "now", r#"{"a":1}"#)];
    let upstream = upstream::anthropic().say(said).start().await;
    let events = stream(&upstream).await.events;
    let message = message_of(&events).unwrap();
    let kinds: Vec<&Value> = message["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use"]);
    assert_eq!((&message["content"][2]["input"], &message["stop_reason"]), (&json!({"a": 1}), &json!("tool_use")));
    assert_eq!(unseen(&events, message_of), Vec::<String>::new());
}

#[tokio::test]
async fn streams_of_responses() {
    let pieces = [
        Say::Reasoning("hm"),
        Say::Text("I look."),
        Say::ToolStart(0, "call_1", "weather"),
        Say::ToolStart(1, "call_2", "time"),
        Say::ToolArgs(1, r#"{"zone":"#),
        Say::ToolArgs(0, r#"{"city":1}"#),
        Say::ToolArgs(1, "2}"),
        Say::Done,
    ];
    let upstream = upstream::openai().stream(pieces).start().await;
    let caller = Caller::new(&upstream.url());
    let body = streamed(responses("m", "hi"));
    let events = caller.request("POST", "/v1/responses").bearer("k").json(&body).send().await.events;
    let response = response_of(&events).unwrap();
    assert_eq!(response["output"].as_array().unwrap().len(), 4);
    assert_eq!(unseen(&events, response_of), Vec::<String>::new());
}

#[test]
fn what_is_out_of_order() {
    let start = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}"#;
    let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let stop = r#"{"type":"content_block_stop","index":0}"#;
    let delta = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}"#;
    let over = r#"{"type":"message_stop"}"#;
    let stream = |datas: &[&str]| {
        let one = |data: &&str| {
            let json: Value = serde_json::from_str(data).unwrap();
            format!("event: {}\ndata: {data}\n\n", json["type"].as_str().unwrap())
        };
        events(&datas.iter().map(one).collect::<String>())
    };
    assert!(message_of(&stream(&[start, block, stop, delta, over])).is_ok());
    assert!(message_of(&stream(&[start, delta, over])).is_ok());
    for wrong in [
        &[block, stop, delta, over][..],
        &[start, block, delta, stop, over],
        &[start, block, stop, over],
        &[start, block, stop, delta],
        &[start, block, stop, delta, over, over],
        &[start, start, delta, over],
        &[start, stop, delta, over],
    ] {
        assert!(message_of(&stream(wrong)).is_err(), "{wrong:?}");
    }
}
