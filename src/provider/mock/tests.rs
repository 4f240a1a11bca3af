//! The mock's answers, whole and streamed, and values made from schemas.

use proptest::prelude::*;

use super::*;
use crate::domain::chat::Finish;
use crate::protocol::{Front, Inspected, Seen, scan, splice};

fn whole(body: Value) -> Value {
    match answer("/chat/completions", &Bytes::from(body.to_string())) {
        LocalAnswer::Whole(bytes) => {
            assert!(matches!(OpenAi.inspect(&bytes), Ok(Inspected::Answer(_))));
            serde_json::from_slice(&bytes).unwrap()
        }
        LocalAnswer::Pieces(_) => panic!("whole was asked for"),
    }
}

fn pieces(body: Value) -> Vec<Bytes> {
    match answer("/chat/completions", &Bytes::from(body.to_string())) {
        LocalAnswer::Pieces(pieces) => pieces,
        LocalAnswer::Whole(_) => panic!("a stream was asked for"),
    }
}

/// The chunks before the terminal event.
fn chunks(body: Value) -> Vec<Value> {
    let mut pieces = pieces(body);
    assert_eq!(pieces.pop().unwrap(), "data: [DONE]\n\n");
    let data = |piece: &Bytes| {
        let text = std::str::from_utf8(piece).unwrap();
        serde_json::from_str(text.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap()).unwrap()
    };
    pieces.iter().map(data).collect()
}

fn says(text: &str) -> Value {
    json!({"model": "mock-gpt-4o", "messages": [{"role": "user", "content": text}]})
}

fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn check(schema: Value, expected: Value) {
    assert_eq!(instance::of(&schema), Some(expected), "{schema}");
}

const HELLO: &str = "Hello from the mock provider. You said: ";

#[test]
fn a_whole_answer_echoes_and_counts() {
    let body = says("what a day");
    let answer = whole(body.clone());
    assert_eq!(answer["model"], "mock-gpt-4o");
    assert!(answer["created"].as_u64().unwrap() > 1_700_000_000);
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": format!("{HELLO}what a day"),
        "refusal": null}, "logprobs": null, "finish_reason": "stop"});
    assert_eq!(answer["choices"], json!([choice]));
    let (input, output) = (body.to_string().len() / 4, (HELLO.len() + 10) / 4);
    let usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
    assert_eq!(answer["usage"], usage);
}

#[test]
fn the_last_user_is_echoed_within_bounds() {
    let content = |body: Value| whole(body)["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    let parts = json!([{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "this"}]);
    let turns = json!([{"role": "user", "content": "first"}, {"role": "user", "content": parts},
        {"role": "assistant", "content": "hm"}]);
    assert_eq!(content(json!({"messages": turns})), format!("{HELLO}see this"));
    assert_eq!(content(says(&"é".repeat(500))), format!("{HELLO}{}…", "é".repeat(200)));
    assert_eq!(content(says(&"é".repeat(200))), format!("{HELLO}{}", "é".repeat(200)));
    for odd in [json!({}), json!([]), json!("x"), json!({"messages": [null, {"role": "user", "content": 7}]})] {
        assert_eq!(content(odd), "Hello from the mock provider. You said nothing in words.");
    }
    assert!(matches!(super::answer("/chat/completions", &Bytes::from_static(b"\xff{")), LocalAnswer::Whole(_)));
}

#[test]
fn a_stream_says_the_same_in_pieces() {
    let chunks = chunks(with(says("what a day"), json!({"stream": true})));
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert!(chunks.len() > 4);
    let said: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(said, format!("{HELLO}what a day"));
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
}

#[test]
fn a_stream_passes_the_gateways_own_tap() {
    let usage = json!({"stream": true, "n": 3, "stream_options": {"include_usage": true}});
    let body = with(says("hi"), usage);
    let mut call = scan::scan(&OpenAi, Bytes::from(body.to_string())).unwrap();
    call.facts.include_usage = false;
    let mut tap = OpenAi.tap(&call);
    let mut seen: Vec<Seen> = Vec::new();
    for piece in pieces(body.clone()) {
        seen.push(tap.see(None, piece.strip_prefix(b"data: ").unwrap().trim_ascii()));
    }
    assert_eq!(seen[..3], [Seen::Pass; 3]);
    assert_eq!(seen[3..6], [Seen::Content; 3]);
    assert_eq!(seen[seen.len() - 2..], [Seen::Drop, Seen::Terminal]);
    assert!(tap.finished());
    let learned = tap.learned();
    assert_eq!((learned.model.as_deref(), learned.finish), (Some("mock-gpt-4o"), Some(Finish::Stop)));
    assert_eq!(learned.usage.unwrap().input, (body.to_string().len() / 4) as u64);
    let order: Vec<Value> = chunks(body).iter().map(|chunk| chunk["choices"][0]["index"].clone()).collect();
    assert_eq!(order[..6], [0, 1, 2, 0, 1, 2].map(Value::from));
}

#[test]
fn as_many_choices_as_were_asked_for() {
    let count = |n: Value| whole(with(says("hi"), json!({"n": n})))["choices"].as_array().unwrap().len();
    assert_eq!([json!(1), json!(2), json!(128), json!(0), json!(9000), json!("x")].map(count), [1, 2, 128, 1, 128, 1]);
}

#[test]
fn a_forced_tool_is_called_with_fitting_arguments() {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer",
        "minimum": 1}, "unit": {"enum": ["C", "F"]}, "note": {"type": "string"}}, "required": ["city", "days", "unit"]});
    let tools = json!([{"type": "function", "function": {"name": "now"}},
        {"type": "function", "function": {"name": "weather", "parameters": schema}}]);
    let asked = |choice: Value| with(says("hi"), json!({"tools": tools, "tool_choice": choice}));
    let call = |choice: Value| whole(asked(choice))["choices"][0]["message"]["tool_calls"][0].clone();
    let named = json!({"type": "function", "function": {"name": "weather"}});
    let arguments = r#"{"city":"mock","days":1,"unit":"C"}"#;
    let expected = json!({"id": "call_mock_1_0", "type": "function",
        "function": {"name": "weather", "arguments": arguments}});
    assert_eq!(call(named.clone()), expected);
    assert_eq!(call(json!("required"))["function"], json!({"name": "now", "arguments": "{}"}));
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named]}});
    assert_eq!(call(allowed), expected);
    for free in [json!("auto"), json!("none"), Value::Null, json!({"type": "function", "function": {"name": "x"}})] {
        assert_eq!(whole(asked(free))["choices"][0]["finish_reason"], "stop");
    }

    let chunks = chunks(with(asked(named), json!({"stream": true, "n": 2})));
    let first = |at: usize| chunks[at].pointer("/choices/0/delta/tool_calls/0").cloned().unwrap();
    assert_eq!((first(0)["id"].clone(), first(1)["id"].clone()), (json!("call_mock_1_0"), json!("call_mock_1_1")));
    let second = chunks.iter().filter(|chunk| chunk["choices"][0]["index"] == 1);
    let said: String = second
        .filter_map(|chunk| chunk.pointer("/choices/0/delta/tool_calls/0/function/arguments")?.as_str())
        .collect();
    assert_eq!(said, arguments);
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn json_where_json_is_asked_for() {
    let content = |format: Value| -> Value {
        let answer = whole(with(says("hi"), json!({"response_format": format})));
        serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap()
    };
    assert_eq!(content(json!({"type": "json_object"})), json!({"answer": format!("{HELLO}hi")}));
    let schema = json!({"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]});
    assert_eq!(
        content(json!({"type": "json_schema", "json_schema": {"name": "r", "schema": schema}})),
        json!({"a": true})
    );
    assert_eq!(content(json!({"type": "json_schema", "json_schema": {"schema": false}})), json!({}));
}

#[test]
fn usage_is_asked_for_like_at_openai() {
    let call = scan::scan(&OpenAi, Bytes::from(with(says("hi"), json!({"stream": true})).to_string())).unwrap();
    let mut edits = Edits::default();
    Chat.edit(&call, &Card::PLAIN, &mut edits);
    let body: Value = serde_json::from_slice(&splice::splice(&call, &edits).concat()).unwrap();
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
}

#[test]
fn values_of_every_type() {
    check(json!(true), json!("mock"));
    check(json!({}), json!("mock"));
    check(json!({"type": "null"}), json!(null));
    check(json!({"type": ["integer", "null"]}), json!(0));
    check(json!({"const": {"a": 1}}), json!({"a": 1}));
    check(json!({"enum": [3, 4]}), json!(3));
    check(json!({"type": "array", "items": {"type": "boolean"}}), json!([]));
    check(json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2}), json!([true, true]));
    check(json!({"prefixItems": [{"const": 1}], "items": {"const": 2}, "minItems": 3}), json!([1, 2, 2]));
    check(json!({"items": [{"const": 1}], "minItems": 2}), json!([1, "mock"]));
    check(json!({"type": "string", "minLength": 6}), json!("mockmo"));
    check(json!({"type": "string", "maxLength": 2}), json!("mo"));
    check(json!({"type": "string", "format": "date"}), json!("2000-01-01"));
    check(json!({"required": ["x"]}), json!({"x": "mock"}));
    check(json!({"type": "object", "properties": {"x": {}}}), json!({}));
}

#[test]
fn numbers_within_their_bounds() {
    check(json!({"type": "integer", "minimum": 1.5}), json!(2));
    check(json!({"type": "integer", "exclusiveMinimum": 2}), json!(3));
    check(json!({"type": "integer", "maximum": -1.5}), json!(-2));
    check(json!({"type": "integer", "exclusiveMaximum": 0}), json!(-1));
    check(json!({"type": "integer", "minimum": 4, "multipleOf": 3}), json!(6));
    check(json!({"type": "integer", "exclusiveMinimum": -1, "exclusiveMaximum": 5}), json!(0));
    check(json!({"type": "number", "minimum": 0.5}), json!(0.5));
    check(json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}), json!(0.5));
    check(json!({"type": "number", "exclusiveMinimum": 0}), json!(1.0));
    check(json!({"type": "number", "exclusiveMaximum": 0, "minimum": -1}), json!(-0.5));
}

#[test]
fn choices_and_references() {
    check(json!({"anyOf": [false, {"type": "integer"}]}), json!(0));
    check(json!({"oneOf": [{"const": "a"}, {"const": "b"}]}), json!("a"));
    let both = json!({"allOf": [{"required": ["a"]}, {"required": ["b"], "properties": {"b": {"type": "null"}}}]});
    check(both, json!({"a": "mock", "b": null}));
    let own = json!({"properties": {"a": {"const": 1}}, "required": ["a"], "anyOf": [{"required": ["b"]}]});
    check(own, json!({"a": 1, "b": "mock"}));
    let list = json!({
        "$ref": "#/$defs/node",
        "$defs": {"node": {"type": "object", "required": ["value", "next"], "properties": {
            "value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}},
    });
    check(list, json!({"value": 0, "next": null}));
    let endless = json!({"type": "object", "required": ["me"], "properties": {"me": {"$ref": "#"}}});
    assert_eq!(instance::of(&json!({"$ref": "https://example.com/schema"})), None);
    assert_eq!(instance::of(&endless), None);
}

#[test]
fn greedy_schemas_are_given_up() {
    assert_eq!(instance::of(&json!({"type": "string", "minLength": u64::MAX})), None);
    assert_eq!(instance::of(&json!({"type": "array", "minItems": u64::MAX})), None);
    let mut defs = Map::new();
    for at in 0..200 {
        let twice = json!({"required": ["a", "b"], "properties": {
            "a": {"$ref": format!("#/$defs/{}", at + 1)}, "b": {"$ref": format!("#/$defs/{}", at + 1)}}});
        defs.insert(at.to_string(), twice);
    }
    assert_eq!(instance::of(&json!({"$ref": "#/$defs/0", "$defs": defs})), None);
}

/// JSON that is full of the words of schemas and requests.
fn value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "type",
        "object",
        "array",
        "string",
        "integer",
        "number",
        "properties",
        "required",
        "items",
        "minItems",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "anyOf",
        "allOf",
        "enum",
        "const",
        "$ref",
        "#",
        "#/items",
        "model",
        "messages",
        "role",
        "user",
        "content",
        "text",
        "n",
        "stream",
        "tools",
        "function",
        "name",
        "parameters",
        "tool_choice",
        "response_format",
        "json_schema",
        "schema",
    ]);
    let leaf = prop_oneof![
        word.clone().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        let named = prop::collection::vec((word.clone().prop_map(str::to_owned), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Value::Array),
            named.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in value(), schema in value(), streamed: bool) {
        let tools = json!([{"type": "function", "function": {"name": "f", "parameters": schema}}]);
        let forced = json!({"messages": body, "tools": tools, "tool_choice": "required", "stream": streamed, "n": 2});
        for body in [body, forced] {
            match answer("/chat/completions", &Bytes::from(body.to_string())) {
                LocalAnswer::Whole(bytes) => prop_assert!(matches!(OpenAi.inspect(&bytes), Ok(Inspected::Answer(_)))),
                LocalAnswer::Pieces(pieces) => prop_assert!(pieces.len() > 3),
            }
        }
    }
}
