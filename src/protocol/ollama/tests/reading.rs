//! Answers, whole and streamed.

use super::*;

/// What an event says, in a line.
fn told(event: &Event) -> String {
    match event {
        Event::Start { model } => format!("start {model}"),
        Event::Text(text) => format!("text {text}"),
        Event::Thought { index, piece } => {
            assert_eq!(*piece, Thought { text: piece.text.clone(), ..Thought::default() });
            format!("thought {index} {}", piece.text)
        }
        Event::CallStart { index, call } => format!("call {index} {} {} {}", call.id, call.name, call.arguments),
        Event::Finish(finish) => format!("finish {finish:?}"),
        Event::Usage(usage) => {
            assert!(!usage.tells_cache);
            format!("usage {} {}", usage.input, usage.output)
        }
        Event::End => "end".into(),
        Event::Error(failure) => {
            format!("error {} {:?} {}", failure.class.name(), failure.status, failure.message)
        }
        Event::Refusal(_) | Event::CallDelta { .. } => panic!("Ollama has none: {event:?}"),
    }
}

fn stream<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Event> {
    let mut reader = Ollama.reader(&stamp());
    let mut out = Vec::new();
    for line in lines {
        reader.read(None, line.as_bytes(), &mut out).unwrap();
        assert!(!reader.in_tool_call());
    }
    reader.close(&mut out);
    out
}

fn check(lines: &str, expected: &[&str]) {
    assert_eq!(stream(lines.lines()).iter().map(told).collect::<Vec<_>>(), expected);
}

fn whole(body: &Value) -> Result<Answer, Failure> {
    Ollama.read_answer(body.to_string().as_bytes(), &stamp())
}

fn check_malformed(body: &str) {
    assert_eq!(Ollama.read_answer(body.as_bytes(), &stamp()).unwrap_err().class, Class::Malformed, "{body}");
}

#[test]
fn golden_15() {
    check(
        include_str!("../../../../tests/golden/15-ollama-native-stream/ollama.stream.ndjson"),
        &[
            "start qwen3:8b",
            "thought 0 hmm",
            "text Sure",
            r#"call 0 call_k1 get_weather {"city":"Paris"}"#,
            "call 1 call_GW1 now {}",
            "finish ToolCalls",
            "usage 26 14",
            "end",
        ],
    );
}

#[test]
fn golden_15_an_error_in_mid_stream() {
    let lines = include_str!("../../../../tests/golden/15-ollama-native-stream/ollama.stream-error.ndjson");
    let error = "error server_error Some(500) model runner has unexpectedly stopped";
    check(lines, &["start qwen3:8b", "text I", error]);
    let events = stream(lines.lines());
    let Some(Event::Error(failure)) = events.last() else { panic!("an error") };
    let said = failure.said.as_ref().unwrap();
    assert_eq!((said.dialect, &said.body[..]), (Dialect::Ollama, lines.lines().last().unwrap().as_bytes()));
}

#[test]
fn nothing_counts_after_an_error_or_the_end() {
    check(
        "{\"error\":{\"message\":\"queue full\"}}\n{\"message\":{\"content\":\"late\"}}",
        &["error server_error Some(500) queue full"],
    );
    check(
        "{\"model\":\"m\",\"message\":{\"content\":\"x\"},\"done\":true,\"eval_count\":2}\n{\"message\":{\"content\":\"late\"}}",
        &["start m", "text x", "finish Stop", "usage 0 2", "end"],
    );
}

#[test]
fn a_call_of_no_tool_is_a_failure() {
    let call = r#"{"message":{"content":"","tool_calls":[{"function":{"name":"","arguments":{}}}]},"done":true}"#;
    check(call, &["start ", "error malformed None the answer calls a tool without naming it"]);
    check_malformed(call);
}

#[test]
fn a_stream_that_is_cut_off_is_not_ended() {
    check("{\"model\":\"m\",\"message\":{\"content\":\"x\"},\"done\":false}\n\n", &["start m", "text x"]);
    check("", &[]);
}

#[test]
fn several_calls_in_one_line_and_thoughts_between() {
    check(
        concat!(
            r#"{"model":"m","message":{"thinking":"a"}}"#,
            "\n",
            r#"{"message":{"thinking":"b"}}"#,
            "\n",
            r#"{"message":{"content":"","tool_calls":[{"function":{"index":0,"name":"f","arguments":{"n":12345678901234567890123}}},{"id":"","function":{"index":0,"name":"g","arguments":null}}]}}"#,
            "\n",
            r#"{"message":{"thinking":"c","content":"d"}}"#,
            "\n",
            r#"{"message":{"tool_calls":[{"id":"x","function":{"name":"h","arguments":"{\"s\":1}"}}]}}"#,
            "\n",
            r#"{"message":{"content":""},"done":true,"done_reason":"length","prompt_eval_count":5}"#,
        ),
        &[
            "start m",
            "thought 0 a",
            "thought 0 b",
            r#"call 0 call_GW1 f {"n":12345678901234567890123}"#,
            "call 1 call_GW2 g {}",
            "thought 1 c",
            "text d",
            r#"call 2 x h {"s":1}"#,
            "finish Length",
            "usage 5 0",
            "end",
        ],
    );
}

#[test]
fn usage_that_nobody_told_is_not_made_up() {
    check(
        r#"{"model":"m","message":{"content":"x"},"done":true,"done_reason":""}"#,
        &["start m", "text x", "finish Stop", "end"],
    );
    check(
        r#"{"model":"m","message":{"content":""},"done":true,"done_reason":"load"}"#,
        &["start m", "error malformed None the model was loaded and said nothing"],
    );
}

#[test]
fn lines_that_are_not_ollamas_are_broken_and_take_nothing() {
    let mut reader = Ollama.reader(&stamp());
    let mut out = Vec::new();
    let broken: [&[u8]; 6] =
        [b"[]", b"<html>", b"{\"message\":", b"{\"message\":{\"content\":1}}", b"7", b"{\"odd\":\"\xff\"}"];
    for line in broken {
        assert!(reader.read(None, line, &mut out).is_err(), "{}", String::from_utf8_lossy(line));
    }
    assert!(out.is_empty());
    reader.read(None, b"{\"model\":\"m\",\"message\":{\"content\":\"fine\"}}", &mut out).unwrap();
    assert_eq!(out.iter().map(told).collect::<Vec<_>>(), ["start m", "text fine"]);
}

#[test]
fn a_whole_answer() {
    let answer = whole(&json!({
        "model": "qwen3:8b",
        "created_at": "2026-11-20T07:00:00Z",
        "message": {"role": "assistant", "content": "Sure", "thinking": "hmm", "tool_calls": [
            {"function": {"index": 0, "name": "a", "arguments": {"x": [1]}}},
            {"id": "k", "function": {"index": 0, "name": "b", "arguments": {}}},
        ]},
        "done": true, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 4,
    }))
    .unwrap();
    assert_eq!(answer.model, "qwen3:8b");
    let parts = [thought("hmm"), text("Sure"), call("call_GW1", "a", r#"{"x":[1]}"#), call("k", "b", "{}")];
    assert_eq!(answer.parts, parts);
    assert_eq!(answer.finish, Finish::ToolCalls);
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input, usage.output, usage.tells_cache, usage.reasoning), (3, 4, false, None));
}

#[test]
fn why_a_whole_answer_ended() {
    let ended =
        |reason: Value| whole(&json!({"message": {"content": "x"}, "done": true, "done_reason": reason})).unwrap();
    assert_eq!(ended(json!("stop")).finish, Finish::Stop);
    assert_eq!(ended(json!("")).finish, Finish::Stop);
    assert_eq!(ended(Value::Null).finish, Finish::Stop);
    assert_eq!(ended(json!("length")).finish, Finish::Length);
    assert_eq!(ended(json!("odd")).finish, Finish::Other("odd".into()));
    assert_eq!(ended(json!("stop")).usage, None);
    assert_eq!(whole(&json!({"message": {}, "done": true, "eval_count": 1})).unwrap().parts, []);
}

#[test]
fn what_is_no_whole_answer() {
    check_malformed(r#"{"model":"m","message":{"content":""},"done":true,"done_reason":"load"}"#);
    check_malformed(r#"{"model":"m","message":{"content":""},"done":true,"done_reason":"unload"}"#);
    check_malformed(r#"{"model":"m","message":{"content":"I"},"done":false}"#);
    for body in ["", "<html>", "[]", "{}", "{\"message\":\"x\"}", "{\"message\":{\"content\":\"I", "null"] {
        check_malformed(body);
    }
    let error = whole(&json!({"error": "out of memory"})).unwrap_err();
    assert_eq!((error.class, error.status, error.message.as_str()), (Class::ServerError, Some(500), "out of memory"));
}

/// A line without its end, by what it says.
fn line(words: &(String, String, bool)) -> String {
    let (thinking, content, calls) = words;
    let calls = if *calls { json!([{"function": {"name": "f", "arguments": {"a": content}}}]) } else { json!([]) };
    json!({"model": "m", "message": {"thinking": thinking, "content": content, "tool_calls": calls}, "done": false})
        .to_string()
}

proptest! {
    #[test]
    fn no_byte_makes_it_panic(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
        let mut reader = Ollama.reader(&stamp());
        let mut out = Vec::new();
        for line in &lines {
            let _ = reader.read(None, line, &mut out);
            let _ = Ollama.read_answer(line, &stamp());
        }
        reader.close(&mut out);
        let begun = matches!(out.first(), None | Some(Event::Start { .. } | Event::Error(_)));
        prop_assert!(begun);
    }

    #[test]
    fn all_that_is_said_arrives_once_and_in_order(
        said in prop::collection::vec((any::<String>(), any::<String>(), any::<bool>()), 0..12),
    ) {
        let last = r#"{"message":{"content":""},"done":true,"done_reason":"stop","eval_count":1}"#.to_owned();
        let lines: Vec<String> = said.iter().map(line).chain([last]).collect();
        let events = stream(lines.iter().map(String::as_str));
        let texts: String = events.iter().filter_map(|e| if let Event::Text(t) = e { Some(t.as_str()) } else { None }).collect();
        prop_assert_eq!(texts, said.iter().map(|(_, content, _)| content.as_str()).collect::<String>());
        let mut calls = 0;
        let mut thoughts = String::new();
        for event in &events {
            match event {
                Event::CallStart { index, call } => {
                    prop_assert_eq!(*index, calls);
                    calls += 1;
                    prop_assert_eq!(&call.id, &format!("call_GW{calls}"));
                }
                Event::Thought { piece, .. } => thoughts.push_str(&piece.text),
                _ => {}
            }
        }
        prop_assert_eq!(calls as usize, said.iter().filter(|(_, _, call)| *call).count());
        prop_assert_eq!(thoughts, said.iter().map(|(thinking, _, _)| thinking.as_str()).collect::<String>());
        let finish = if calls > 0 { Finish::ToolCalls } else { Finish::Stop };
        let told: Vec<String> = events.iter().map(told).collect();
        prop_assert_eq!(&told[told.len() - 3..], [format!("finish {finish:?}"), "usage 0 1".into(), "end".into()]);
    }
}
