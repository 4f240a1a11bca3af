//! Whatever order the hub's events come in, what is written is well formed and whole.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Text, refusals, thoughts, and what else comes beside calls.
fn any_content() -> impl Strategy<Value = Event> {
    let proof = prop_oneof![Just(""), Just("s:c2ln"), Just("x:ZW5j")];
    let format = prop_oneof![Just(None), Just(Some(ANTHROPIC_THOUGHT)), Just(Some(OPENAI_THOUGHT))];
    let any_thought = (0..3_u32, "[g-i]{0,2}", proof, format);
    prop_oneof![
        3 => "[a-c\"]{0,2}".prop_map(Event::Text),
        1 => "[d-f]{0,2}".prop_map(Event::Refusal),
        2 => any_thought.prop_map(|(index, words, proof, format)| thought(index, &words, proof, format)),
        1 => Just(Event::Usage(Usage { output: 1, ..Usage::default() })),
        1 => Just(start()),
    ]
}

/// What a model writes as arguments, whole or not, cut into pieces of so many letters; the first one comes with the
/// call's beginning.
fn any_call() -> impl Strategy<Value = Vec<String>> {
    let arguments = prop_oneof![
        Just(""),
        Just("{}"),
        Just(r#"{"a":"}\"{"}"#),
        Just(r#"{"a":[1,{"b":null}],"c":"\\"} "#),
        Just(r#"{"a":"#),
        Just("7"),
    ];
    (arguments, 1..5_usize, any::<bool>()).prop_map(|(arguments, length, bare)| {
        let letters: Vec<char> = arguments.chars().collect();
        let pieces = letters.chunks(length).map(|piece| piece.iter().collect());
        bare.then(String::new).into_iter().chain(pieces).collect()
    })
}

/// Calls and content in any order that keeps each of them in its own.
fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let calls = prop::collection::vec(any_call(), 0..4);
    let content = prop::collection::vec(any_content(), 0..10);
    let order = prop::collection::vec(any::<prop::sample::Index>(), 40);
    (calls, content, order).prop_map(|(calls, content, order)| {
        let mut lanes = vec![content];
        lanes.extend((0..).zip(calls).map(|(index, pieces)| {
            let mut pieces = pieces.into_iter();
            let first = call(index, &pieces.next().unwrap_or_default());
            std::iter::once(first).chain(pieces.map(|piece| delta(index, &piece))).collect()
        }));
        let mut events = Vec::new();
        for pick in order.iter().cycle() {
            lanes.retain(|lane| !lane.is_empty());
            if lanes.is_empty() {
                break;
            }
            let lane = pick.index(lanes.len());
            events.push(lanes[lane].remove(0));
        }
        events
    })
}

/// What of one kind was said, put together.
#[derive(Debug, Default, PartialEq)]
struct Told {
    text: String,
    thoughts: String,
    calls: BTreeMap<String, String>,
}

fn meant(events: &[Event]) -> Told {
    let mut told = Told::default();
    for event in events {
        match event {
            Event::Text(words) | Event::Refusal(words) => told.text.push_str(words),
            Event::Thought { piece, .. } => told.thoughts.push_str(&piece.text),
            Event::CallStart { call, .. } => {
                told.calls.insert(call.id.clone(), call.arguments.clone());
            }
            Event::CallDelta { index, arguments } => {
                if let Some(call) = told.calls.get_mut(&format!("call_{index}")) {
                    call.push_str(arguments);
                }
            }
            _ => {}
        }
    }
    told
}

/// Reads what was written as a caller does, and minds every rule of the protocol.
fn taken(written: &[Value]) -> Told {
    let mut told = Told::default();
    let mut begun = 0_u64;
    let mut open: Option<(u64, Value)> = None;
    let [first, events @ .., delta, last] = written else { panic!("{written:?}") };
    assert_eq!(
        (&first["type"], &delta["type"], &last["type"]),
        (&json!("message_start"), &json!("message_delta"), &json!("message_stop"))
    );
    for event in events {
        let index = event["index"].as_u64().unwrap();
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert!(open.is_none() && index == begun, "{event}");
                begun += 1;
                open = Some((index, event["content_block"].clone()));
                if let Some(id) = event["content_block"]["id"].as_str() {
                    assert!(told.calls.insert(id.to_owned(), String::new()).is_none(), "{event}");
                }
            }
            "content_block_delta" => {
                let (at, block) = open.as_ref().unwrap();
                assert_eq!(index, *at, "{event}");
                let delta = &event["delta"];
                let word = |name: &str| delta[name].as_str().unwrap();
                match (block["type"].as_str().unwrap(), word("type")) {
                    ("text", "text_delta") => told.text.push_str(word("text")),
                    ("thinking", "thinking_delta") => told.thoughts.push_str(word("thinking")),
                    ("thinking", "signature_delta") => assert_eq!(word("signature"), "c2ln"),
                    ("tool_use", "input_json_delta") => {
                        told.calls.get_mut(block["id"].as_str().unwrap()).unwrap().push_str(word("partial_json"));
                    }
                    wrong => panic!("{wrong:?}"),
                }
            }
            "content_block_stop" => assert_eq!(open.take().map(|(at, _)| at), Some(index), "{event}"),
            _ => panic!("{event}"),
        }
    }
    assert!(open.is_none());
    let called = delta["delta"]["stop_reason"] == "tool_use";
    assert_eq!(called, !told.calls.is_empty());
    told
}

proptest! {
    #[test]
    fn nothing_is_lost_doubled_or_torn(events in any_events()) {
        let written = written(&[&events[..], &done(Finish::Stop)].concat());
        let (mut taken, mut meant) = (taken(&written), meant(&events));
        // White space behind arguments that are whole says nothing, and need not come along.
        let calls = taken.calls.values_mut().chain(meant.calls.values_mut());
        calls.for_each(|arguments| arguments.truncate(arguments.trim_end().len()));
        prop_assert_eq!(taken, meant);
    }

    #[test]
    fn a_finish_in_the_middle_tears_nothing(events in any_events(), at in any::<prop::sample::Index>()) {
        let mut events = [&events[..], &[Event::End]].concat();
        events.insert(at.index(events.len()), Event::Finish(Finish::Stop));
        taken(&written(&events));
    }
}
