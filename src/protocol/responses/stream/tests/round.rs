//! Whatever comes in whatever order, what is written is well-formed, and is read again as it was.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::domain::chat::{Finish, OPENAI_THOUGHT, Usage};

/// What a caller has at the end of a stream.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    model: String,
    /// Text and refusals in their order: those of one kind without a break between them are one.
    said: Vec<(bool, String)>,
    thinking: String,
    seals: Vec<String>,
    calls: Vec<(String, String, String)>,
    finish: Option<Finish>,
    usage: Option<(u64, u64)>,
    ended: bool,
}

impl Heard {
    fn of(events: &[Event]) -> Heard {
        let mut heard = Heard::default();
        for event in events {
            match event {
                Event::Start { model } => heard.model = model.to_string(),
                Event::Text(words) => heard.say(false, words),
                Event::Refusal(words) => heard.say(true, words),
                Event::Thought { piece, .. } => {
                    heard.thinking += &piece.text;
                    heard.seals.extend(piece.sealed.clone());
                }
                Event::CallStart { call: ToolCall { id, name, arguments }, .. } => {
                    heard.calls.push((id.clone(), name.clone(), arguments.clone()));
                }
                Event::CallDelta { index, arguments } => heard.calls[*index as usize].2 += arguments,
                Event::Finish(reason) => heard.finish = Some(reason.clone()),
                Event::Usage(usage) => heard.usage = Some((usage.input, usage.output)),
                Event::End => heard.ended = true,
                Event::Error(failure) => panic!("{}", failure.message),
            }
        }
        for (_, _, arguments) in &mut heard.calls {
            // A call without arguments is written as one with none of them.
            if arguments.is_empty() {
                "{}".clone_into(arguments);
            }
        }
        heard
    }

    fn say(&mut self, is_refusal: bool, words: &str) {
        match self.said.last_mut() {
            Some((kind, said)) if *kind == is_refusal => said.push_str(words),
            _ if words.is_empty() => {}
            _ => self.said.push((is_refusal, words.to_owned())),
        }
    }
}

/// One item as its events tell it.
#[derive(Debug, Default)]
struct Told {
    kind: String,
    id: String,
    /// What the deltas of each part say, and whether the part has ended.
    parts: BTreeMap<u64, (String, bool)>,
    done: bool,
}

/// Follows a stream as a caller does, and finds what is wrong with it.
fn follow(events: &[Value]) {
    let mut items: Vec<Told> = Vec::new();
    let mut done = Vec::new();
    for event in &events[2..events.len() - 1] {
        let kind = event["type"].as_str().unwrap().trim_start_matches("response.");
        let at = event["output_index"].as_u64().unwrap() as usize;
        if kind == "output_item.added" {
            assert_eq!(at, items.len());
            let item = &event["item"];
            assert_eq!(item["status"], "in_progress");
            let word = |name: &str| item[name].as_str().unwrap().to_owned();
            assert!(items.iter().all(|known| known.id != item["id"]), "{event}");
            items.push(Told { kind: word("type"), id: word("id"), ..Told::default() });
            continue;
        }
        let item = &mut items[at];
        assert!(!item.done, "{event}");
        if kind == "output_item.done" {
            assert!(item.parts.values().all(|(_, ended)| *ended), "{event}");
            assert_eq!((&event["item"]["id"], &event["item"]["type"]), (&json!(item.id), &json!(item.kind)));
            assert_eq!(at, done.len(), "items end in their order");
            item.done = true;
            done.push(event["item"].clone());
            continue;
        }
        assert_eq!(event["item_id"], item.id);
        let part = event["content_index"].as_u64().or(event["summary_index"].as_u64()).unwrap_or_default();
        let (name, stage) = kind.rsplit_once('.').unwrap();
        let is_part = matches!(name, "content_part" | "reasoning_summary_part");
        match stage {
            "added" => {
                assert_eq!(part, item.parts.len() as u64, "{event}");
                assert!(item.parts.values().all(|(_, ended)| *ended), "{event}");
                item.parts.insert(part, Default::default());
            }
            "delta" => {
                let has_parts = !matches!(item.kind.as_str(), "function_call" | "custom_tool_call");
                assert!(!has_parts || item.parts.contains_key(&part), "{event}");
                let (said, ended) = item.parts.entry(part).or_default();
                assert!(!*ended, "{event}");
                said.push_str(event["delta"].as_str().unwrap());
            }
            "done" => {
                let said = item.parts.entry(part).or_default();
                let whole = ["text", "refusal", "arguments", "input"];
                let inside = if is_part { &event["part"] } else { event };
                let whole = whole.iter().find_map(|field| inside[*field].as_str()).unwrap();
                assert_eq!(whole, said.0, "{event}");
                said.1 |= is_part || !matches!(item.kind.as_str(), "message" | "reasoning");
            }
            other => panic!("{other}"),
        }
    }
    let last = &events[events.len() - 1]["response"];
    assert_eq!(last["output"].as_array().unwrap(), &done);
    assert_eq!(done.len(), items.len());
}

fn words() -> impl Strategy<Value = String> {
    "[ -~\n\r\u{0}\u{85}\u{2028}\u{1f44b}\"\\\\]{0,8}"
}

/// Something that may come between the start and the finish, before its index is known.
#[derive(Debug, Clone)]
enum Step {
    Text(String),
    Refusal(String),
    Thought(bool, String),
    Seal(String),
    Call(bool, String),
    More(prop::sample::Index, String),
    Usage(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        words().prop_map(Step::Text),
        words().prop_map(Step::Refusal),
        (any::<bool>(), words()).prop_map(|(new, words)| Step::Thought(new, words)),
        "[a-z]{1,6}".prop_map(Step::Seal),
        (any::<bool>(), words()).prop_map(|(free, arguments)| Step::Call(free, arguments)),
        (any::<prop::sample::Index>(), words()).prop_map(|(call, arguments)| Step::More(call, arguments)),
        any::<u32>().prop_map(Step::Usage),
    ]
}

/// Gives every step its index: thoughts and calls are counted, and pieces go to any call that has begun. Arguments of a
/// tool that takes free text are whole, and of the hub's form.
fn events(steps: Vec<Step>, finish: Finish) -> Vec<Event> {
    let mut events = vec![start("m")];
    let (mut thoughts, mut calls) = (0_u32, Vec::new());
    let openai =
        |index, piece| Event::Thought { index, piece: Thought { format: Some(OPENAI_THOUGHT.into()), ..piece } };
    for step in steps {
        match step {
            Step::Text(words) => events.push(Event::Text(words)),
            Step::Refusal(words) => events.push(Event::Refusal(words)),
            Step::Thought(new, text) => {
                thoughts += u32::from(new || thoughts == 0);
                events.push(openai(thoughts - 1, Thought { text, ..Thought::default() }));
            }
            // A seal is the last of its thought.
            Step::Seal(sealed) => {
                events.push(openai(thoughts, Thought { sealed: Some(sealed), ..Thought::default() }));
                thoughts += 1;
            }
            Step::Call(free, arguments) => {
                let (id, index) = (format!("call_{}", calls.len()), calls.len() as u32);
                let free_text = json!({"input": arguments}).to_string();
                events.push(match free {
                    true => call(index, &id, "patch", &free_text),
                    false => call(index, &id, "f", &arguments),
                });
                calls.push(free);
            }
            Step::More(which, arguments) if !calls.is_empty() && !arguments.is_empty() => {
                let which = which.index(calls.len());
                if !calls[which] {
                    events.push(more(which as u32, &arguments));
                }
            }
            Step::More(..) => {}
            Step::Usage(output) => {
                events.push(Event::Usage(Usage { input: 7, output: output.into(), ..Usage::default() }));
            }
        }
    }
    let finish = if !calls.is_empty() && finish == Finish::Stop { Finish::ToolCalls } else { finish };
    events.extend([Event::Finish(finish), Event::End]);
    events
}

fn asked() -> Value {
    json!({"include": ["reasoning.encrypted_content"], "tools": [{"type": "custom", "name": "patch"}]})
}

proptest! {
    #[test]
    fn what_is_written_is_well_formed(steps in vec(step(), 0..24), length in any::<bool>(), seals in any::<bool>()) {
        let finish = if length { Finish::Length } else { Finish::Stop };
        let fields = if seals { asked() } else { json!({}) };
        follow(&written_for(&fields, &events(steps, finish)));
    }

    #[test]
    fn what_is_written_is_heard(steps in vec(step(), 0..24), length in any::<bool>()) {
        let finish = if length { Finish::Length } else { Finish::Stop };
        let events = events(steps, finish);
        let again = read(&written_for(&asked(), &events));
        let (mut again, mut before) = (Heard::of(&again), Heard::of(&events));
        // Seals come when their thought is done, which another one may be before.
        again.seals.sort();
        before.seals.sort();
        prop_assert_eq!(again, before);
    }
}
