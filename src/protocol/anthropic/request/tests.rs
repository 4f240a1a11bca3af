//! Requests, field by field.

use serde_json::json;

use super::super::kit::*;
use super::*;
use crate::domain::chat::{Effort, Function, Message, Schema, Tool, ToolChoice, ToolResult};

fn hello() -> Chat {
    chat(vec![user("hi")])
}

fn effort(effort: Effort) -> Chat {
    Chat { effort: Some(effort), ..hello() }
}

fn tool(name: &str) -> Tool {
    Tool::Function(Function { name: name.into(), ..Function::default() })
}

fn dropped(chat: &Chat, model: &str) -> Vec<String> {
    written(chat, model).unwrap().dropped
}

#[test]
fn the_longest_answer_is_chosen_or_kept_in_bounds() {
    let asked = |max_tokens, model: &str| {
        let chat = Chat { max_tokens, ..hello() };
        let ours = written(&chat, model).unwrap().ours.contains(&"max_tokens");
        (sent(&chat, model)["max_tokens"].as_u64().unwrap(), ours)
    };
    assert_eq!(asked(None, "claude-opus-5-5"), (32_000, true));
    assert_eq!(asked(None, "claude-unknown"), (32_000, true));
    assert_eq!(asked(Some(100_000), "claude-opus-5-5"), (100_000, false));
    assert_eq!(asked(Some(100_000), "claude-haiku-4-5"), (64_000, true));
    assert_eq!(refused(&Chat { max_tokens: Some(0), ..hello() }, "claude-opus-5-5").0, "max_completion_tokens");
}

#[test]
fn efforts_by_model() {
    let summarized = json!({"type": "adaptive", "display": "summarized"});
    for (wanted, model, thinking, level, left_out) in [
        (Effort::Minimal, "claude-opus-5-5", &summarized, json!("low"), false),
        (Effort::Xhigh, "claude-opus-5-5", &summarized, json!("xhigh"), false),
        (Effort::Max, "claude-sonnet-4-6", &summarized, json!("max"), false),
        (Effort::Xhigh, "claude-sonnet-4-6", &summarized, json!("high"), false),
        (Effort::None, "claude-sonnet-4-6", &json!(null), json!(null), false),
        (Effort::None, "claude-opus-4-8", &json!(null), json!(null), false),
        (Effort::None, "claude-haiku-5-5", &json!({"type": "disabled"}), json!(null), false),
        (Effort::None, "claude-sonnet-5-5", &json!({"type": "between_tools"}), json!(null), false),
        (Effort::None, "claude-mythos-5-2", &summarized, json!("low"), true),
        (Effort::None, "claude-haiku-4-5", &json!(null), json!(null), false),
        (Effort::Low, "claude-haiku-4-5", &json!({"type": "enabled", "budget_tokens": 1024}), json!(null), false),
        (Effort::Medium, "claude-opus-4-5", &json!({"type": "enabled", "budget_tokens": 2048}), json!(null), false),
        (Effort::Max, "claude-opus-4-5", &json!({"type": "enabled", "budget_tokens": 4999}), json!(null), false),
    ] {
        let body = sent(&effort(wanted), model);
        assert_eq!((&body["thinking"], &body["output_config"]["effort"]), (thinking, &level), "{model} {wanted:?}");
        assert_eq!(dropped(&effort(wanted), model) == ["reasoning_effort"], left_out, "{model} {wanted:?}");
    }
    let short = Chat { max_tokens: Some(1024), ..effort(Effort::High) };
    assert_eq!(sent(&short, "claude-haiku-4-5").get("thinking"), None);
    assert_eq!(dropped(&short, "claude-haiku-4-5"), ["reasoning_effort"]);
}

#[test]
fn an_older_model_does_not_think_where_it_would_be_refused() {
    let called = |first| {
        let calls = Message::Assistant(vec![first, call("1", "")]);
        Chat { messages: vec![user("a"), calls, result("1", "r")], ..effort(Effort::High) }
    };
    assert_eq!(sent(&called(text("x")), "claude-haiku-4-5").get("thinking"), None);
    assert_eq!(dropped(&called(text("x")), "claude-haiku-4-5"), ["reasoning_effort"]);
    assert_eq!(sent(&called(thought("t", "s")), "claude-haiku-4-5")["thinking"]["type"], "enabled");
    assert_eq!(sent(&called(text("x")), "claude-sonnet-4-6")["thinking"]["type"], "adaptive");
    let begun = Chat { messages: vec![user("a"), assistant("{")], ..effort(Effort::High) };
    assert_eq!(sent(&begun, "claude-haiku-4-5").get("thinking"), None);
}

#[test]
fn thoughts_given_back_may_be_dropped_by_the_provider() {
    let history = vec![user("a"), Message::Assistant(vec![thought("t", "s"), text("b")]), user("c")];
    let with = |effort| Chat { messages: history.clone(), effort, ..hello() };
    let thinking = |effort, model: &str| {
        let written = written(&with(effort), model).unwrap();
        let body: Value = serde_json::from_slice(&written.body).unwrap();
        let beta = written
            .headers
            .iter()
            .any(|(name, value)| name == "anthropic-beta" && value == "thinking-binding-controls-2026-08-01");
        (body["thinking"].clone(), beta)
    };
    let binding = json!({"prefix_mismatch_behavior": "drop_block"});
    let plain = json!({"type": "adaptive", "block_binding": binding});
    let asked = json!({"type": "adaptive", "display": "summarized", "block_binding": binding});
    assert_eq!(thinking(None, "claude-opus-5-5"), (plain, true));
    assert_eq!(thinking(Some(Effort::High), "claude-haiku-5-5"), (asked, true));
    assert_eq!(thinking(Some(Effort::None), "claude-haiku-5-5"), (json!({"type": "disabled"}), false));
    assert_eq!(thinking(None, "claude-opus-5"), (json!(null), false));
    assert_eq!(thinking(None, "claude-sonnet-4-6"), (json!(null), false));
}

#[test]
fn drawing_is_for_models_that_take_it() {
    let drawn = |sampling: Sampling, model: &str| {
        let chat = Chat { sampling, ..hello() };
        let body = sent(&chat, model);
        (json!([body["temperature"], body["top_p"], body["top_k"]]), dropped(&chat, model))
    };
    let of = |temperature, top_p| Sampling { temperature, top_p, ..Sampling::default() };
    assert_eq!(drawn(of(Some(1.6), Some(0.9)), "claude-haiku-4-5"), (json!([1.0, null, null]), vec!["top_p".into()]));
    assert_eq!(drawn(of(None, Some(0.9)), "claude-haiku-4-5"), (json!([null, 0.9, null]), vec![]));
    assert_eq!(drawn(of(Some(1.0), Some(1.0)), "claude-opus-5-5"), (json!([null, null, null]), vec![]));
    let everything = Sampling {
        temperature: Some(0.5),
        top_p: Some(0.5),
        top_k: Some(4),
        min_p: Some(0.1),
        seed: Some(7),
        stop: vec!["END".into(), " \n".into()],
        frequency_penalty: Some(0.1),
        presence_penalty: Some(0.0),
    };
    let all = ["temperature", "top_p", "top_k", "min_p", "seed", "frequency_penalty", "stop"].map(String::from);
    assert_eq!(drawn(everything.clone(), "claude-opus-5-5"), (json!([null, null, null]), all.to_vec()));
    let body = sent(&Chat { sampling: everything, ..hello() }, "claude-sonnet-4-6");
    assert_eq!(
        (&body["temperature"], &body["top_k"], &body["stop_sequences"]),
        (&json!(0.5), &json!(4), &json!(["END"]))
    );
    let thinking = Chat { sampling: of(Some(0.5), None), ..effort(Effort::Low) };
    assert_eq!(sent(&thinking, "claude-sonnet-4-6").get("temperature"), None);
}

#[test]
fn tools_and_how_they_are_used() {
    let with = |tool_choice, parallel_tools| Chat {
        tools: vec![tool("a"), tool("b")],
        tool_choice,
        parallel_tools,
        ..hello()
    };
    let choice = |tool_choice, parallel, model: &str| sent(&with(tool_choice, parallel), model)["tool_choice"].take();
    let named = || Some(ToolChoice::Named("b".into()));
    for (wanted, parallel, expected) in [
        (None, None, json!(null)),
        (None, Some(true), json!(null)),
        (None, Some(false), json!({"type": "auto", "disable_parallel_tool_use": true})),
        (Some(ToolChoice::None), Some(false), json!({"type": "none"})),
        (Some(ToolChoice::Auto), None, json!({"type": "auto"})),
        (Some(ToolChoice::Required), None, json!({"type": "any"})),
        (named(), Some(false), json!({"type": "tool", "name": "b", "disable_parallel_tool_use": true})),
    ] {
        assert_eq!(choice(wanted, parallel, "claude-opus-5"), expected);
    }
    assert_eq!(choice(named(), None, "claude-opus-5-5"), json!({"type": "auto"}));
    assert_eq!(dropped(&with(named(), None), "claude-opus-5-5"), ["tool_choice"]);
    let allowed = Some(ToolChoice::Allowed { required: true, names: vec!["b".into()] });
    let body = sent(&with(allowed, None), "claude-opus-5");
    assert_eq!(body["tools"], json!([{"name": "b", "input_schema": {"type": "object", "properties": {}}}]));
    assert_eq!(body["tool_choice"], json!({"type": "any"}));
    let none = Chat { tool_choice: Some(ToolChoice::Auto), parallel_tools: Some(false), ..hello() };
    assert_eq!(sent(&none, "claude-opus-5").get("tool_choice"), None);
    let stranger = with(Some(ToolChoice::Named("c".into())), None);
    assert_eq!(refused(&stranger, "claude-opus-5").0, "tool_choice");
}

#[test]
fn a_forced_tool_goes_before_thought() {
    let forced = Chat { tools: vec![tool("a")], tool_choice: Some(ToolChoice::Required), ..effort(Effort::High) };
    for model in ["claude-sonnet-4-6", "claude-haiku-4-5", "claude-haiku-5-5"] {
        let body = sent(&forced, model);
        assert_eq!((body.get("thinking"), &body["tool_choice"]["type"]), (None, &json!("any")), "{model}");
        assert_eq!(dropped(&forced, model), ["reasoning_effort"]);
    }
    assert_eq!(sent(&forced, "claude-opus-5-5")["thinking"]["type"], "adaptive");
}

#[test]
fn a_tools_schema_is_an_objects_and_strict_only_where_it_fits() {
    let sent = |parameters, strict| {
        let function = Function { name: "a".into(), parameters, strict, ..Function::default() };
        let chat = Chat { tools: vec![Tool::Function(function)], ..hello() };
        (sent(&chat, "claude-opus-5")["tools"][0].take(), dropped(&chat, "claude-opus-5"))
    };
    let strict = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let (tool, left_out) = sent(Some(strict.clone()), Some(true));
    assert_eq!((&tool["input_schema"], &tool["strict"], left_out.len()), (&strict, &json!(true), 0));
    let loose = json!({"properties": {"n": {"type": "integer", "minimum": 0}}});
    let (tool, left_out) = sent(Some(loose), Some(true));
    let typed = json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}});
    assert_eq!((&tool["input_schema"], tool.get("strict")), (&typed, None));
    assert_eq!(left_out, ["strict"]);
    for (name, parameters, param) in [
        ("a b", None, "tools[0].function.name"),
        ("", None, "tools[0].function.name"),
        ("a", Some(json!([])), "tools[0].function.parameters"),
    ] {
        let function = Function { name: name.into(), parameters, ..Function::default() };
        assert_eq!(refused(&Chat { tools: vec![Tool::Function(function)], ..hello() }, "claude-opus-5").0, param);
    }
    let custom = Tool::Other { kind: "custom".into(), raw: json!({"type": "custom"}) };
    assert_eq!(refused(&Chat { tools: vec![custom], ..hello() }, "claude-opus-5").0, "tools[0].type");
}

#[test]
fn other_parameters_are_mapped_left_out_or_refused() {
    let with = |name: &str, value: Value| {
        let mut chat = hello();
        chat.rest.insert(name.into(), value);
        chat
    };
    for (name, value) in [
        ("n", json!(1)),
        ("logprobs", json!(false)),
        ("top_logprobs", json!(0)),
        ("logit_bias", json!({})),
        ("modalities", json!(["text"])),
        ("metadata", json!({"a": "b"})),
        ("store", json!(true)),
        ("prompt_cache_key", json!("k")),
        ("service_tier", json!("auto")),
        ("anything", json!(null)),
    ] {
        assert_eq!(dropped(&with(name, value), "claude-opus-5"), [""; 0], "{name}");
    }
    for (name, value) in [
        ("top_logprobs", json!(3)),
        ("logit_bias", json!({"1": 2})),
        ("prediction", json!({"type": "content"})),
        ("web_search_options", json!({})),
        ("verbosity", json!("low")),
        ("service_tier", json!("flex")),
        ("anything", json!(false)),
    ] {
        assert_eq!(dropped(&with(name, value), "claude-opus-5"), [name]);
    }
    for (name, value) in [
        ("n", json!(2)),
        ("logprobs", json!(true)),
        ("audio", json!({"voice": "alloy"})),
        ("modalities", json!(["text", "audio"])),
        ("moderation", json!({"mode": "strict"})),
    ] {
        assert_eq!(refused(&with(name, value), "claude-opus-5").0, name);
    }
    let tier = sent(&with("service_tier", json!("default")), "claude-opus-5");
    assert_eq!(tier["service_tier"], "standard_only");
}

#[test]
fn a_users_id_is_opaque() {
    let id = |user: &str| {
        let chat = Chat { user: Some(user.into()), ..hello() };
        sent(&chat, "claude-opus-5")["metadata"]["user_id"].as_str().map(str::to_owned)
    };
    assert_eq!(id("u-8f2c").as_deref(), Some("u-8f2c"));
    assert_eq!(id(" "), None);
    let hash = "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514";
    assert_eq!(id("user@example.com").as_deref(), Some(hash));
    for user in ["+44 20 7946 0958", &"x".repeat(257)] {
        assert_eq!(id(user).map(|id| id.len()), Some(64));
    }
}

#[test]
fn json_is_asked_for_in_words_and_a_schema_in_its_own_field() {
    let json = Chat { format: Format::Json, ..chat(vec![system("s"), user("hi")]) };
    let written = written(&json, "claude-opus-5").unwrap();
    let words = "Respond with one valid JSON object and nothing else.";
    assert_eq!(
        sent(&json, "claude-opus-5")["system"],
        json!([{"type": "text", "text": "s"}, {"type": "text", "text": words}])
    );
    assert_eq!((written.dropped, written.ours), (vec!["response_format".to_owned()], vec!["system"]));
    let schema = |schema| {
        let wanted = Schema { name: Some("n".into()), description: None, schema, strict: Some(true) };
        Chat { format: Format::Schema(wanted), ..effort(Effort::Low) }
    };
    let body = sent(&schema(json!({"type": "object"})), "claude-opus-5");
    let format = json!({"type": "json_schema", "schema": {"type": "object", "additionalProperties": false}});
    assert_eq!(body["output_config"], json!({"effort": "low", "format": format}));
    let open = schema(json!({"type": "object", "additionalProperties": true}));
    assert_eq!(dropped(&open, "claude-opus-5"), ["response_format"]);
    let endless = schema(json!({"properties": {"a": {"$ref": "#"}}}));
    assert_eq!(refused(&endless, "claude-opus-5").0, "response_format.json_schema.schema");
}

#[test]
fn cached_prefixes_that_end_in_a_result_are_counted() {
    let result = |id: &str| {
        let parts = vec![cached("a"), cached("b")];
        Message::Tool(ToolResult { id: id.into(), parts, plain: false, is_error: false })
    };
    let calls = Message::Assistant(vec![call("a", "{}"), call("b", "{}")]);
    let body = sent(
        &chat(vec![user("go"), calls, result("a"), result("b"), Message::User(vec![cached("c")])]),
        "claude-opus-5",
    );
    let marked = |at: &str| body.pointer(&format!("/messages/2/content{at}")).unwrap().get("cache_control").is_some();
    let kept = ["/0/content/0", "/0/content/1", "/1/content/0", "/1/content/1", "/2"].map(marked);
    assert_eq!(kept, [false, true, true, true, true]);
}

#[test]
fn the_last_four_cached_prefixes_are_kept() {
    let cached_tool = Tool::Function(Function { name: "a".into(), cache: true, ..Function::default() });
    let messages = vec![
        Message::System(vec![cached("s")]),
        Message::User(vec![cached("1"), cached("2")]),
        assistant("x"),
        Message::User(vec![cached("3"), text("4")]),
    ];
    let full = Chat { tools: vec![cached_tool], ..chat(messages) };
    let body = sent(&full, "claude-opus-5");
    let marked = |at: &str| body.pointer(at).unwrap().get("cache_control").is_some();
    let kept = ["/system/0", "/messages/0/content/0", "/messages/0/content/1", "/messages/2/content/0"];
    assert!(kept.iter().all(|at| marked(at)), "{body}");
    assert!(!marked("/tools/0") && !marked("/messages/2/content/1"));
}

#[test]
fn what_the_gateway_chose_is_named() {
    let chosen = Chat {
        max_tokens: None,
        user: Some("u".into()),
        tools: vec![tool("a")],
        tool_choice: Some(ToolChoice::Auto),
        ..effort(Effort::High)
    };
    let ours = written(&chosen, "claude-opus-5").unwrap().ours;
    assert_eq!(ours, ["max_tokens", "tool_choice", "thinking", "output_config", "metadata"]);
    assert_eq!(written(&hello(), "claude-opus-5").unwrap().ours, [""; 0]);
}
