//! What is written is read again: the same words, thoughts and calls, whatever order they came in.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{read, start, written};
use crate::domain::chat::{ANTHROPIC_THOUGHT, Event, Finish, Thought, ToolCall, Usage};

/// What a caller has at the end of a stream.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    model: String,
    text: String,
    refusal: String,
    thinking: String,
    signed: BTreeMap<u32, Thought>,
    calls: Vec<(String, String, String)>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    ended: bool,
}

fn heard(events: &[Event]) -> Heard {
    let mut heard = Heard::default();
    for event in events {
        match event {
            Event::Start { model } => heard.model = model.to_string(),
            Event::Text(text) => heard.text += text,
            Event::Refusal(words) => heard.refusal += words,
            Event::Thought { index, piece } => {
                heard.thinking += &piece.text;
                if piece.format.is_some() {
                    let whole = heard.signed.entry(*index).or_default();
                    whole.text += &piece.text;
                    whole.signature = piece.signature.clone().or(whole.signature.take());
                    whole.sealed = piece.sealed.clone().or(whole.sealed.take());
                    whole.format = piece.format.clone();
                }
            }
            Event::CallStart { call: ToolCall { id, name, arguments }, .. } => {
                heard.calls.push((id.clone(), name.clone(), arguments.clone()));
            }
            Event::CallDelta { index, arguments } => heard.calls[*index as usize].2 += arguments,
            Event::Finish(reason) => heard.finish = Some(reason.clone()),
            Event::Usage(usage) => heard.usage = Some(*usage),
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

fn words() -> impl Strategy<Value = String> {
    "[ -~\n\r\u{0}\u{85}\u{2028}\u{1f44b}\"\\\\]{0,8}"
}

fn piece() -> impl Strategy<Value = Thought> {
    let claude = |thought: Thought| Thought { format: Some(ANTHROPIC_THOUGHT.into()), ..thought };
    prop_oneof![
        words().prop_map(|text| Thought { text, ..Thought::default() }),
        "[a-z]{1,6}".prop_map(move |text| claude(Thought { text, ..Thought::default() })),
        "[a-z]{1,6}".prop_map(move |word| claude(Thought { signature: Some(word), ..Thought::default() })),
        "[a-z]{1,6}".prop_map(move |word| claude(Thought { sealed: Some(word), ..Thought::default() })),
    ]
}

/// Something that may come between the start and the finish, before its index is known.
#[derive(Debug, Clone)]
enum Step {
    Text(String),
    Refusal(String),
    Thought(bool, Thought),
    Call(String, String),
    More(prop::sample::Index, String),
    Usage(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        words().prop_map(Step::Text),
        words().prop_map(Step::Refusal),
        (any::<bool>(), piece()).prop_map(|(new, piece)| Step::Thought(new, piece)),
        ("[a-z]{1,4}", words()).prop_map(|(name, arguments)| Step::Call(name, arguments)),
        (any::<prop::sample::Index>(), words()).prop_map(|(call, arguments)| Step::More(call, arguments)),
        any::<u32>().prop_map(|tokens| Step::Usage(tokens.into())),
    ]
}

/// Gives every step its index: thoughts and calls are counted, and pieces go to any call that has begun.
fn events(steps: Vec<Step>, finish: Finish) -> Vec<Event> {
    let mut events = vec![start("m")];
    let (mut thoughts, mut formatted, mut calls) = (0_u32, false, 0_u32);
    for step in steps {
        match step {
            Step::Text(text) => events.push(Event::Text(text)),
            Step::Refusal(words) => events.push(Event::Refusal(words)),
            Step::Thought(new, piece) => {
                // A thought is either some provider's or nobody's, from its first piece to its last.
                if new || thoughts == 0 || formatted != piece.format.is_some() {
                    thoughts += 1;
                }
                formatted = piece.format.is_some();
                events.push(Event::Thought { index: thoughts - 1, piece });
            }
            Step::Call(name, arguments) => {
                let call = ToolCall { id: format!("call_{calls}"), name, arguments };
                events.push(Event::CallStart { index: calls, call });
                calls += 1;
            }
            Step::More(call, arguments) if calls > 0 && !arguments.is_empty() => {
                events.push(Event::CallDelta { index: call.index(calls as usize) as u32, arguments });
            }
            Step::More(..) => {}
            Step::Usage(output) => events.push(Event::Usage(Usage { input: 7, output, ..Usage::default() })),
        }
    }
    let finish = if calls > 0 && finish == Finish::Stop { Finish::ToolCalls } else { finish };
    events.push(Event::Finish(finish));
    events.push(Event::End);
    events
}

/// Thoughts by their place among those that have a form: how many nobody's thoughts stand between is not told.
fn renumbered(heard: Heard) -> Heard {
    Heard { signed: (0..).zip(heard.signed.into_values()).collect(), ..heard }
}

proptest! {
    #[test]
    fn what_is_written_is_heard(steps in vec(step(), 0..24), length in any::<bool>()) {
        let finish = if length { Finish::Length } else { Finish::Stop };
        let events = events(steps, finish);
        let again = read(&written(&events, true));
        prop_assert_eq!(renumbered(heard(&again)), renumbered(heard(&events)));
    }

    #[test]
    fn no_event_is_two_lines(steps in vec(step(), 0..24)) {
        for chunk in written(&events(steps, Finish::Stop), false) {
            prop_assert!(!chunk.contains(['\n', '\r']), "{chunk}");
        }
    }
}
