//! Turns as Anthropic wants them, whatever order they came in.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::kit::*;
use super::*;
use crate::domain::chat::{ANTHROPIC_THOUGHT, Chat, File, Image, Source};

/// Takes a system message after the first turn.
const NEW: &str = "claude-opus-5-5";
/// Takes none.
const OLD: &str = "claude-sonnet-4-6";
/// Goes on with its own last turn.
const OLDEST: &str = "claude-haiku-4-5";

fn turns(messages: Vec<Message>, model: &str) -> Value {
    sent(&chat(messages), model)["messages"].take()
}

/// Turns in short: a letter for the role, and the blocks' words.
fn short(messages: Vec<Message>, model: &str) -> Vec<String> {
    let block = |block: &Value| match block["type"].as_str().unwrap() {
        "text" => block["text"].as_str().unwrap().replace(PREFIX, "!"),
        "tool_use" => format!("call {}", block["id"].as_str().unwrap()),
        "tool_result" => format!("result {}", block["tool_use_id"].as_str().unwrap()),
        other => other.to_owned(),
    };
    let turn = |turn: &Value| {
        let blocks: Vec<String> = turn["content"].as_array().unwrap().iter().map(block).collect();
        format!("{}: {}", &turn["role"].as_str().unwrap()[..1], blocks.join(", "))
    };
    turns(messages, model).as_array().unwrap().iter().map(turn).collect()
}

const PREFIX: &str = "System instruction (from the application, not the user):\n";

#[test]
fn one_role_is_one_turn_and_blank_ones_are_gone() {
    let messages = vec![
        user("a"),
        user(" \n"),
        assistant(""),
        user("b"),
        assistant("c"),
        Message::Assistant(vec![]),
        assistant("d"),
    ];
    assert_eq!(short([messages, vec![user("e")]].concat(), NEW), ["u: a, b", "a: c, d", "u: e"]);
}

#[test]
fn instructions_come_behind_the_turn_of_the_user_where_they_may_have_their_own() {
    let cases = [
        (vec![user("a"), system("s")], vec!["u: a", "s: s"]),
        (vec![user("a"), system("s"), assistant("b"), user("c")], vec!["u: a", "s: s", "a: b", "u: c"]),
        (vec![user("a"), assistant("b"), system("s"), user("c")], vec!["u: a", "a: b", "u: c", "s: s"]),
        (vec![user("a"), system("s"), user("b"), system("t")], vec!["u: a, b", "s: s, t"]),
        (vec![user("a"), assistant("b"), system("s")], vec!["u: a", "a: b", "u: !s"]),
        (
            vec![user("a"), assistant("b"), system("s"), assistant("c"), user("d")],
            vec!["u: a", "a: b", "u: !s", "a: c", "u: d"],
        ),
        (vec![user(" "), system("s"), assistant("b"), user("c")], vec!["u: !s", "a: b", "u: c"]),
        (
            vec![user("a"), Message::Assistant(vec![call("1", "")]), system("s"), result("1", "r"), system("t")],
            vec!["u: a", "a: call 1", "u: result 1", "s: s, t"],
        ),
    ];
    for (messages, expected) in cases {
        assert_eq!(short(messages.clone(), NEW), expected, "{messages:?}");
    }
}

#[test]
fn instructions_stand_in_the_turn_of_the_user_elsewhere() {
    let calls = Message::Assistant(vec![call("1", ""), call("2", "")]);
    let cases = [
        (vec![user("a"), system("s")], vec!["u: a, !s"]),
        (vec![user("a"), assistant("b"), system("s"), user("c")], vec!["u: a", "a: b", "u: !s, c"]),
        (vec![user("a"), assistant("b"), system("s")], vec!["u: a", "a: b", "u: !s"]),
        (
            vec![user("a"), calls, system("s"), result("2", "r"), system("t"), result("1", "r"), user("c")],
            vec!["u: a", "a: call 1, call 2", "u: result 2, result 1, !s, !t, c"],
        ),
    ];
    for (messages, expected) in cases {
        assert_eq!(short(messages.clone(), OLD), expected, "{messages:?}");
    }
}

#[test]
fn a_conversation_may_begin_and_end_with_the_model() {
    assert_eq!(short(vec![assistant("a"), user("b")], NEW), ["u: (conversation continues)", "a: a", "u: b"]);
    assert_eq!(short(vec![user("a"), assistant("{ ")], NEW), ["u: a", "a: { ", "u: Continue."]);
    assert_eq!(short(vec![user("a"), assistant("{ \n")], OLDEST), ["u: a", "a: {"]);
}

#[test]
fn ids_and_arguments_are_written_as_they_must_be() {
    let calls = vec![
        call("call:1", ""),
        call("call_1", "null"),
        call("c", " {\"b\": 1,  \"a\":12345678901234567890123}"),
        call("d", "[1]"),
        call("e", "{\"a\":"),
        call("f", r#"{"a":"\ud83d"}"#),
    ];
    let answers = ["call:1", "call_1", "c", "d", "e", "f"].map(|id| result(id, "ok"));
    let messages = [vec![user("go"), Message::Assistant(calls)], answers.to_vec()].concat();
    let body = written(&chat(messages), NEW).unwrap().body;
    let body = std::str::from_utf8(&body).unwrap();
    for piece in [
        r#""id":"call_1","name":"f","input":{}}"#,
        r#""id":"call_1_2","name":"f","input":{}}"#,
        r#""input":{"b": 1,  "a":12345678901234567890123}}"#,
        r#""input":{"raw_arguments":"[1]"}}"#,
        r#""input":{"raw_arguments":"{\"a\":"}}"#,
        r#""input":{"raw_arguments":"{\"a\":\"\\ud83d\"}"}}"#,
        r#""tool_use_id":"call_1","content":"ok"}"#,
        r#""tool_use_id":"call_1_2","content":"ok"}"#,
    ] {
        assert!(body.contains(piece), "{piece} in {body}");
    }
}

#[test]
fn the_same_id_in_a_later_turn_is_another_call() {
    let round = || vec![Message::Assistant(vec![call("x", "")]), result("x", "r")];
    let messages = [vec![user("a")], round(), round(), vec![user("b")]].concat();
    let expected = ["u: a", "a: call x", "u: result x", "a: call x_2", "u: result x_2, b"];
    assert_eq!(short(messages, NEW), expected);
}

#[test]
fn a_result_holds_text_pictures_or_nothing() {
    let image = Image {
        source: Source::Base64 { media_type: "image/png".into(), data: "QQ==".into() },
        detail: None,
        cache: false,
    };
    let result = |id: &str, parts, plain, is_error| Message::Tool(ToolResult { id: id.into(), parts, plain, is_error });
    let messages = vec![
        user("a"),
        Message::Assistant(vec![call("1", ""), call("2", ""), call("3", "")]),
        result("1", vec![text(" ")], true, false),
        result("2", vec![], false, true),
        result("3", vec![text("see"), text(""), Part::Image(image)], false, false),
    ];
    let expected = json!([
        {"type": "tool_result", "tool_use_id": "1"},
        {"type": "tool_result", "tool_use_id": "2", "is_error": true},
        {"type": "tool_result", "tool_use_id": "3", "content": [
            {"type": "text", "text": "see"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}}
        ]}
    ]);
    assert_eq!(turns(messages, NEW)[2]["content"], expected);
}

#[test]
fn a_marked_result_keeps_its_mark() {
    let result = ToolResult { id: "1".into(), parts: vec![cached("x")], plain: true, is_error: false };
    let messages = vec![user("a"), Message::Assistant(vec![call("1", "")]), Message::Tool(result)];
    let block = json!([{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]);
    assert_eq!(turns(messages, NEW)[2]["content"][0]["content"], block);
}

#[test]
fn only_signed_and_sealed_thoughts_of_claude_are_given_back() {
    let sealed = |data: &str| Thought {
        sealed: Some(data.into()),
        format: Some(ANTHROPIC_THOUGHT.into()),
        ..Thought::default()
    };
    let foreign = Thought { text: "x".into(), signature: Some("s".into()), ..Thought::default() };
    let parts = vec![
        thought("", "c2ln"),
        thought("unsigned", ""),
        Part::Thought(sealed("ZW5j")),
        Part::Thought(sealed("")),
        Part::Thought(foreign),
        Part::Refusal("No.".into()),
    ];
    let expected = json!([
        {"type": "thinking", "thinking": "", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZW5j"},
        {"type": "text", "text": "No."}
    ]);
    assert_eq!(turns(vec![user("a"), Message::Assistant(parts), user("b")], OLD)[1]["content"], expected);
}

#[test]
fn documents_and_addresses() {
    let file = |media_type: &str, data: &str| {
        let source = Source::Base64 { media_type: media_type.into(), data: data.into() };
        Part::File(File { name: Some("n".into()), source, cache: true })
    };
    let part = |part| turns(vec![Message::User(vec![part])], NEW)[0]["content"][0].take();
    let cache = json!({"type": "ephemeral"});
    assert_eq!(
        part(file("Text/Plain; charset=utf-8", "aMOp")),
        json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hé"}, "title": "n",
            "cache_control": cache})
    );
    assert_eq!(
        part(file("application/pdf", "JVBE")),
        json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            "title": "n", "cache_control": cache})
    );
}

#[test]
fn what_cannot_be_carried_is_refused_by_name() {
    let image = |source| Part::Image(Image { source, detail: None, cache: false });
    let file = |source| Part::File(File { name: None, source, cache: false });
    let base64 = |media_type: &str| Source::Base64 { media_type: media_type.into(), data: "QQ==".into() };
    let said = |part| vec![user("a"), Message::User(vec![text("b"), part])];
    let calls = |ids: &[&str]| Message::Assistant(ids.iter().map(|id| call(id, "")).collect());
    for (messages, param, words) in [
        (said(image(base64("image/bmp"))), "messages[1].content[1].image_url", "image/jpeg, image/png, image/gif"),
        (said(image(Source::Url("ftp://x/a.png".into()))), "messages[1].content[1].image_url", "http, https"),
        (said(image(Source::Id("file_1".into()))), "messages[1].content[1].image_url", "base64"),
        (said(file(Source::Id("file_1".into()))), "messages[1].content[1].file", "base64"),
        (said(file(base64("application/zip"))), "messages[1].content[1].file", "application/pdf"),
        (said(file(base64("text/plain; x"))), "", ""),
        (
            said(Part::Audio { format: "wav".into(), data: "QQ==".into() }),
            "messages[1].content[1].input_audio",
            "no sound",
        ),
        (
            vec![user("a"), Message::Assistant(vec![file(Source::Id("audio_1".into()))])],
            "messages[1].audio",
            "text and",
        ),
        (vec![user("a"), calls(&["1", "2"]), result("1", "r"), user("b")], "messages[1].tool_calls[1].id", "`2`"),
        (vec![user("a"), calls(&["1"])], "messages[1].tool_calls[0].id", "`1`"),
        (vec![user("a"), calls(&["1"]), assistant("b")], "messages[1].tool_calls[0].id", "`1`"),
        (vec![user("a"), calls(&["1"]), result("2", "r")], "messages[2].tool_call_id", "`2`"),
        (vec![user("a"), calls(&["1"]), result("1", "r"), result("1", "r")], "messages[3].tool_call_id", "`1`"),
        (vec![system("s"), user(" ")], "messages", "not blank"),
        (vec![Message::System(vec![image(base64("image/png"))])], "messages[0].content[0]", "text only"),
    ] {
        if param.is_empty() {
            assert!(written(&chat(messages), NEW).is_ok());
            continue;
        }
        let (at, message) = refused(&chat(messages), NEW);
        assert_eq!(at, param);
        assert!(message.contains(words), "{message}");
    }
}

/// A turn of the user's side in any disorder: blank, instructions, several in a row.
fn side() -> impl Strategy<Value = Vec<Message>> {
    let one = prop_oneof![
        "[a-c ]{0,3}".prop_map(|words| user(&words)),
        "[a-c ]{0,3}".prop_map(|words| system(&words)),
        "[a-c]{1,3}".prop_map(|words| Message::User(vec![cached(&words)])),
    ];
    proptest::collection::vec(one, 0..4)
}

/// A turn of the model, perhaps with calls, and what follows up to the person's next words.
fn exchange() -> impl Strategy<Value = Vec<Message>> {
    let words = "[a-c ]{0,3}";
    let ids = proptest::collection::vec("[a.]{1,2}", 0..3);
    (words, ids, any::<bool>(), side(), side(), "[a-c]{1,3}").prop_map(|(words, ids, thinks, between, after, last)| {
        let mut parts = if thinks { vec![thought("t", "sig")] } else { vec![text("x")] };
        parts.push(text(&words));
        parts.extend(ids.iter().map(|id| call(id, "{}")));
        let results = ids.iter().rev().map(|id| result(id, "r"));
        let between = between.into_iter().filter(|message| matches!(message, Message::System(_)));
        [vec![Message::Assistant(parts)], between.collect(), results.collect(), after, vec![user(&last)]].concat()
    })
}

/// Marks of cached prefixes may move on; they are not part of what is said.
fn unmarked(mut body: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.shift_remove("cache_control");
                fields.values_mut().for_each(walk);
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut body);
    body
}

proptest! {
    #[test]
    fn a_history_with_one_turn_more_begins_as_it_did(
        start in side(),
        past in proptest::collection::vec(exchange(), 0..4),
        next in exchange(),
    ) {
        let history: Vec<Message> = [start, vec![user("z")], past.concat()].concat();
        let longer: Vec<Message> = [history.clone(), next].concat();
        for model in [NEW, OLD, OLDEST] {
            let before = unmarked(sent(&chat(history.clone()), model));
            let after = unmarked(sent(&chat(longer.clone()), model));
            let (old, new) = (before["messages"].as_array().unwrap(), after["messages"].as_array().unwrap());
            prop_assert!(new.len() > old.len());
            prop_assert_eq!(&new[..old.len()], &old[..], "{}", model);
            prop_assert_eq!(&before["system"], &after["system"]);
        }
    }

    #[test]
    fn what_is_sent_keeps_the_providers_rules(
        start in side(),
        past in proptest::collection::vec(exchange(), 0..5),
    ) {
        let history = Chat { messages: [start, vec![user("z")], past.concat()].concat(), ..Chat::default() };
        for model in [NEW, OLD, OLDEST] {
            let body = sent(&history, model);
            let turns = body["messages"].as_array().unwrap();
            prop_assert_eq!(&turns[0]["role"], "user");
            for pair in turns.windows(2) {
                let roles = (pair[0]["role"].as_str().unwrap(), pair[1]["role"].as_str().unwrap());
                prop_assert!(matches!(
                    roles,
                    ("user", "assistant") | ("assistant", "user") | ("user", "system") | ("system", "assistant")
                ));
                let ids = |turn: &Value, kind: &str, id: &str| {
                    let blocks = turn["content"].as_array().unwrap().iter();
                    let ids = blocks.filter(|block| block["type"] == kind).map(|block| block[id].to_string());
                    let mut ids: Vec<String> = ids.collect();
                    ids.sort();
                    ids
                };
                prop_assert_eq!(ids(&pair[0], "tool_use", "id"), ids(&pair[1], "tool_result", "tool_use_id"));
            }
            let marks = body.to_string().matches("cache_control").count();
            prop_assert!(marks <= 4);
        }
    }
}
