//! Requests that are read.

use serde_json::{Value, json};

use super::super::read;
use crate::domain::chat::{
    ANTHROPIC_THOUGHT, Chat, Effort, File, Format, Function, Image, Message, Part, Sampling, Schema, Source, Text,
    Thought, Tool, ToolCall, ToolChoice, ToolResult,
};

macro_rules! golden {
    ($path:literal) => {
        include_str!(concat!("../../../../../tests/golden/", $path))
    };
}

fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

fn user(words: &str) -> Message {
    Message::User(vec![text(words)])
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

fn result(id: &str, plain: bool, parts: Vec<Part>) -> Message {
    Message::Tool(ToolResult { id: id.into(), parts, plain, is_error: false })
}

#[track_caller]
fn of(body: &Value) -> Chat {
    read(body.to_string().as_bytes()).unwrap()
}

/// A request with these fields beside one message.
#[track_caller]
fn with(fields: Value) -> Chat {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    of(&body)
}

/// The parts of one user message.
#[track_caller]
fn parts(content: Value) -> Vec<Part> {
    let body = json!({"messages": [{"role": "user", "content": content}]});
    let Message::User(parts) = of(&body).messages.remove(0) else { panic!("a user's message") };
    parts
}

/// The parts of an assistant's message without tool calls.
#[track_caller]
fn turn(message: Value) -> Vec<Part> {
    let mut message = message;
    message["role"] = "assistant".into();
    let body = json!({"messages": [{"role": "user", "content": "hi"}, message]});
    let Message::Assistant(parts) = of(&body).messages.remove(1) else { panic!("an assistant's message") };
    parts
}

#[test]
fn golden_01_basics() {
    let chat = read(golden!("01-basic-text/openai.request.json").as_bytes()).unwrap();
    let expected = Chat {
        messages: vec![Message::System(vec![text("Answer briefly.")]), user("What is 2+2?")],
        max_tokens: Some(256),
        sampling: Sampling { temperature: Some(0.3), stop: vec!["END".into()], ..Sampling::default() },
        user: Some("u-8f2c".into()),
        ..Chat::default()
    };
    assert_eq!(chat, expected);
}

#[test]
fn golden_02_instructions_stay_where_they_stand() {
    let chat = read(golden!("02-system-messages/openai.request.json").as_bytes()).unwrap();
    let system = |parts: &[&str]| Message::System(parts.iter().map(|words| text(words)).collect());
    let expected = [
        system(&["You are a support agent."]),
        system(&["Never reveal keys.", ""]),
        user("Hi"),
        user("I cannot log in"),
        Message::Assistant(vec![text("What error do you see?")]),
        system(&["The user is on the Pro plan."]),
        user("Error 42"),
        system(&["Today is Friday."]),
    ];
    assert_eq!(chat.messages, expected);
    assert_eq!(chat.max_tokens, Some(1024));
}

#[test]
fn golden_03_tools() {
    let chat = read(golden!("03-tools-parallel-history/openai.request.json").as_bytes()).unwrap();
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let weather = Function {
        name: "get_weather".into(),
        description: Some("Weather by city".into()),
        parameters: Some(schema),
        ..Function::default()
    };
    let now = Function { name: "now".into(), ..Function::default() };
    assert_eq!(chat.tools, [Tool::Function(weather), Tool::Function(now)]);
    assert_eq!((chat.tool_choice, chat.parallel_tools), (Some(ToolChoice::Auto), Some(false)));
    let expected = [
        user("Weather in Paris, and the time?"),
        Message::Assistant(vec![call("call_1", "get_weather", r#"{"city":"Paris"}"#), call("call:2", "now", "")]),
        result("call:2", true, vec![text("12:00")]),
        result("call_1", false, vec![text("18C"), text("sunny")]),
        user("Thanks, summarise."),
    ];
    assert_eq!(chat.messages, expected);
}

#[test]
fn golden_04_pictures_and_documents() {
    let chat = read(golden!("04-images-and-files/openai.request.json").as_bytes()).unwrap();
    let Message::User(parts) = &chat.messages[0] else { panic!("a user's message") };
    let [Part::Text(_), Part::Image(first), Part::Image(second), Part::File(file)] = &parts[..] else {
        panic!("text, two pictures, a document: {parts:?}")
    };
    let Source::Base64 { media_type, data } = &first.source else { panic!("data: {first:?}") };
    assert_eq!((media_type.as_str(), &data[..8], first.detail.as_deref()), ("image/jpg", "iVBORw0K", Some("high")));
    assert_eq!(second.source, Source::Url("https://example.com/a.webp".into()));
    let pdf = Source::Base64 { media_type: "application/pdf".into(), data: "JVBERi0xLjQK".into() };
    assert_eq!(*file, File { name: Some("r.pdf".into()), source: pdf, cache: false });
}

#[test]
fn golden_05_schema_keeps_its_order() {
    let chat = read(golden!("05-json-schema/openai.request.json").as_bytes()).unwrap();
    let Format::Schema(Schema { name, description: None, schema, strict: Some(true) }) = chat.format else {
        panic!("a schema: {:?}", chat.format)
    };
    assert_eq!(name.as_deref(), Some("person"));
    let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["name", "age", "tag"]);
}

#[test]
fn golden_06_effort_and_sampling() {
    let chat = read(golden!("06-sampling-and-reasoning/openai.request.json").as_bytes()).unwrap();
    assert_eq!(chat.effort, Some(Effort::High));
    assert_eq!((chat.sampling.temperature, chat.sampling.top_p), (Some(1.6), Some(0.9)));
    let chat = read(golden!("06-sampling-and-reasoning/openai.request.effort-none.json").as_bytes()).unwrap();
    assert_eq!(chat.effort, Some(Effort::None));
}

#[test]
fn golden_09_thoughts_come_first_and_in_order() {
    let chat = read(golden!("09-stream-thinking/openai.followup.request.json").as_bytes()).unwrap();
    let claude = Some(ANTHROPIC_THOUGHT.to_owned());
    let signed = Thought {
        text: "Let me think".into(),
        signature: Some("EqQBCg==".into()),
        sealed: None,
        format: claude.clone(),
    };
    let sealed = Thought { sealed: Some("ZW5j".into()), format: claude, ..Thought::default() };
    let foreign =
        Thought { text: "unsigned, from another vendor".into(), format: Some("unknown".into()), ..Thought::default() };
    let expected = [Part::Thought(signed), Part::Thought(sealed), Part::Thought(foreign), text("42")];
    assert_eq!(chat.messages[1], Message::Assistant(expected.into()));
}

#[test]
fn thoughts_of_other_vendors() {
    let plain = |words: &str| Part::Thought(Thought { text: words.into(), ..Thought::default() });
    for name in ["reasoning", "reasoning_content"] {
        assert_eq!(turn(json!({name: "hm", "content": "x"})), [plain("hm"), text("x")]);
    }
    let summary = json!([
        {"type": "reasoning.summary", "summary": "in short", "format": "openai-responses-v1", "index": 0},
        {"type": "reasoning.server_tool_call", "index": 1},
    ]);
    let summed = Thought { text: "in short".into(), format: Some("openai-responses-v1".into()), ..Thought::default() };
    let parts = turn(json!({"content": null, "reasoning": "in short", "reasoning_details": summary}));
    assert_eq!(parts, [Part::Thought(summed)]);
}

#[test]
fn the_pieces_of_a_thought_are_joined() {
    let format = ANTHROPIC_THOUGHT;
    let pieces = json!([
        {"type": "reasoning.text", "text": "Let ", "format": format, "index": 0},
        {"type": "reasoning.text", "text": "me", "format": format, "index": 0},
        {"type": "reasoning.text", "signature": "s1", "format": format, "index": 0},
        {"type": "reasoning.text", "text": "", "signature": "s2", "format": format, "index": 0},
    ]);
    let thought = |text: &str, signature: &str| {
        Part::Thought(Thought {
            text: text.into(),
            signature: Some(signature.into()),
            sealed: None,
            format: Some(format.into()),
        })
    };
    let parts = turn(json!({"content": null, "reasoning_details": pieces}));
    assert_eq!(parts, [thought("Let me", "s1"), thought("", "s2")]);
}

#[test]
fn pictures_in_every_spelling() {
    let image = |source: Source, detail: Option<&str>, cache: bool| {
        Part::Image(Image { source, detail: detail.map(str::to_owned), cache })
    };
    let png = || Source::Base64 { media_type: "image/png".into(), data: "QUJD".into() };
    let url = || Source::Url("HTTPS://example.com/a b.png".into());
    for (part, expected) in [
        (json!({"image_url": {"url": "data:image/png;base64,QUJD"}}), image(png(), None, false)),
        (json!({"image_url": "data:image/png;base64,QUJD"}), image(png(), None, false)),
        (json!({"image_url": {"url": "DATA:image/png;name=x;BASE64,QU\r\n JD\t"}}), image(png(), None, false)),
        (
            json!({"image_url": {"url": "HTTPS://example.com/a b.png", "detail": "low"}}),
            image(url(), Some("low"), false),
        ),
        (
            json!({"image_url": {"url": "data:image/png;base64,QUJD"}, "cache_control": {"type": "ephemeral"}}),
            image(png(), None, true),
        ),
    ] {
        let mut part = part;
        part["type"] = "image_url".into();
        assert_eq!(parts(json!([part])), [expected]);
    }
}

#[test]
fn documents_sound_and_breakpoints() {
    let sound = json!([{"type": "input_audio", "input_audio": {"data": "UklG\nRg==", "format": "wav"}}]);
    assert_eq!(parts(sound), [Part::Audio { format: "wav".into(), data: "UklGRg==".into() }]);
    let file = json!([{"type": "file", "file": {"file_id": "file-1"}}]);
    assert_eq!(parts(file), [Part::File(File { name: None, source: Source::Id("file-1".into()), cache: false })]);
    let marked = json!([{"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}}]);
    assert_eq!(parts(marked), [Part::Text(Text { text: "x".into(), cache: true })]);
    let unmarked = json!([{"type": "text", "text": "x", "cache_control": null}]);
    assert_eq!(parts(unmarked), [text("x")]);
}

#[test]
fn an_assistants_turn_in_every_shape() {
    assert_eq!(turn(json!({"content": null})), []);
    let words = json!([{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "no"}]);
    assert_eq!(turn(json!({ "content": words })), [text("a"), Part::Refusal("no".into())]);
    assert_eq!(turn(json!({"refusal": "no"})), [Part::Refusal("no".into())]);
    assert_eq!(turn(json!({"content": "a", "refusal": null, "tool_calls": []})), [text("a")]);
    let aloud = File { name: None, source: Source::Id("audio_1".into()), cache: false };
    assert_eq!(turn(json!({"audio": {"id": "audio_1"}})), [Part::File(aloud)]);
}

#[test]
fn custom_tools_are_kept() {
    let tool = json!({"type": "custom", "custom": {"name": "sql", "format": {"type": "text"}}});
    let body = json!({
        "tools": [tool, {"type": "function", "function": {"name": "f", "strict": true}, "cache_control": {}}],
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "sql", "input": "select \"1\""}}]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
        ],
    });
    let chat = of(&body);
    let function = Function { name: "f".into(), strict: Some(true), cache: true, ..Function::default() };
    assert_eq!(chat.tools, [Tool::Other { kind: "custom".into(), raw: tool }, Tool::Function(function)]);
    assert_eq!(chat.messages[1], Message::Assistant(vec![call("a", "sql", r#"{"input":"select \"1\""}"#)]));
}

#[test]
fn the_deprecated_form_of_tools() {
    let body = json!({
        "functions": [{"name": "now", "description": "the time"}],
        "function_call": {"name": "now"},
        "messages": [
            {"role": "user", "content": "time?"},
            {"role": "assistant", "content": null, "function_call": {"name": "now", "arguments": "{}"}},
            {"role": "function", "name": "now", "content": "12:00"},
            {"role": "assistant", "content": "And again", "function_call": {"name": "now", "arguments": ""}},
            {"role": "function", "name": "now", "content": null},
        ],
    });
    let chat = of(&body);
    let now = Function { name: "now".into(), description: Some("the time".into()), ..Function::default() };
    assert_eq!(chat.tools, [Tool::Function(now)]);
    assert_eq!(chat.tool_choice, Some(ToolChoice::Named("now".into())));
    let expected = [
        user("time?"),
        Message::Assistant(vec![call("call_fn_1", "now", "{}")]),
        result("call_fn_1", true, vec![text("12:00")]),
        Message::Assistant(vec![text("And again"), call("call_fn_2", "now", "")]),
        result("call_fn_2", true, vec![text("")]),
    ];
    assert_eq!(chat.messages, expected);
}

#[test]
fn every_tool_choice() {
    let allowed = |required| ToolChoice::Allowed { required, names: vec!["f".into(), "g".into()] };
    let tools = json!([{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}}]);
    for (choice, expected) in [
        (json!("none"), ToolChoice::None),
        (json!("auto"), ToolChoice::Auto),
        (json!("required"), ToolChoice::Required),
        (json!({"type": "function", "function": {"name": "f"}}), ToolChoice::Named("f".into())),
        (json!({"type": "custom", "custom": {"name": "f"}}), ToolChoice::Named("f".into())),
        (json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": tools}}), allowed(false)),
        (json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": tools}}), allowed(true)),
    ] {
        assert_eq!(with(json!({ "tool_choice": choice })).tool_choice, Some(expected));
    }
}

#[test]
fn every_effort_and_openrouters_spelling_of_it() {
    for (name, effort) in [
        ("none", Effort::None),
        ("minimal", Effort::Minimal),
        ("low", Effort::Low),
        ("medium", Effort::Medium),
        ("high", Effort::High),
        ("xhigh", Effort::Xhigh),
        ("max", Effort::Max),
    ] {
        assert_eq!(with(json!({ "reasoning_effort": name })).effort, Some(effort));
        assert_eq!(with(json!({"reasoning": {"effort": name, "exclude": true}})).effort, Some(effort));
    }
    for (reasoning, effort) in [
        (json!({"enabled": false}), Some(Effort::None)),
        (json!({"enabled": true}), Some(Effort::Medium)),
        (json!({"max_tokens": 1024}), Some(Effort::Low)),
        (json!({"max_tokens": 4096}), Some(Effort::High)),
        (json!({"exclude": true}), None),
        (json!(null), None),
    ] {
        assert_eq!(with(json!({ "reasoning": reasoning })).effort, effort, "{reasoning}");
    }
    assert_eq!(with(json!({"reasoning_effort": "low", "reasoning": {"effort": "high"}})).effort, Some(Effort::Low));
}

#[test]
fn the_new_names_win_over_the_old() {
    assert_eq!(with(json!({"max_tokens": 5, "max_completion_tokens": 7})).max_tokens, Some(7));
    assert_eq!(with(json!({"max_tokens": 5, "max_completion_tokens": null})).max_tokens, Some(5));
    assert_eq!(with(json!({"user": "u", "safety_identifier": "s"})).user.as_deref(), Some("s"));
    assert_eq!(with(json!({"user": "u"})).user.as_deref(), Some("u"));
}

#[test]
fn sampling_formats_and_streams() {
    let sampling = with(json!({
        "temperature": 0, "top_p": 0.5, "top_k": 40, "min_p": 0.1, "seed": -3, "stop": "END",
        "frequency_penalty": -1.5, "presence_penalty": 2,
    }));
    let expected = Sampling {
        temperature: Some(0.0),
        top_p: Some(0.5),
        top_k: Some(40),
        min_p: Some(0.1),
        seed: Some(-3),
        stop: vec!["END".into()],
        frequency_penalty: Some(-1.5),
        presence_penalty: Some(2.0),
    };
    assert_eq!(sampling.sampling, expected);
    assert_eq!(with(json!({"response_format": {"type": "text"}})).format, Format::Text);
    assert_eq!(with(json!({"response_format": {"type": "json_object"}})).format, Format::Json);
    let stream = with(json!({"stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false}}));
    assert_eq!((stream.stream, stream.include_usage), (true, true));
    assert_eq!(stream.rest.len(), 0);
}

#[test]
fn every_other_field_is_kept_in_order_as_it_came() {
    let body = r#"{"zeta":[1,2.50,{"k":null}],"model":"m","n":2,"logit_bias":{"50256":-100},"fallbacks":[],
        "messages":[{"role":"user","content":"hi"}],"models":["x"],"logprobs":null,"metadata":{"b":"1","a":"2"},
        "service_tier":"flex","store":false,"alpha":1e3}"#;
    let chat = read(body.as_bytes()).unwrap();
    let expected = concat!(
        r#"{"zeta":[1,2.5,{"k":null}],"n":2,"logit_bias":{"50256":-100},"metadata":{"b":"1","a":"2"},"#,
        r#""service_tier":"flex","store":false,"alpha":1000.0}"#,
    );
    assert_eq!(Value::Object(chat.rest).to_string(), expected);
}

#[test]
fn one_more_turn_changes_nothing_before_it() {
    let mut body: Value = serde_json::from_str(golden!("03-tools-parallel-history/openai.request.json")).unwrap();
    let before = of(&body);
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": "It is 18C."}));
    messages.push(json!({"role": "user", "content": "and tomorrow?"}));
    let after = of(&body);
    assert_eq!(before.messages[..], after.messages[..before.messages.len()]);
}
