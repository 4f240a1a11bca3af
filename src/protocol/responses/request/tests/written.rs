//! Requests that are written.

use serde_json::{Value, json};

use super::super::write;
use super::{call, card, result, system, text, user, written};
use crate::domain::chat::{
    ANTHROPIC_THOUGHT, Chat, Effort, File, Format, Function, Image, Message, OPENAI_THOUGHT, Part, Sampling, Schema,
    Source, Text, Thought, Tool, ToolChoice, ToolResult,
};
use crate::models::Card;

/// A request to the model that is to be had by Responses alone.
#[track_caller]
fn body(chat: &Chat) -> Value {
    written(chat, "gpt-5.5-pro").0
}

#[track_caller]
fn input(messages: Vec<Message>) -> Value {
    body(&Chat { messages, ..Chat::default() })["input"].take()
}

fn hello() -> Chat {
    Chat { messages: vec![user("hi")], ..Chat::default() }
}

fn said(role: &str, kind: &str, words: &str) -> Value {
    json!({"type": "message", "role": role, "content": [{"type": kind, "text": words}]})
}

#[test]
fn the_least_request() {
    let (body, written) = written(&hello(), "gpt-5.5-pro");
    let expected = json!({"model": "gpt-5.5-pro", "input": [said("user", "input_text", "hi")],
        "store": false, "include": ["reasoning.encrypted_content"]});
    assert_eq!(body, expected);
    assert_eq!((written.dropped, written.ours), (vec![], vec!["store", "include"]));
}

#[test]
fn a_model_that_does_not_think_is_not_asked_for_sealed_thoughts() {
    assert_eq!(written(&hello(), "gpt-4.1").0.get("include"), None);
}

#[test]
fn instructions_first_and_later_ones_in_place() {
    let chat = Chat {
        messages: vec![system("Be kind."), system(" "), system("Be brief."), user("hi"), system("Now be long.")],
        ..Chat::default()
    };
    let body = body(&chat);
    assert_eq!(body["instructions"], "Be kind.\n\nBe brief.");
    let expected = [said("user", "input_text", "hi"), said("developer", "input_text", "Now be long.")];
    assert_eq!(body["input"], json!(expected));
}

#[test]
fn instructions_alone_are_an_item() {
    let chat = Chat { messages: vec![system("Begin.")], ..Chat::default() };
    let body = body(&chat);
    assert_eq!((body.get("instructions"), &body["input"]), (None, &json!([said("developer", "input_text", "Begin.")])));
}

#[test]
fn a_turn_of_the_model_keeps_its_order() {
    let thought = |format: &str, sealed: Option<&str>| {
        let sealed = sealed.map(str::to_owned);
        Part::Thought(Thought { text: "why".into(), sealed, format: Some(format.into()), signature: Some("s".into()) })
    };
    let turn = Message::Assistant(vec![
        thought(OPENAI_THOUGHT, Some("gAAAA")),
        thought(ANTHROPIC_THOUGHT, Some("c2Vh")),
        thought(OPENAI_THOUGHT, None),
        text("a"),
        text(""),
        Part::Refusal("no".into()),
        call("1", "f", ""),
        text("b"),
    ]);
    let summary = json!([{"type": "summary_text", "text": "why"}]);
    let words = json!([{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "no"}]);
    let expected = json!([
        said("user", "input_text", "hi"),
        {"type": "reasoning", "summary": summary, "encrypted_content": "gAAAA"},
        {"type": "message", "role": "assistant", "content": words},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        said("assistant", "output_text", "b"),
        {"type": "function_call_output", "call_id": "1", "output": "x"},
    ]);
    assert_eq!(input(vec![user("hi"), turn, result("1", true, vec![text("x")])]), expected);
}

#[test]
fn what_tools_give_back() {
    let picture =
        Part::Image(Image { source: Source::Url("https://example.com/a.png".into()), detail: None, cache: false });
    let answer = |plain, is_error, parts| {
        let result = Message::Tool(ToolResult { id: "1".into(), parts, plain, is_error });
        let mut items = input(vec![Message::Assistant(vec![call("1", "f", "{}")]), result]);
        items[1]["output"].take()
    };
    let shown = json!({"type": "input_image", "image_url": "https://example.com/a.png"});
    let words = json!({"type": "input_text", "text": "a"});
    assert_eq!(answer(true, false, vec![text("a")]), "a");
    assert_eq!(answer(false, false, vec![text("a")]), json!([words]));
    assert_eq!(answer(false, false, vec![]), "");
    assert_eq!(answer(false, true, vec![text("a"), text("b")]), "Error: a\nb");
    assert_eq!(answer(false, false, vec![text("a"), picture.clone()]), json!([words, shown]));
    assert_eq!(answer(false, true, vec![picture]), json!([{"type": "input_text", "text": "Error:"}, shown]));
}

#[test]
fn tools_are_flat_and_free_text_has_items_of_its_own() {
    let nested = json!({"type": "custom", "custom": {"name": "sql",
        "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}}});
    let chat = Chat {
        messages: vec![
            Message::Assistant(vec![call("1", "sql", r#"{"input":"select 1"}"#)]),
            result("1", true, vec![text("1")]),
        ],
        tools: vec![
            Tool::Function(Function { name: "f".into(), ..Function::default() }),
            Tool::Other { kind: "custom".into(), raw: nested },
        ],
        tool_choice: Some(ToolChoice::Allowed { required: true, names: vec!["f".into(), "sql".into()] }),
        parallel_tools: Some(false),
        ..Chat::default()
    };
    let body = body(&chat);
    let format = json!({"type": "grammar", "syntax": "lark", "definition": "x"});
    let expected = json!([
        {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": false},
        {"type": "custom", "name": "sql", "format": format},
    ]);
    assert_eq!(body["tools"], expected);
    let names = json!([{"type": "function", "name": "f"}, {"type": "custom", "name": "sql"}]);
    assert_eq!(body["tool_choice"], json!({"type": "allowed_tools", "mode": "required", "tools": names}));
    assert_eq!(body["parallel_tool_calls"], false);
    let expected = json!([
        {"type": "custom_tool_call", "call_id": "1", "name": "sql", "input": "select 1"},
        {"type": "custom_tool_call_output", "call_id": "1", "output": "1"},
    ]);
    assert_eq!(body["input"], expected);
    let without = Chat { tool_choice: Some(ToolChoice::Auto), parallel_tools: Some(true), ..hello() };
    let body = written(&without, "gpt-5.5-pro").0;
    assert_eq!((body.get("tool_choice"), body.get("parallel_tool_calls")), (None, None));
}

#[test]
fn an_answer_is_as_long_as_it_may_be() {
    for (wanted, limit) in [(1, 16), (16, 16), (500, 500), (1_000_000, 128_000)] {
        assert_eq!(body(&Chat { max_tokens: Some(wanted), ..hello() })["max_output_tokens"], limit);
    }
    let card = Card { max_output: Some(4), ..card("gpt-5.5-pro") };
    assert!(write(&Chat { max_tokens: Some(9), ..hello() }, "m", &card).is_ok());
}

#[test]
fn thinking_as_near_as_can_be() {
    let with = |effort, model| written(&Chat { effort: Some(effort), ..hello() }, model);
    let (body, tells) = with(Effort::Max, "gpt-5.5-pro");
    assert_eq!(body["reasoning"], json!({"effort": "xhigh", "summary": "auto"}));
    assert!(tells.ours.contains(&"reasoning"));
    assert_eq!(with(Effort::None, "gpt-6-sol").0["reasoning"], json!({"effort": "none"}));
    assert_eq!(with(Effort::None, "gpt-5.5-pro").0.get("reasoning"), None);
    let (body, tells) = with(Effort::High, "gpt-4.1");
    assert_eq!((body.get("reasoning"), tells.dropped), (None, vec!["reasoning_effort".to_owned()]));
}

#[test]
fn the_form_of_the_answer() {
    let schema = |name: Option<&str>| {
        let name = name.map(str::to_owned);
        Format::Schema(Schema { name, description: Some("d".into()), schema: json!({"type": "string"}), strict: None })
    };
    let text = |format| written(&Chat { format, ..hello() }, "gpt-5.5-pro");
    assert_eq!(text(Format::Text).0.get("text"), None);
    assert_eq!(text(Format::Json).0["text"], json!({"format": {"type": "json_object"}}));
    let (body, tells) = text(schema(Some("x")));
    let format = json!({"type": "json_schema", "name": "x", "description": "d", "schema": {"type": "string"}});
    assert_eq!((&body["text"]["format"], tells.ours.contains(&"text")), (&format, false));
    let (body, tells) = text(schema(None));
    assert_eq!((&body["text"]["format"]["name"], tells.ours.contains(&"text")), (&json!("output"), true));
    assert_eq!(body["text"]["format"]["strict"], true);
}

#[test]
fn what_responses_lack_is_left_out_and_told() {
    let rest = |value: Value| value.as_object().unwrap().clone();
    let sampling = Sampling {
        temperature: Some(0.5),
        top_p: Some(1.0),
        top_k: Some(3),
        min_p: Some(0.0),
        seed: Some(1),
        stop: vec!["x".into()],
        frequency_penalty: Some(0.0),
        presence_penalty: Some(1.0),
    };
    let more = json!({"metadata": {"k": "v"}, "verbosity": "low", "logprobs": true, "top_logprobs": 2, "n": 1,
        "logit_bias": {"1": 2}, "store": true, "modalities": ["text"], "prediction": {}, "house_option": 1,
        "service_tier": "flex", "user_note": null});
    let chat = Chat { sampling: sampling.clone(), rest: rest(more), user: Some("é".repeat(65)), ..hello() };
    let (body, tells) = written(&chat, "gpt-5.5-pro");
    let dropped = [
        "temperature",
        "top_k",
        "presence_penalty",
        "seed",
        "stop",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "prediction",
        "house_option",
    ];
    assert_eq!(tells.dropped, dropped);
    assert_eq!((&body["metadata"], &body["service_tier"]), (&json!({"k": "v"}), &json!("flex")));
    assert_eq!((&body["text"], &body["store"]), (&json!({"verbosity": "low"}), &json!(false)));
    assert_eq!(body["safety_identifier"].as_str().unwrap().len(), 64);
    let more = rest(json!({"logprobs": true, "top_logprobs": 2}));
    let chat = Chat { sampling: Sampling { temperature: Some(0.5), ..Sampling::default() }, rest: more, ..hello() };
    let (body, tells) = written(&chat, "gpt-4.1");
    assert_eq!((&body["temperature"], &body["top_logprobs"]), (&json!(0.5), &json!(2)));
    assert_eq!((&body["include"], tells.dropped.len()), (&json!(["message.output_text.logprobs"]), 0));
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    let rest = |value: Value| Chat { rest: value.as_object().unwrap().clone(), ..hello() };
    let user = |part: Part| Chat { messages: vec![Message::User(vec![part])], ..Chat::default() };
    let picture = Part::Image(Image { source: Source::Id("f".into()), detail: None, cache: false });
    let sound = Part::File(File { name: None, source: Source::Id("audio_1".into()), cache: false });
    let tool = Tool::Other { kind: "web_search_20250305".into(), raw: json!({}) };
    for (chat, param) in [
        (rest(json!({"n": 2})), "n"),
        (rest(json!({"audio": {"voice": "x"}})), "audio"),
        (rest(json!({"modalities": ["text", "audio"]})), "modalities"),
        (Chat { max_tokens: Some(0), ..hello() }, "max_tokens"),
        (Chat { tools: vec![tool], ..hello() }, "tools[0]"),
        (user(picture), "messages[0].content[0].image_url"),
        (user(call("1", "f", "{}")), "messages[0].content[0]"),
        (Chat { messages: vec![Message::Assistant(vec![text("a"), sound])], ..hello() }, "messages[0].content[1]"),
    ] {
        assert_eq!(write(&chat, "m", &card("gpt-5.5-pro")).unwrap_err().param, param);
    }
}

#[test]
fn documents_and_marks() {
    let file = |source| {
        let part = Part::File(File { name: Some("a".into()), source, cache: false });
        input(vec![Message::User(vec![part])])[0]["content"][0].take()
    };
    let data = |media_type: &str| Source::Base64 { media_type: media_type.into(), data: "aGk=".into() };
    let pdf = "data:application/pdf;base64,aGk=";
    assert_eq!(file(data("application/pdf")), json!({"type": "input_file", "file_data": pdf, "filename": "a"}));
    assert_eq!(file(data("text/plain")), json!({"type": "input_text", "text": "hi"}));
    let url = "https://example.com/a.pdf";
    assert_eq!(file(Source::Url(url.into())), json!({"type": "input_file", "file_url": url, "filename": "a"}));
    assert_eq!(file(Source::Id("f".into())), json!({"type": "input_file", "file_id": "f", "filename": "a"}));
    let marked = Message::User(vec![Part::Text(Text { text: "a".into(), cache: true })]);
    let chat = Chat { messages: vec![marked], ..Chat::default() };
    let mark = |model| written(&chat, model).0["input"][0]["content"][0].get("prompt_cache_breakpoint").cloned();
    assert_eq!((mark("claude-haiku-5-5"), mark("gpt-6-sol")), (Some(json!({"mode": "explicit"})), None));
}
