//! Answers of those who speak another protocol, as a caller of Messages gets them, whole and streamed.

use super::*;
use crate::stream::{model, of, provider};

/// Those whose answers are translated, and what each is called with.
const KINDS: [Kind; 4] = [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible, Kind::Ollama];

/// One answer and what must come of it.
struct Row {
    name: &'static str,
    said: Vec<Say>,
    content: Value,
    stop: &'static str,
    /// Ollama has no word for it.
    not_ollama: bool,
}

impl Row {
    /// The pieces with the reason and the tokens where the provider tells them: Ollama with its last line, the others
    /// after the reason.
    fn script(&self, kind: Kind) -> Vec<Say> {
        let (mut said, mut ends): (Vec<Say>, Vec<Say>) =
            self.said.iter().cloned().partition(|piece| !matches!(piece, Say::Finish(_)));
        let tools = said.iter().any(|piece| matches!(piece, Say::Tool(..) | Say::ToolStart(..)));
        if ends.is_empty() {
            ends.push(Say::Finish(if tools { "tool_calls" } else { "stop" }));
        }
        ends.insert(usize::from(kind != Kind::Ollama), Say::Usage(7, 3));
        said.extend(ends);
        said.push(Say::Done);
        said
    }
}

fn row(name: &'static str, said: &[Say], content: Value, stop: &'static str) -> Row {
    Row { name, said: said.to_vec(), content, stop, not_ollama: false }
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn thinking(text: &str) -> Value {
    json!({"type": "thinking", "thinking": text, "signature": ""})
}

fn tool(id: &str, name: &str, input: Value) -> Value {
    json!({"type": "tool_use", "id": id, "name": name, "input": input})
}

fn rows() -> Vec<Row> {
    const WEATHER: Say = Say::Tool("call_1", "weather", r#"{"city":"Zürich","days":[1,2]}"#);
    const TIME: Say = Say::Tool("call_2", "time", "{}");
    let weather = || tool("call_1", "weather", json!({"city": "Zürich", "days": [1, 2]}));
    let mut rows = vec![
        row("text", &[Say::Text("one two thrée 🙂\n")], json!([text("one two thrée 🙂\n")]), "end_turn"),
        row(
            "thinking",
            &[Say::Reasoning("let me "), Say::Reasoning("see"), Say::Text("four")],
            json!([thinking("let me see"), text("four")]),
            "end_turn",
        ),
        row("a tool", &[WEATHER], json!([weather()]), "tool_use"),
        row("a tool without arguments", &[TIME], json!([tool("call_2", "time", json!({}))]), "tool_use"),
        row(
            "text and parallel tools",
            &[Say::Text("I look."), WEATHER, TIME],
            json!([text("I look."), weather(), tool("call_2", "time", json!({}))]),
            "tool_use",
        ),
        row("thinking and a tool", &[Say::Reasoning("hm"), WEATHER], json!([thinking("hm"), weather()]), "tool_use"),
        row(
            "interleaved tools",
            &[
                Say::Text("Both."),
                Say::ToolStart(0, "call_1", "weather"),
                Say::ToolStart(1, "call_2", "time"),
                Say::ToolArgs(1, r#"{"zone":"#),
                Say::ToolArgs(0, r#"{"city":"Zürich","#),
                Say::ToolArgs(1, r#""CET"}"#),
                Say::ToolArgs(0, r#""days":[1,2]}"#),
            ],
            json!([text("Both."), weather(), tool("call_2", "time", json!({"zone": "CET"}))]),
            "tool_use",
        ),
        row("cut at its longest", &[Say::Text("and th"), Say::Finish("length")], json!([text("and th")]), "max_tokens"),
        row("a tool and `stop`", &[WEATHER, Say::Finish("stop")], json!([weather()]), "tool_use"),
        row("a reason of nobody", &[Say::Text("x"), Say::Finish("eureka")], json!([text("x")]), "end_turn"),
    ];
    let refused = [
        row("a refusal", &[Say::Refusal("I will not.")], json!([text("I will not.")]), "refusal"),
        row("filtered", &[Say::Text("and"), Say::Finish("content_filter")], json!([text("and")]), "refusal"),
    ];
    rows.extend(refused.map(|row| Row { not_ollama: true, ..row }));
    rows
}

/// What every message has, whoever served it.
#[track_caller]
fn check_message(what: &str, message: &Value, kind: Kind) {
    let fixed = [
        ("type", json!("message")),
        ("role", json!("assistant")),
        ("model", json!(model(kind))),
        ("stop_sequence", Value::Null),
    ];
    for (name, value) in fixed {
        assert_eq!(message[name], value, "{what}: {name}");
    }
    assert!(message["id"].as_str().is_some_and(|id| id.starts_with("msg_") && id.len() > 8), "{what}: {message}");
    let usage = &message["usage"];
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(7), &json!(3)), "{what}: {usage}");
}

async fn check_row(gateway: &Gateway, upstream: &Upstream, row: &Row, stream: bool) {
    let kind = upstream.kind();
    let what = format!("{}, {kind:?}, {}", row.name, if stream { "streamed" } else { "whole" });
    upstream.switch(row.script(kind));
    let body = messages(model(kind), "hi");
    let answer = send(gateway, &if stream { streamed(body) } else { body }).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.json);
    let message = match stream {
        true => message_of(&answer.events).unwrap_or_else(|fault| panic!("{what}: {fault}\n{:#?}", answer.events)),
        false => answer.json.clone(),
    };
    assert_eq!(message["content"], row.content, "{what}");
    assert_eq!(message["stop_reason"], row.stop, "{what}");
    check_message(&what, &message, kind);
    assert_eq!((answer.provider(), answer.model()), (Some(provider(kind)), Some(model(kind))), "{what}");
}

#[tokio::test]
async fn every_kind_of_answer_whole_and_streamed() {
    for kind in KINDS {
        let upstream = of(kind).start().await;
        let gateway = gateway().with(&upstream).start().await;
        for row in rows().iter().filter(|row| !(row.not_ollama && kind == Kind::Ollama)) {
            check_row(&gateway, &upstream, row, false).await;
            check_row(&gateway, &upstream, row, true).await;
        }
    }
}

#[tokio::test]
async fn golden_answers_over_the_wire() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    openai.switch(json(golden("11-openai-response-to-anthropic/openai.response.json")));
    let answer = gateway.messages("gpt-6-sol", "hi").await;
    let mut expected: Value =
        serde_json::from_str(&golden("11-openai-response-to-anthropic/anthropic.response.json")).unwrap();
    expected["id"] = answer.json["id"].clone();
    assert_eq!(answer.json, expected);
    for bytes in [1, 40, 100_000] {
        let stream = golden("12-openai-stream-to-anthropic/openai.stream.sse");
        openai.switch(body_of("text/event-stream", stream).trickle(bytes));
        let answer = gateway.stream_messages("gpt-6-sol", "hi").await;
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        let id = answer.events[0].json["message"]["id"].as_str().unwrap().to_owned();
        let without_pings = body.replace("event: ping\ndata: {\"type\":\"ping\"}\n\n", "");
        let expected = golden("12-openai-stream-to-anthropic/anthropic.stream.sse");
        assert_eq!(without_pings.replace(&id, "msg_GW").trim_end(), expected.trim_end());
    }
}

#[tokio::test]
async fn cached_tokens_are_taken_out_of_the_input() {
    let usage = r#"{"prompt_tokens":1200,"completion_tokens":80,"total_tokens":1280,"prompt_tokens_details":{"cached_tokens":1000,"cache_write_tokens":128},"completion_tokens_details":{"reasoning_tokens":64}}"#;
    let whole = format!(
        r#"{{"id":"x","model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"hi"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
    );
    let stream = format!(
        "data: {{\"id\":\"x\",\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"hi\"}},\"finish_reason\":\"stop\"}}]}}\n\n\
         data: {{\"id\":\"x\",\"model\":\"m\",\"choices\":[],\"usage\":{usage}}}\n\ndata: [DONE]\n\n"
    );
    for kind in [Kind::OpenAi, Kind::OpenRouter, Kind::Compatible] {
        let upstream = of(kind).say(json(&whole)).then(body_of("text/event-stream", stream.clone())).start().await;
        let gateway = gateway().with(&upstream).start().await;
        let whole = gateway.messages(model(kind), "hi").await;
        let streamed = message_of(&gateway.stream_messages(model(kind), "hi").await.events).unwrap();
        for usage in [&whole.json["usage"], &streamed["usage"]] {
            assert_eq!(usage["input_tokens"], 72, "{kind:?}: {usage}");
            assert_eq!((&usage["cache_read_input_tokens"], &usage["output_tokens"]), (&json!(1000), &json!(80)));
            assert_eq!(usage["cache_creation_input_tokens"], 128, "{kind:?}: {usage}");
            assert_eq!(usage["output_tokens_details"]["thinking_tokens"], 64, "{kind:?}: {usage}");
        }
    }
}

#[tokio::test]
async fn arguments_that_are_no_object_are_kept_as_text() {
    let call = |arguments: &'static str| [Say::Tool("call_1", "f", arguments), Say::Finish("tool_calls"), Say::Done];
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    for (arguments, input) in [
        ("[1]", json!({"raw_arguments": "[1]"})),
        ("{\"a\":", json!({"raw_arguments": "{\"a\":"})),
        ("", json!({})),
        ("{\"a\" : 1}", json!({"a": 1})),
    ] {
        openai.switch(call(arguments));
        let answer = gateway.messages("gpt-4o-mini", "hi").await;
        assert_eq!(answer.json["content"], json!([tool("call_1", "f", input)]), "{arguments}");
    }
}

#[tokio::test]
async fn a_stream_whose_usage_never_comes_is_closed_after_five_seconds() {
    for last in [Say::Stall, Say::Cut] {
        let pieces = [Say::Text("hi"), Say::Finish("stop"), last.clone()];
        let openai = upstream::openai().stream(pieces).start().await;
        let gateway = gateway().with(&openai).start().await;
        let body = streamed(messages("gpt-4o-mini", "hi"));
        let mut live = Front::Messages.request(&gateway, &body).open().await;
        live.text().await;
        if last == Say::Stall {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            gateway.advance(std::time::Duration::from_secs(6)).await;
        }
        let rest = live.rest().await;
        let names: Vec<&str> = rest.iter().map(|event| event.name.as_str()).filter(|name| *name != "ping").collect();
        assert_eq!(names, ["content_block_stop", "message_delta", "message_stop"]);
        let usage = &rest[rest.len() - 2].json["usage"];
        assert!(usage["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "nobody counted: {usage}");
    }
}

#[tokio::test]
async fn tools_with_longer_names_than_a_provider_takes_are_called_by_their_own() {
    const LONG: &str = "mcp__a_server_with_a_long_name__a_tool_with_a_name_that_is_longer_still";
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    let tool = json!({"name": LONG, "input_schema": {"type": "object"}});
    let called = json!({"type": "tool_use", "id": "toolu_1", "name": LONG, "input": {}});
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"});
    let turns = json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": [called]},
        {"role": "user", "content": [result]}]);
    let body = with(asking("gpt-4o", json!("hi")), json!({"tools": [tool], "messages": turns}));
    assert_eq!(send(&gateway, &body).await.status, 200);
    let told = openai.last_call().json["tools"][0]["function"]["name"].as_str().expect("a name").to_owned();
    assert_eq!((told.len(), &told[..5]), (64, "mcp__"));
    assert_eq!(openai.last_call().json["messages"][1]["tool_calls"][0]["function"]["name"], *told);
    openai.switch([Say::Tool("call_1", told.leak(), "{}")]);
    assert_eq!(send(&gateway, &body).await.json["content"][0]["name"], LONG);
    let streamed = send(&gateway, &streamed(body)).await;
    assert_eq!(message_of(&streamed.events).expect("a message")["content"][0]["name"], LONG);
}
