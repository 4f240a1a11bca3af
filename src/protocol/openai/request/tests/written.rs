//! Requests that are written.

use serde_json::{Value, json};

use super::super::{read, write};
use super::{card, thinker};
use crate::domain::chat::{
    ANTHROPIC_THOUGHT, Chat, Effort, File, Format, Function, Image, Message, Part, Sampling, Schema, Source, Text,
    Thought, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::models::Card;

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

fn marked(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: true })
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

fn result(id: &str, parts: Vec<Part>, is_error: bool) -> Message {
    Message::Tool(ToolResult { id: id.into(), parts, plain: false, is_error })
}

fn picture() -> Part {
    let source = Source::Base64 { media_type: "image/png".into(), data: PNG.into() };
    Part::Image(Image { source, detail: None, cache: false })
}

fn hello() -> Chat {
    Chat { messages: vec![Message::User(vec![text("hi")])], ..Chat::default() }
}

#[track_caller]
fn body(chat: &Chat, card: &Card) -> Value {
    serde_json::from_slice(&write(chat, "m", card).unwrap().body).unwrap()
}

#[track_caller]
fn written(messages: Vec<Message>, card: &Card) -> Value {
    body(&Chat { messages, ..Chat::default() }, card)["messages"].take()
}

/// What Anthropic's reader makes of the request of golden case 13.
fn claude_code() -> Chat {
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]});
    let function = Function {
        name: "read".into(),
        description: Some("Read a file".into()),
        parameters: Some(schema),
        strict: None,
        cache: true,
    };
    let thought = Thought {
        text: "…".into(),
        signature: Some("c2ln".into()),
        sealed: None,
        format: Some(ANTHROPIC_THOUGHT.into()),
    };
    let turn = vec![
        Part::Thought(thought),
        text("Reading"),
        call("toolu_1", "read", r#"{"path":"a.txt"}"#),
        call("toolu_2", "read", r#"{"path":"b.png"}"#),
    ];
    Chat {
        messages: vec![
            Message::System(vec![text("You code."), marked("Be terse.")]),
            Message::User(vec![text("Open a.txt")]),
            Message::Assistant(turn),
            result("toolu_1", vec![text("no such file")], true),
            result("toolu_2", vec![text("1x1 image"), picture()], false),
            Message::User(vec![text("Try again")]),
            Message::System(vec![text("Budget is nearly used up.")]),
        ],
        tools: vec![Tool::Function(function)],
        tool_choice: Some(ToolChoice::Required),
        parallel_tools: Some(false),
        max_tokens: Some(4096),
        sampling: Sampling { stop: vec!["</end>".into()], ..Sampling::default() },
        effort: Some(Effort::Medium),
        stream: true,
        ..Chat::default()
    }
}

#[test]
fn golden_13_a_request_of_another_protocol() {
    let golden = include_str!("../../../../../tests/golden/13-anthropic-request-to-openai/openai.request.json");
    let mut expected: Value = serde_json::from_str(golden).unwrap();
    let id = expected.as_object_mut().unwrap().shift_remove("safety_identifier").unwrap();
    expected["model"] = "m".into();
    assert_eq!(body(&claude_code(), &thinker()), expected);
    assert_eq!(id.as_str().map(str::len), Some(64));
}

#[test]
fn instructions_do_not_come_between_a_call_and_its_answers() {
    let messages = vec![
        Message::User(vec![text("hi")]),
        Message::Assistant(vec![call("a", "f", ""), call("b", "f", "{}")]),
        Message::System(vec![text("one")]),
        result("a", vec![picture()], false),
        Message::System(vec![text("two")]),
        Message::Tool(ToolResult { id: "b".into(), parts: vec![text("x")], plain: true, is_error: false }),
        Message::System(vec![text("three")]),
        Message::Assistant(vec![text("done")]),
    ];
    let messages = written(messages, &card());
    let roles: Vec<&str> = messages.as_array().unwrap().iter().filter_map(|message| message["role"].as_str()).collect();
    let expected = ["user", "assistant", "tool", "tool", "system", "system", "system", "user", "assistant"];
    assert_eq!(roles, expected);
    assert_eq!(messages[1]["tool_calls"][0]["function"]["arguments"], "{}");
    assert_eq!(messages[2]["content"], "");
    assert_eq!(messages[7]["content"][0]["text"], "Image from tool result a:");
}

#[test]
fn marks_are_written_where_the_cache_has_a_price() {
    let messages = || vec![Message::System(vec![text("a"), marked("b")]), Message::User(vec![marked("c")])];
    let mark = json!({"mode": "explicit"});
    let part = |words: &str| json!({"type": "text", "text": words, "prompt_cache_breakpoint": mark});
    let with = json!([
        {"role": "system", "content": [{"type": "text", "text": "a"}, part("b")]},
        {"role": "user", "content": [part("c")]},
    ]);
    assert_eq!(written(messages(), &card()), with);
    let without = json!([{"role": "system", "content": "a\n\nb"}, {"role": "user", "content": "c"}]);
    assert_eq!(written(messages(), &thinker()), without);
}

#[test]
fn a_text_document_becomes_text() {
    let file = |media_type: &str, data: &str| {
        let source = Source::Base64 { media_type: media_type.into(), data: data.into() };
        Part::File(File { name: Some("n".into()), source, cache: false })
    };
    let messages =
        written(vec![Message::User(vec![file("text/plain", "aGk="), file("application/pdf", "JVBERi0=")])], &card());
    let expected = json!([
        {"type": "text", "text": "hi"},
        {"type": "file", "file": {"filename": "n", "file_data": "data:application/pdf;base64,JVBERi0="}},
    ]);
    assert_eq!(messages[0]["content"], expected);
}

#[test]
fn what_a_thinking_model_refuses_is_left_out_and_said() {
    let sampling = |temperature: f64| Sampling {
        temperature: Some(temperature),
        top_p: Some(0.9),
        top_k: Some(1),
        min_p: Some(0.1),
        seed: Some(7),
        stop: ["a", "b", "c", "d", "e"].map(str::to_owned).into(),
        ..Sampling::default()
    };
    let rest = json!({"logprobs": true, "top_logprobs": 2, "verbosity": "low"}).as_object().unwrap().clone();
    let chat = Chat { sampling: sampling(0.5), rest, ..hello() };
    let request = write(&chat, "m", &thinker()).unwrap();
    assert_eq!(request.dropped, ["temperature", "top_p", "top_k", "min_p", "stop", "logprobs", "top_logprobs"]);
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let expected = json!({
        "model": "m", "messages": [{"role": "user", "content": "hi"}],
        "seed": 7, "stop": ["a", "b", "c", "d"], "verbosity": "low",
    });
    assert_eq!(body, expected);

    let default = Chat { sampling: Sampling { temperature: Some(1.0), ..Sampling::default() }, ..hello() };
    assert_eq!(write(&default, "m", &thinker()).unwrap().dropped, Vec::<String>::new());
    let off = Chat { effort: Some(Effort::None), sampling: sampling(0.5), ..hello() };
    assert_eq!(write(&off, "m", &thinker()).unwrap().dropped, ["stop"]);
}

#[test]
fn names_depend_on_the_model() {
    let chat = Chat { max_tokens: Some(5), user: Some("u".into()), ..hello() };
    let old = write(&chat, "m", &card()).unwrap();
    let expected = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5, "user": "u"});
    assert_eq!(serde_json::from_slice::<Value>(&old.body).unwrap(), expected);
    assert_eq!(old.ours, ["max_tokens", "user"]);
    let new = write(&chat, "m", &thinker()).unwrap();
    assert_eq!(new.ours, ["max_completion_tokens", "safety_identifier"]);
}

#[test]
fn efforts_are_brought_to_what_the_model_knows() {
    let with = |effort| write(&Chat { effort: Some(effort), ..hello() }, "m", &thinker()).unwrap();
    assert_eq!(with(Effort::Low).ours, Vec::<&str>::new());
    let minimal = with(Effort::Minimal);
    assert_eq!(minimal.ours, ["reasoning_effort"]);
    assert_eq!(serde_json::from_slice::<Value>(&minimal.body).unwrap()["reasoning_effort"], "low");
    let dull = Card { efforts: Default::default(), ..card() };
    let chat = Chat { effort: Some(Effort::High), ..hello() };
    assert_eq!(write(&chat, "m", &dull).unwrap().dropped, ["reasoning_effort"]);
    let chat = Chat { effort: Some(Effort::None), ..hello() };
    assert_eq!(write(&chat, "m", &dull).unwrap().dropped, Vec::<String>::new());
}

#[test]
fn a_schema_without_a_name_is_given_one() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let format = Format::Schema(Schema { name: None, description: None, schema: schema.clone(), strict: None });
    let request = body(&Chat { format, ..hello() }, &card());
    let expected = json!({"name": "output", "strict": false, "schema": schema});
    assert_eq!(request["response_format"]["json_schema"], expected);
}

#[test]
fn no_tools_no_choice() {
    let chat = Chat { tool_choice: Some(ToolChoice::Auto), parallel_tools: Some(true), ..hello() };
    let expected = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(body(&chat, &card()), expected);
}

#[test]
fn what_openai_has_no_words_for() {
    let user = |part: Part| Chat { messages: vec![Message::User(vec![part])], ..Chat::default() };
    let url = Source::Url("https://example.com/a.pdf".into());
    let id = Source::Id("file_1".into());
    let tool = Tool::Other { kind: "web_search_20250305".into(), raw: json!({"type": "web_search_20250305"}) };
    for (chat, param) in [
        (user(Part::File(File { name: None, source: url, cache: false })), "messages[0].content[0].file"),
        (user(Part::Image(Image { source: id, detail: None, cache: false })), "messages[0].content[0].image_url"),
        (Chat { tools: vec![tool], ..hello() }, "tools[0]"),
    ] {
        assert_eq!(write(&chat, "m", &card()).unwrap_err().param, param);
    }
}

#[test]
fn the_golden_requests_come_back_as_they_were_read() {
    for golden in [
        include_str!("../../../../../tests/golden/01-basic-text/openai.request.json"),
        include_str!("../../../../../tests/golden/04-images-and-files/openai.request.json"),
        include_str!("../../../../../tests/golden/05-json-schema/openai.request.json"),
        include_str!("../../../../../tests/golden/06-sampling-and-reasoning/openai.request.json"),
    ] {
        let chat = read(golden.as_bytes()).unwrap();
        let again = write(&chat, "m", &card()).unwrap();
        assert_eq!(read(&again.body).unwrap(), chat);
        assert_eq!(again.body, write(&chat, "m", &card()).unwrap().body);
    }
}
