//! Requests that are read.

use serde_json::{Value, json};

use super::super::super::sealed::seal;
use super::{call, of, result, system, text, user};
use crate::domain::chat::{
    ANTHROPIC_THOUGHT, Chat, Effort, File, Format, Function, Image, Message, OPENAI_THOUGHT, Part, Schema, Source,
    Text, Thought, Tool, ToolChoice,
};

/// A request with these fields beside a short `input`.
#[track_caller]
fn with(fields: Value) -> Chat {
    let mut body = json!({"model": "m", "input": "hi"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    of(&body)
}

/// The messages of these items.
#[track_caller]
fn messages(items: Value) -> Vec<Message> {
    of(&json!({ "input": items })).messages
}

/// The parts of one message of the user.
#[track_caller]
fn parts(content: Value) -> Vec<Part> {
    let Message::User(parts) = messages(json!([{"role": "user", "content": content}])).remove(0) else {
        panic!("a user's message")
    };
    parts
}

fn sealed_by_openai(text: &str, sealed: &str) -> Thought {
    let format = Some(OPENAI_THOUGHT.to_owned());
    Thought { text: text.into(), sealed: Some(sealed.into()), format, signature: None }
}

fn signed_by_claude(text: &str) -> Thought {
    let format = Some(ANTHROPIC_THOUGHT.to_owned());
    Thought { text: text.into(), signature: Some("c2ln".into()), format, sealed: None }
}

#[test]
fn a_string_is_what_the_user_says() {
    let chat = of(&json!({"model": "m", "input": "hi", "instructions": "Be kind."}));
    let expected = Chat { messages: vec![system("Be kind."), user("hi")], include_usage: true, ..Chat::default() };
    assert_eq!(chat, expected);
}

#[test]
fn messages_of_both_forms() {
    let said = json!([{"type": "output_text", "text": "a", "annotations": []}, {"type": "refusal", "refusal": "no"}]);
    let read = messages(json!([
        {"role": "user", "content": "hi"},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "note"}]},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": said, "phase": null},
        {"role": "assistant", "content": "b"},
        {"role": "assistant", "content": [{"type": "input_text", "text": "c"}]},
        {"role": "system", "content": "rule"},
    ]));
    let expected = [
        user("hi"),
        system("note"),
        Message::Assistant(vec![text("a"), Part::Refusal("no".into())]),
        Message::Assistant(vec![text("b")]),
        Message::Assistant(vec![text("c")]),
        system("rule"),
    ];
    assert_eq!(read, expected);
}

#[test]
fn pictures_documents_and_sound() {
    let read = parts(json!([
        {"type": "input_text", "text": "see", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBO\nRw==", "detail": "high", "file_id": null},
        {"type": "input_image", "image_url": "https://example.com/a.webp"},
        {"type": "input_file", "filename": "r.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
    ]));
    let data = |media_type: &str, data: &str| Source::Base64 { media_type: media_type.into(), data: data.into() };
    let picture =
        |source, detail: Option<&str>| Part::Image(Image { source, detail: detail.map(str::to_owned), cache: false });
    let pdf = data("application/pdf", "JVBERi0=");
    let expected = [
        Part::Text(Text { text: "see".into(), cache: true }),
        picture(data("image/png", "iVBORw=="), Some("high")),
        picture(Source::Url("https://example.com/a.webp".into()), None),
        Part::File(File { name: Some("r.pdf".into()), source: pdf, cache: false }),
        Part::Audio { format: "wav".into(), data: "UklG".into() },
    ];
    assert_eq!(read, expected);
}

#[test]
fn the_items_of_one_answer_are_one_turn() {
    let read = messages(json!([
        {"role": "user", "content": "hi"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking."}]},
        {"type": "function_call", "id": "fc_9", "call_id": "a", "name": "f", "arguments": "{\"x\":1}"},
        {"type": "function_call", "call_id": "b", "name": "g"},
        {"type": "function_call_output", "call_id": "b", "output": [
            {"type": "input_text", "text": "seen"},
            {"type": "input_image", "image_url": "https://example.com/a.png"},
        ]},
        {"type": "function_call_output", "call_id": "a", "output": "1", "status": "completed"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"role": "assistant", "content": "One moment."},
        {"type": "function_call_output", "call_id": "c", "output": ""},
        {"role": "assistant", "content": "Done."},
    ]));
    let picture =
        Part::Image(Image { source: Source::Url("https://example.com/a.png".into()), detail: None, cache: false });
    let expected = [
        user("hi"),
        Message::Assistant(vec![text("Looking."), call("a", "f", "{\"x\":1}"), call("b", "g", "")]),
        result("b", false, vec![text("seen"), picture]),
        result("a", true, vec![text("1")]),
        Message::Assistant(vec![call("c", "f", "{}"), text("One moment.")]),
        result("c", true, vec![text("")]),
        Message::Assistant(vec![text("Done.")]),
    ];
    assert_eq!(read, expected);
}

#[test]
fn free_text_becomes_the_argument_input() {
    let read = messages(json!([
        {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "select \"x\""},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "1 row"},
    ]));
    let called = Message::Assistant(vec![call("c", "sql", r#"{"input":"select \"x\""}"#)]);
    assert_eq!(read, [called, result("c", true, vec![text("1 row")])]);
}

#[test]
fn a_thought_belongs_to_what_the_model_does_next() {
    let claude = signed_by_claude("hm");
    let sealed = seal(&claude).unwrap();
    let summary = json!([{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}]);
    let read = messages(json!([
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": sealed},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {"type": "reasoning", "summary": summary, "encrypted_content": "gAAAA", "status": null},
        {"role": "assistant", "content": "b"},
        {"type": "reasoning", "summary": [], "encrypted_content": "gBBBB"},
        {"role": "assistant", "content": "c"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "shown"}]},
        {"role": "assistant", "content": "d"},
        {"type": "reasoning", "summary": [], "encrypted_content": "broken off"},
        {"role": "user", "content": "so?"},
        {"role": "assistant", "content": "e"},
    ]));
    let expected = [
        user("hi"),
        Message::Assistant(vec![Part::Thought(claude), call("a", "f", "{}")]),
        result("a", true, vec![text("1")]),
        Message::Assistant(vec![Part::Thought(sealed_by_openai("One.\n\nTwo.", "gAAAA")), text("b")]),
        Message::Assistant(vec![Part::Thought(sealed_by_openai("", "gBBBB")), text("c")]),
        Message::Assistant(vec![text("d")]),
        user("so?"),
        Message::Assistant(vec![text("e")]),
    ];
    assert_eq!(read, expected);
}

#[test]
fn tools_and_their_use() {
    let schema = json!({"type": "object", "properties": {"z": {}, "a": {}}});
    let grammar = json!({"type": "grammar", "syntax": "lark", "definition": "start: \"x\""});
    let chat = with(json!({
        "tools": [
            {"type": "function", "name": "f", "description": "does", "parameters": schema, "strict": true},
            {"type": "function", "name": "g", "parameters": null, "strict": null},
            {"type": "custom", "name": "sql", "description": "asks", "format": grammar},
            {"type": "custom", "name": "free", "format": {"type": "text"}},
            {"type": "web_search", "search_context_size": "low"},
        ],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": false,
    }));
    let function = |name: &str, strict| Function { name: name.into(), strict: Some(strict), ..Function::default() };
    let described = Function { description: Some("does".into()), parameters: Some(schema), ..function("f", true) };
    let nested = json!({"type": "custom", "custom": {"name": "sql", "description": "asks",
        "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: \"x\""}}}});
    let free = json!({"type": "custom", "custom": {"name": "free", "format": {"type": "text"}}});
    let expected = [
        Tool::Function(described),
        Tool::Function(function("g", false)),
        Tool::Other { kind: "custom".into(), raw: nested },
        Tool::Other { kind: "custom".into(), raw: free },
        Tool::Other { kind: "web_search".into(), raw: json!({"type": "web_search", "search_context_size": "low"}) },
    ];
    assert_eq!(chat.tools, expected);
    assert_eq!((chat.tool_choice, chat.parallel_tools), (Some(ToolChoice::Named("f".into())), Some(false)));
    let names = json!([{"type": "function", "name": "f"}, {"type": "custom", "name": "sql"}, {"name": "g"}]);
    let names_read = vec!["f".to_owned(), "sql".into(), "g".into()];
    for (choice, expected) in [
        (json!("none"), ToolChoice::None),
        (json!("auto"), ToolChoice::Auto),
        (json!("required"), ToolChoice::Required),
        (json!({"type": "custom", "name": "sql"}), ToolChoice::Named("sql".into())),
        (
            json!({"type": "allowed_tools", "mode": "required", "tools": names}),
            ToolChoice::Allowed { required: true, names: names_read },
        ),
    ] {
        assert_eq!(with(json!({ "tool_choice": choice })).tool_choice, Some(expected));
    }
}

#[test]
fn options_go_where_the_hub_has_them() {
    let schema = json!({"type": "object"});
    let chat = with(json!({
        "max_output_tokens": 300, "temperature": 0.5, "top_p": 0.9, "top_logprobs": 2, "stream": true,
        "text": {"format": {"type": "json_schema", "name": "x", "schema": schema, "strict": true}, "verbosity": "low"},
        "reasoning": {"effort": "high", "summary": "auto", "context": "auto"},
        "metadata": {"k": "v"}, "service_tier": "flex", "prompt_cache_key": "p", "user": "old",
        "safety_identifier": "new", "include": ["reasoning.encrypted_content"], "max_tool_calls": 3,
        "stream_options": {"include_obfuscation": false}, "store": false, "background": false,
        "truncation": "disabled", "previous_response_id": null, "context_management": [],
    }));
    assert_eq!(chat.max_tokens, Some(300));
    assert_eq!((chat.sampling.temperature, chat.sampling.top_p), (Some(0.5), Some(0.9)));
    assert_eq!((chat.effort, chat.user.as_deref(), chat.stream), (Some(Effort::High), Some("new"), true));
    let expected = Schema { name: Some("x".into()), description: None, schema, strict: Some(true) };
    assert_eq!(chat.format, Format::Schema(expected));
    let rest = json!({"metadata": {"k": "v"}, "prompt_cache_key": "p", "service_tier": "flex", "logprobs": true,
        "top_logprobs": 2, "verbosity": "low"});
    assert_eq!(Value::Object(chat.rest), rest);
    assert_eq!(chat.foreign, Vec::<String>::new());
}

#[test]
fn what_nobody_else_can_do_is_told() {
    let chat = with(json!({
        "truncation": "auto", "context_management": [{"type": "compaction"}], "reasoning": {"mode": "pro"},
        "include": ["reasoning.encrypted_content", "later.thing", "message.output_text.logprobs"], "n": 3,
        "later_field": {"x": 1},
    }));
    let foreign = ["context_management", "truncation", "include[1]", "reasoning.mode", "n", "later_field"];
    assert_eq!(chat.foreign, foreign);
    assert_eq!(Value::Object(chat.rest), json!({"logprobs": true}));
    assert_eq!(chat.effort, None);
}

#[test]
fn the_same_history_and_one_turn_more_reads_as_the_same_and_one_turn_more() {
    let mut items = vec![
        json!({"role": "user", "content": "hi"}),
        json!({"type": "reasoning", "summary": [], "encrypted_content": "g"}),
        json!({"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}),
        json!({"type": "function_call_output", "call_id": "a", "output": "1"}),
        json!({"role": "assistant", "content": "b"}),
    ];
    let before = messages(json!(items));
    items.push(json!({"role": "user", "content": [{"type": "input_text", "text": "more"}]}));
    let after = messages(json!(items));
    assert_eq!(after[..before.len()], before);
}

#[test]
fn a_very_long_history_is_read_in_one_pass() {
    let mut items = vec![json!({"role": "user", "content": "hi"})];
    for at in 0..20_000 {
        let id = at.to_string();
        items.push(json!({"type": "reasoning", "summary": [], "encrypted_content": "g"}));
        items.push(json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"}));
    }
    items
        .extend((0..20_000).map(|at| json!({"type": "function_call_output", "call_id": at.to_string(), "output": ""})));
    assert_eq!(messages(json!(items)).len(), 20_002);
}
