//! Requests as Ollama's native form has them.

use super::*;

fn write(chat: &Chat) -> Result<Written, Unwritable> {
    Ollama.write_request(chat, "qwen3:8b", &card())
}

fn body(chat: &Chat) -> Value {
    by_value(&serde_json::from_slice(&write(chat).unwrap().body).unwrap())
}

fn check(chat: &Chat, field: &str, expected: Value) {
    assert_eq!(body(chat).get(field).cloned().unwrap_or_default(), by_value(&expected), "{field}");
}

fn check_refused(chat: &Chat, param: &str) {
    assert_eq!(write(chat).unwrap_err().param, param);
}

fn function(name: &str) -> Tool {
    Tool::Function(Function { name: name.into(), ..Function::default() })
}

fn rest(value: Value) -> Chat {
    let Value::Object(rest) = value else { panic!("an object") };
    Chat { rest, ..hello() }
}

#[test]
fn golden_16() {
    const PNG: &str =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]});
    let chat = Chat {
        messages: vec![
            Message::System(vec![text("Sys")]),
            Message::User(vec![text("See"), png(PNG), text("this")]),
            Message::Assistant(vec![call("c1", "f", "{\"x\":1}")]),
            result("c1", vec![text("ok")]),
        ],
        max_tokens: Some(64),
        sampling: Sampling { temperature: Some(0.0), seed: Some(7), stop: vec!["X".into()], ..Sampling::default() },
        effort: Some(Effort::Minimal),
        format: Format::Schema(Schema { name: Some("r".into()), description: None, schema, strict: None }),
        stream: true,
        ..Chat::default()
    };
    let expected = include_str!("../../../../tests/golden/16-ollama-native-request/ollama.request.json");
    assert_eq!(body(&chat), by_value(&serde_json::from_str(expected).unwrap()));
    let written = write(&chat).unwrap();
    assert_eq!(written.ours, ["think", "format", "options"]);
    assert_eq!(written.dropped, Vec::<String>::new());
}

#[test]
fn what_is_unset_is_not_sent_but_stream_is() {
    let expected = json!({"model": "qwen3:8b", "stream": false, "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(body(&hello()), expected);
}

#[test]
fn efforts_become_thinking() {
    let levels = [
        (Effort::None, json!(false)),
        (Effort::Minimal, json!("low")),
        (Effort::Low, json!("low")),
        (Effort::Medium, json!("medium")),
        (Effort::High, json!("high")),
        (Effort::Xhigh, json!("max")),
        (Effort::Max, json!("max")),
    ];
    for (effort, expected) in levels {
        check(&Chat { effort: Some(effort), ..hello() }, "think", expected);
    }
}

#[test]
fn every_way_of_drawing_has_its_option() {
    let sampling = Sampling {
        temperature: Some(0.5),
        top_p: Some(0.9),
        top_k: Some(40),
        min_p: Some(0.05),
        seed: Some(-1),
        stop: vec!["a".into(), "b".into()],
        frequency_penalty: Some(-0.5),
        presence_penalty: Some(1.5),
    };
    let chat = Chat { sampling, max_tokens: Some(9), ..rest(json!({"options": {"num_ctx": 8192, "seed": 3}})) };
    let expected = json!({
        "num_ctx": 8192, "seed": -1, "num_predict": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05,
        "stop": ["a", "b"], "frequency_penalty": -0.5, "presence_penalty": 1.5,
    });
    check(&chat, "options", expected);
    check_refused(&Chat { max_tokens: Some(0), ..hello() }, "max_tokens");
}

#[test]
fn formats() {
    check(&Chat { format: Format::Json, ..hello() }, "format", json!("json"));
    check(&hello(), "format", Value::Null);
    let schema = json!({"type": "array", "items": {"type": "string"}, "maxItems": 3});
    let format = Format::Schema(Schema { name: None, description: None, schema: schema.clone(), strict: Some(true) });
    check(&Chat { format, ..hello() }, "format", schema);
}

#[test]
fn tools_are_offered_in_openai_form_and_in_order() {
    let schema = json!({"type": "object", "properties": {"b": {}, "a": {}}});
    let weather = Function {
        name: "weather".into(),
        description: Some("The weather".into()),
        parameters: Some(schema.clone()),
        strict: Some(true),
        cache: true,
    };
    let chat = Chat { tools: vec![Tool::Function(weather), function("now")], ..hello() };
    let expected = json!([
        {"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": schema}},
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
    ]);
    check(&chat, "tools", expected);
    let written = write(&chat).unwrap();
    assert_eq!(written.ours, ["tools"]);
    assert_eq!(written.dropped, ["strict"]);
    assert!(std::str::from_utf8(&written.body).unwrap().contains(r#""properties":{"b":{},"a":{}}"#));
    let other = Tool::Other { kind: "web_search".into(), raw: json!({"type": "web_search"}) };
    check_refused(&Chat { tools: vec![function("a"), other], ..hello() }, "tools[1].type");
}

#[test]
fn how_tools_are_to_be_used() {
    let cases = [
        (ToolChoice::Auto, 2, vec![]),
        (ToolChoice::None, 0, vec![]),
        (ToolChoice::Required, 2, vec!["tool_choice"]),
        (ToolChoice::Named("a".into()), 2, vec!["tool_choice"]),
        (ToolChoice::Allowed { required: false, names: vec!["b".into()] }, 1, vec![]),
        (ToolChoice::Allowed { required: true, names: vec!["b".into()] }, 1, vec!["tool_choice"]),
    ];
    for (choice, offered, dropped) in cases {
        let chat = Chat { tools: vec![function("a"), function("b")], tool_choice: Some(choice.clone()), ..hello() };
        let tools = body(&chat).get("tools").and_then(Value::as_array).map_or(0, Vec::len);
        assert_eq!(
            (tools, write(&chat).unwrap().dropped),
            (offered, dropped.iter().map(|n| n.to_string()).collect()),
            "{choice:?}"
        );
    }
    let one_at_a_time = Chat { tools: vec![function("a")], parallel_tools: Some(false), ..hello() };
    assert_eq!(write(&one_at_a_time).unwrap().dropped, ["parallel_tool_calls"]);
    let without_tools = Chat { parallel_tools: Some(false), ..hello() };
    assert_eq!(write(&without_tools).unwrap().dropped, Vec::<String>::new());
}

#[test]
fn parallel_calls_and_their_answers() {
    let chat = ask(vec![
        Message::User(vec![text("both")]),
        Message::Assistant(vec![thought("two of them"), text("Yes."), call("c1", "f", ""), call("c2", "g", "[1]")]),
        result("c2", vec![text("two"), text("lines")]),
        Message::Tool(ToolResult { id: "c1".into(), parts: vec![text("boom")], plain: true, is_error: true }),
        result("c9", vec![]),
        Message::Assistant(vec![Part::Refusal("No.".into()), call("c1", "h", "{\"big\":123456789012345678901}")]),
        result("c1", vec![text("3")]),
    ]);
    let expected = json!([
        {"role": "user", "content": "both"},
        {"role": "assistant", "content": "Yes.", "thinking": "two of them", "tool_calls": [
            {"id": "c1", "function": {"name": "f", "arguments": {}}},
            {"id": "c2", "function": {"name": "g", "arguments": {"raw_arguments": "[1]"}}},
        ]},
        {"role": "tool", "content": "two\nlines", "tool_name": "g", "tool_call_id": "c2"},
        {"role": "tool", "content": "Error: boom", "tool_name": "f", "tool_call_id": "c1"},
        {"role": "tool", "content": "", "tool_call_id": "c9"},
        {"role": "assistant", "content": "No.", "tool_calls": [
            {"id": "c1", "function": {"name": "h", "arguments": {"big": 123456789012345678901.0}}},
        ]},
        {"role": "tool", "content": "3", "tool_name": "h", "tool_call_id": "c1"},
    ]);
    check(&chat, "messages", expected);
    let bytes = write(&chat).unwrap().body;
    assert!(std::str::from_utf8(&bytes).unwrap().contains(r#"{"big":123456789012345678901}"#), "no digit is lost");
}

#[test]
fn thoughts_of_other_providers_stay_behind() {
    let signed = Thought {
        text: "mine".into(),
        signature: Some("s".into()),
        sealed: None,
        format: Some(ANTHROPIC_THOUGHT.into()),
    };
    let chat = ask(vec![Message::Assistant(vec![Part::Thought(signed), text("x")])]);
    check(&chat, "messages", json!([{"role": "assistant", "content": "x"}]));
}

#[test]
fn parts_that_cannot_be_carried() {
    let says = |part: Part| ask(vec![Message::System(vec![]), Message::User(vec![text("see"), part])]);
    let url = Source::Url("https://example.com/a.png".into());
    check_refused(&says(picture(url.clone())), "messages[1].content[1].image_url");
    check_refused(&says(picture(Source::Id("file-1".into()))), "messages[1].content[1].image_url");
    let file = File { name: None, source: url, cache: false };
    check_refused(&says(Part::File(file)), "messages[1].content[1].file");
    let sound = Part::Audio { format: "wav".into(), data: "AAAA".into() };
    check_refused(&says(sound), "messages[1].content[1].input_audio");
    check_refused(&ask(vec![]), "messages");
}

#[test]
fn an_answer_is_no_longer_than_the_model_can_give() {
    let chat = Chat { max_tokens: Some(32_000), ..ask(vec![Message::User(vec![text("hi")])]) };
    check(&chat, "options", json!({"num_predict": 32_000}));
    let short = Card { max_output: Some(8_192), ..card() };
    let body: Value = serde_json::from_slice(&Ollama.write_request(&chat, "m", &short).unwrap().body).unwrap();
    assert_eq!(body["options"], json!({"num_predict": 8_192}));
}

#[test]
fn fields_that_change_the_answer_are_refused() {
    check_refused(&rest(json!({"n": 2})), "n");
    check_refused(&rest(json!({"logprobs": true})), "logprobs");
    check_refused(&rest(json!({"audio": {"voice": "x"}})), "audio");
    check_refused(&rest(json!({"modalities": ["text", "audio"]})), "modalities");
    check_refused(&rest(json!({"moderation": {"model": "x"}})), "moderation");
}

#[test]
fn the_rest_is_dropped_by_name_where_it_is_missed() {
    let harmless = json!({
        "n": 1, "logprobs": false, "modalities": ["text"], "audio": null, "store": true, "prompt_cache_key": "k",
        "service_tier": "auto", "logit_bias": {}, "fallbacks": [], "keep_alive": "10m", "metadata": null,
    });
    let chat = rest(harmless);
    assert_eq!(write(&chat).unwrap().dropped, Vec::<String>::new());
    check(&chat, "keep_alive", json!("10m"));
    let missed = json!({"verbosity": "low", "logit_bias": {"5": 1}, "service_tier": "flex", "top_logprobs": 2,
        "prediction": {}, "metadata": {"a": "b"}});
    let chat = Chat { user: Some("u".into()), ..rest(missed) };
    let names = ["user", "verbosity", "logit_bias", "service_tier", "top_logprobs", "prediction", "metadata"];
    assert_eq!(write(&chat).unwrap().dropped, names);
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        any::<String>().prop_map(|words| text(&words)),
        any::<String>().prop_map(|words| thought(&words)),
        any::<String>().prop_map(Part::Refusal),
        "[A-Za-z0-9+/]{0,12}".prop_map(|data| png(&data)),
        ("c[0-3]", "[a-z]{1,3}", any::<String>()).prop_map(|(id, name, words)| call(&id, &name, &words)),
    ];
    prop::collection::vec(part, 0..4)
}

fn turns() -> impl Strategy<Value = Vec<Message>> {
    let message = prop_oneof![
        parts().prop_map(Message::System),
        parts().prop_map(Message::User),
        parts().prop_map(Message::Assistant),
        ("c[0-3]", parts()).prop_map(|(id, parts)| result(&id, parts)),
    ];
    prop::collection::vec(message, 1..8)
}

proptest! {
    #[test]
    fn a_longer_history_has_the_shorter_one_as_its_prefix(messages in turns(), keep in 1usize..8) {
        let whole = body(&ask(messages.clone()));
        let start: Vec<Message> = messages.iter().take(keep).cloned().collect();
        let count = start.len();
        let shorter = body(&ask(start));
        prop_assert_eq!(&whole["messages"].as_array().unwrap()[..count], &shorter["messages"].as_array().unwrap()[..]);
        for message in whole["messages"].as_array().unwrap() {
            prop_assert!(message["content"].is_string());
            for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
                prop_assert!(call["function"]["arguments"].is_object());
            }
        }
    }
}
