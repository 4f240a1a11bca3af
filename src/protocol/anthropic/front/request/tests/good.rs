//! What callers send, in all its forms.

use serde_json::{Value, json};

use super::{block, chat, field, made, messages};
use crate::domain::chat::{
    ANTHROPIC_THOUGHT, Chat, Effort, File, Format, Function, Image, Message, Part, Sampling, Schema, Source, Text,
    Thought, Tool, ToolCall, ToolChoice, ToolResult,
};

fn text(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: false })
}

fn marked(words: &str) -> Part {
    Part::Text(Text { text: words.into(), cache: true })
}

fn user(words: &str) -> Message {
    Message::User(vec![text(words)])
}

#[track_caller]
fn parts(value: Value) -> Vec<Part> {
    match chat(&block(value)).messages.pop() {
        Some(Message::User(parts)) => parts,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn turn(value: Value) -> Vec<Part> {
    let body = messages(json!([
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": [value, {"type": "text", "text": "x"}]},
    ]));
    match chat(&body).messages.pop() {
        Some(Message::Assistant(mut parts)) => {
            assert_eq!(parts.pop(), Some(text("x")));
            parts
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_read_whole() {
    let body = json!({
        "model": "m", "max_tokens": 9, "stream": true, "system": "Be brief.", "temperature": 0.5, "top_p": 0.9,
        "top_k": 7, "stop_sequences": ["a", " "], "metadata": {"user_id": "u"}, "service_tier": "standard_only",
        "tools": [
            {"name": "f", "description": "F", "input_schema": {"z": 1, "a": 2}, "strict": true, "defer_loading": true},
            {"type": "custom", "name": "g", "input_schema": {}, "cache_control": {"type": "ephemeral"}},
        ],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        "messages": [{"role": "user", "content": "hi"}],
    });
    let schema = json!({"z": 1, "a": 2});
    let f = Function {
        name: "f".into(),
        description: Some("F".into()),
        parameters: Some(schema),
        strict: Some(true),
        cache: false,
    };
    let g = Function { name: "g".into(), parameters: Some(json!({})), cache: true, ..Function::default() };
    let expected = Chat {
        messages: vec![Message::System(vec![text("Be brief.")]), user("hi")],
        tools: vec![Tool::Function(f), Tool::Function(g)],
        tool_choice: Some(ToolChoice::Named("f".into())),
        parallel_tools: Some(false),
        max_tokens: Some(9),
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: Some(0.9),
            top_k: Some(7),
            stop: vec!["a".into(), " ".into()],
            ..Sampling::default()
        },
        user: Some("u".into()),
        stream: true,
        include_usage: true,
        rest: json!({"service_tier": "default"}).as_object().unwrap().clone(),
        ..Chat::default()
    };
    assert_eq!(chat(&body), expected);
}

#[test]
fn to_count_a_length_is_not_needed() {
    let chat = chat(&json!({"messages": [{"role": "user", "content": "hi"}]}));
    assert_eq!((chat.max_tokens, chat.include_usage, chat.stream), (None, true, false));
}

#[test]
fn instructions_stand_where_they_are_given() {
    let mut body = messages(json!([
        {"role": "user", "content": "hi"},
        {"role": "system", "content": [{"type": "text", "text": "one", "cache_control": {"type": "ephemeral"}}]},
        {"role": "system", "content": "two"},
        {"role": "system", "content": " "},
        {"role": "assistant", "content": "x"},
    ]));
    body["system"] = json!([
        {"type": "text", "text": "x-anthropic-billing-header: cch=1"}, {"type": "text", "text": " "},
        {"type": "text", "text": "zero"}, {"type": "text", "text": "about x-anthropic-billing-header: it stays"},
    ]);
    let expected = [
        Message::System(vec![text("zero"), text("about x-anthropic-billing-header: it stays")]),
        user("hi"),
        Message::System(vec![marked("one")]),
        Message::System(vec![text("two")]),
        Message::Assistant(vec![text("x")]),
    ];
    assert_eq!(chat(&body).messages, expected);
    for nothing in [json!(""), json!([]), json!(null), json!([{"type": "text", "text": "x-anthropic-billing-header:"}])]
    {
        assert_eq!(chat(&field("system", nothing)).messages, [user("hi")]);
    }
}

#[test]
fn results_come_first_and_the_rest_is_one_message() {
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {"z": [1.50, "é"], "a": {}}});
    let body = messages(json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [call("a"), {"type": "text", "text": "and"}, call("b")]},
        {"role": "user", "content": [
            {"type": "text", "text": "see"},
            {"type": "tool_result", "tool_use_id": "b", "is_error": true, "cache_control": {"type": "ephemeral"},
             "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]},
            {"type": "text", "text": "so", "cache_control": {"type": "ephemeral"}},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]},
    ]));
    let called = |id: &str| {
        Part::Call(ToolCall { id: id.into(), name: "f".into(), arguments: r#"{"z":[1.5,"é"],"a":{}}"#.into() })
    };
    let b = ToolResult { id: "b".into(), parts: vec![text("1"), marked("2")], plain: false, is_error: true };
    let a = ToolResult { id: "a".into(), parts: vec![], plain: true, is_error: false };
    let expected = [
        user("hi"),
        Message::Assistant(vec![called("a"), text("and"), called("b")]),
        Message::Tool(b),
        Message::Tool(a),
        Message::User(vec![text("see"), marked("so")]),
    ];
    assert_eq!(chat(&body).messages, expected);
}

#[test]
fn thoughts_keep_their_proofs() {
    let thought = |thought: Thought| vec![Part::Thought(thought)];
    let format = || Some(ANTHROPIC_THOUGHT.to_owned());
    let signed =
        |words: &str| Thought { text: words.into(), signature: Some("s".into()), sealed: None, format: format() };
    for (block, expected) in [
        (json!({"type": "thinking", "thinking": "a", "signature": "s"}), thought(signed("a"))),
        (json!({"type": "thinking", "thinking": "", "signature": "s"}), thought(signed(""))),
        (
            json!({"type": "thinking", "thinking": "a", "signature": ""}),
            thought(Thought { text: "a".into(), ..Thought::default() }),
        ),
        (json!({"type": "thinking", "thinking": "a"}), thought(Thought { text: "a".into(), ..Thought::default() })),
        (json!({"type": "thinking", "thinking": "", "signature": ""}), vec![]),
        (
            json!({"type": "redacted_thinking", "data": "d"}),
            thought(Thought { sealed: Some("d".into()), format: format(), ..Thought::default() }),
        ),
        (json!({"type": "compaction", "content": "so far"}), vec![text("so far")]),
        (json!({"type": "compaction", "content": null}), vec![]),
    ] {
        assert_eq!(turn(block.clone()), expected, "{block}");
    }
}

#[test]
fn pictures_and_documents() {
    let base64 = |media_type: &str| Source::Base64 { media_type: media_type.into(), data: "QUJD".into() };
    let cache = json!({"type": "ephemeral"});
    let picture = json!({"type": "base64", "media_type": "image/png", "data": "QU\nJD"});
    assert_eq!(
        parts(json!({"type": "image", "source": picture, "cache_control": cache})),
        [Part::Image(Image { source: base64("image/png"), detail: None, cache: true })]
    );
    let address = "HTTPS://example.com/a.png";
    assert_eq!(
        parts(json!({"type": "image", "source": {"type": "url", "url": address}})),
        [Part::Image(Image { source: Source::Url(address.into()), detail: None, cache: false })]
    );
    let pdf = json!({"type": "base64", "media_type": "application/pdf", "data": "QUJD"});
    let file = |name: Option<&str>, source: Source, cache: bool| {
        Part::File(File { name: name.map(str::to_owned), source, cache })
    };
    assert_eq!(
        parts(json!({"type": "document", "source": pdf, "title": "r.pdf", "context": "old", "cache_control": cache})),
        [text("old"), file(Some("r.pdf"), base64("application/pdf"), true)]
    );
    assert_eq!(
        parts(json!({"type": "document", "source": pdf, "title": null})),
        [file(Some("document.pdf"), base64("application/pdf"), false)]
    );
    assert_eq!(
        parts(json!({"type": "document", "source": {"type": "url", "url": "https://example.com/r.pdf"}})),
        [file(None, Source::Url("https://example.com/r.pdf".into()), false)]
    );
    let plain = json!({"type": "text", "media_type": "text/plain", "data": "words"});
    assert_eq!(parts(json!({"type": "document", "source": plain})), [text("words")]);
    assert_eq!(
        parts(json!({"type": "document", "source": plain, "title": "T", "context": "C", "cache_control": cache})),
        [marked("T\nC\n\nwords")]
    );
    let content = json!({"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]});
    assert_eq!(
        parts(json!({"type": "document", "source": content, "title": "T", "cache_control": cache})),
        [text("T"), text("a"), marked("b")]
    );
    assert_eq!(
        parts(
            json!({"type": "search_result", "source": "kb", "title": "T", "content": [{"type": "text", "text": "a"}]})
        ),
        [text("T\nkb\n\na")]
    );
}

#[test]
fn how_hard_to_think() {
    let budget = |tokens: u64| json!({"type": "enabled", "budget_tokens": tokens});
    for (thinking, effort, expected) in [
        (json!(null), json!(null), None),
        (json!(null), json!("low"), Some(Effort::Low)),
        (json!({"type": "adaptive"}), json!(null), None),
        (json!({"type": "adaptive", "display": "omitted"}), json!("max"), Some(Effort::Max)),
        (json!({"type": "adaptive"}), json!("xhigh"), Some(Effort::Xhigh)),
        (json!({"type": "disabled"}), json!("high"), Some(Effort::None)),
        (json!({"type": "between_tools"}), json!(null), Some(Effort::None)),
        (budget(1024), json!(null), Some(Effort::Low)),
        (budget(2048), json!(null), Some(Effort::Medium)),
        (budget(4096), json!(null), Some(Effort::High)),
        (budget(8192), json!(null), Some(Effort::Xhigh)),
        (budget(31_999), json!("medium"), Some(Effort::Medium)),
    ] {
        let mut body = field("thinking", thinking.clone());
        body["output_config"] = json!({"effort": effort});
        assert_eq!(chat(&body).effort, expected, "{thinking} {effort}");
    }
}

#[test]
fn the_form_of_the_answer() {
    let schema = json!({"type": "object", "z": 1, "a": 2});
    let format = json!({"type": "json_schema", "schema": schema});
    let expected = Format::Schema(Schema { name: None, description: None, schema, strict: None });
    assert_eq!(chat(&field("output_config", json!({"format": format}))).format, expected);
    assert_eq!(chat(&field("output_format", format)).format, expected, "the name of the beta");
    assert_eq!(chat(&field("output_config", json!({"format": null}))).format, Format::Text);
}

#[test]
fn how_tools_are_to_be_used() {
    for (choice, expected, parallel) in [
        (json!({"type": "auto"}), ToolChoice::Auto, None),
        (json!({"type": "any", "disable_parallel_tool_use": false}), ToolChoice::Required, None),
        (json!({"type": "auto", "disable_parallel_tool_use": true}), ToolChoice::Auto, Some(false)),
        (json!({"type": "none"}), ToolChoice::None, None),
    ] {
        let chat = chat(&field("tool_choice", choice));
        assert_eq!((chat.tool_choice, chat.parallel_tools), (Some(expected), parallel));
    }
}

#[test]
fn who_asks_and_where() {
    for (id, user) in [(json!("u"), Some("u".to_owned())), (json!(null), None), (json!(" "), None)] {
        assert_eq!(chat(&field("metadata", json!({"user_id": id, "team": 5}))).user, user);
    }
    assert_eq!(chat(&field("service_tier", json!("auto"))).rest, *json!({"service_tier": "auto"}).as_object().unwrap());
}

#[test]
fn a_turn_that_says_nothing_is_none() {
    assert_eq!(chat(&made(json!({"type": "server_tool_use"}))).messages, [user("hi")]);
    let body = messages(json!([{"role": "user", "content": []}, {"role": "user", "content": "hi"}]));
    assert_eq!(chat(&body).messages, [user("hi")]);
}
