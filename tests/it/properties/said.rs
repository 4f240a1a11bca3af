//! Answers, whole and streamed: any parts in any order, pieces of several calls interleaved.

use std::collections::BTreeMap;

use ai_mcp_gateway::domain::chat::{
    ANTHROPIC_THOUGHT, Answer, Event, Finish, OPENAI_THOUGHT, Part, Text, Thought, ToolCall, Usage,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::conversation::thought;
use super::words::{arguments, base64, id, name, text};

/// Any answer.
pub fn answer() -> BoxedStrategy<Answer> {
    let call = (id(), name(), arguments());
    let part = prop_oneof![
        2 => text().prop_map(|text| Part::Text(Text { text, cache: false })),
        2 => thought().prop_map(Part::Thought),
        1 => text().prop_map(Part::Refusal),
        2 => call.prop_map(|(id, name, arguments)| Part::Call(ToolCall { id, name, arguments })),
    ];
    (model(), vec(part, 0..6), finish(), option::of(usage()))
        .prop_map(|(model, parts, finish, usage)| Answer { model, parts, finish, usage })
        .boxed()
}

/// A streamed answer, as a reader tells it: begun, then pieces of anything in any order, finished, ended. Several calls
/// are interleaved, with one another and with the rest. Where it is `loose`, so are thoughts, and arguments that are no
/// object, of which nobody could say where they end.
pub fn stream(loose: bool) -> BoxedStrategy<Vec<Event>> {
    (model(), vec(step(), 0..16), finish(), option::of(usage()))
        .prop_map(move |(model, steps, finish, usage)| {
            let mut told = Told { loose, ..Told::default() };
            told.events.push(Event::Start { model: model.into() });
            steps.into_iter().for_each(|step| told.tell(step));
            told.tell_rest();
            told.events.push(Event::Finish(finish));
            told.events.extend(usage.map(Event::Usage));
            told.events.push(Event::End);
            told.events
        })
        .boxed()
}

/// The events of an answer, each of its strings cut in two.
pub fn streamed(answer: &Answer, cut: Index) -> Vec<Event> {
    let halves = |text: &str| <[String; 2]>::from(halves(text, cut));
    let mut events = vec![Event::Start { model: answer.model.as_str().into() }];
    let (mut thoughts, mut calls) = (0, 0);
    for part in &answer.parts {
        match part {
            Part::Text(text) => events.extend(halves(&text.text).map(Event::Text)),
            Part::Refusal(words) => events.extend(halves(words).map(Event::Refusal)),
            Part::Thought(whole) => {
                let format = || whole.format.clone();
                let piece = |text| Thought { text, format: format(), ..Thought::default() };
                let proof = Thought { text: String::new(), ..whole.clone() };
                let pieces = halves(&whole.text).map(piece).into_iter().chain([proof]);
                events.extend(pieces.map(|piece| Event::Thought { index: thoughts, piece }));
                thoughts += 1;
            }
            Part::Call(whole) => {
                let [one, two] = halves(&whole.arguments);
                let call = ToolCall { arguments: one, ..whole.clone() };
                events.push(Event::CallStart { index: calls, call });
                events.extend((!two.is_empty()).then_some(Event::CallDelta { index: calls, arguments: two }));
                calls += 1;
            }
            Part::Image(_) | Part::File(_) | Part::Audio { .. } => {}
        }
    }
    events.push(Event::Finish(answer.finish.clone()));
    events.extend(answer.usage.map(Event::Usage));
    events.push(Event::End);
    events
}

/// What a caller has at the end of a stream: its parts in the order in which they began, texts that stand side by side
/// as one. A stream that is not whole is an error.
pub fn gathered(events: &[Event]) -> Result<Answer, String> {
    let mut answer = Answer { model: String::new(), parts: Vec::new(), finish: Finish::Stop, usage: None };
    let (mut thoughts, mut calls) = (BTreeMap::new(), BTreeMap::new());
    let (mut finished, mut ended) = (false, false);
    for event in events {
        if ended {
            return Err(format!("{event:?} after the end"));
        }
        let parts = &mut answer.parts;
        match event {
            Event::Start { model } => answer.model = model.to_string(),
            Event::Text(_) | Event::Refusal(_) | Event::Thought { .. } if !says_something(event) => {}
            Event::Text(piece) => match parts.last_mut() {
                Some(Part::Text(text)) => text.text += piece,
                _ => parts.push(Part::Text(Text { text: piece.clone(), cache: false })),
            },
            Event::Refusal(piece) => match parts.last_mut() {
                Some(Part::Refusal(words)) => *words += piece,
                _ => parts.push(Part::Refusal(piece.clone())),
            },
            Event::Thought { index, piece } => {
                let at = *thoughts.entry(*index).or_insert_with(|| {
                    parts.push(Part::Thought(Thought::default()));
                    parts.len() - 1
                });
                if let Part::Thought(whole) = &mut parts[at] {
                    whole.text += &piece.text;
                    whole.signature = piece.signature.clone().or(whole.signature.take());
                    whole.sealed = piece.sealed.clone().or(whole.sealed.take());
                    whole.format = piece.format.clone().or(whole.format.take());
                }
            }
            Event::CallStart { index, call } => {
                if calls.insert(*index, parts.len()).is_some() {
                    return Err(format!("call {index} begins twice"));
                }
                parts.push(Part::Call(call.clone()));
            }
            Event::CallDelta { index, arguments } => match calls.get(index).map(|at: &usize| &mut parts[*at]) {
                Some(Part::Call(call)) => call.arguments += arguments,
                _ => return Err(format!("call {index} goes on and has not begun")),
            },
            Event::Finish(_) if finished => return Err("finished twice".into()),
            Event::Finish(reason) => (answer.finish, finished) = (reason.clone(), true),
            Event::Usage(usage) => answer.usage = Some(*usage),
            Event::End => ended = true,
            Event::Error(failure) => return Err(failure.message.clone()),
        }
    }
    if finished && ended { Ok(answer) } else { Err(format!("finished: {finished}, ended: {ended}")) }
}

/// A step of a stream, before it has a number.
#[derive(Debug, Clone)]
enum Step {
    Text(String),
    Refusal(String),
    /// A piece of a thought, perhaps of a new one.
    Thought(bool, Thought),
    /// A call begins, with so much of its arguments.
    Call(ToolCall, Index),
    /// Some call goes on, with so much of its arguments.
    More(Index, Index),
    Usage(Usage),
}

fn step() -> BoxedStrategy<Step> {
    let call = (id(), name(), arguments()).prop_map(|(id, name, arguments)| ToolCall { id, name, arguments });
    prop_oneof![
        3 => text().prop_map(Step::Text),
        1 => text().prop_map(Step::Refusal),
        3 => (any::<bool>(), piece()).prop_map(|(new, piece)| Step::Thought(new, piece)),
        2 => (call, any::<Index>()).prop_map(|(call, cut)| Step::Call(call, cut)),
        3 => (any::<Index>(), any::<Index>()).prop_map(|(call, cut)| Step::More(call, cut)),
        1 => usage().prop_map(Step::Usage),
    ]
    .boxed()
}

/// A piece of a thought: of nobody's or of a provider's.
fn piece() -> BoxedStrategy<Thought> {
    let format = || select(vec![ANTHROPIC_THOUGHT, OPENAI_THOUGHT]).prop_map(|name| Some(name.to_owned()));
    prop_oneof![
        2 => text().prop_map(|text| Thought { text, ..Thought::default() }),
        2 => (text(), format()).prop_map(|(text, format)| Thought { text, format, ..Thought::default() }),
        1 => (base64(), format()).prop_map(|(proof, format)| {
            Thought { signature: Some(proof), format, ..Thought::default() }
        }),
        1 => (base64(), format()).prop_map(|(data, format)| {
            Thought { sealed: Some(data), format, ..Thought::default() }
        }),
    ]
    .boxed()
}

/// A stream in the making: thoughts are counted, calls are counted, and each call goes on until its arguments are told.
#[derive(Default)]
struct Told {
    events: Vec<Event>,
    loose: bool,
    /// The format of each thought, and whether its proof has come, after which nothing of it comes.
    thoughts: Vec<(Option<String>, bool)>,
    /// What is left of each call's arguments.
    calls: Vec<String>,
}

impl Told {
    fn tell(&mut self, step: Step) {
        match step {
            Step::Text(text) => self.events.push(Event::Text(text)),
            Step::Refusal(words) => self.events.push(Event::Refusal(words)),
            Step::Thought(new, piece) => {
                let index = self.thought(new, &piece);
                self.events.push(Event::Thought { index, piece });
            }
            Step::Call(call, cut) => {
                let ends = serde_json::from_str::<serde_json::Map<_, _>>(&call.arguments).is_ok();
                let (begin, rest) = match self.loose || ends {
                    true => halves(&call.arguments, cut),
                    false => (call.arguments, String::new()),
                };
                let call = ToolCall { arguments: begin, ..call };
                self.events.push(Event::CallStart { index: self.calls.len() as u32, call });
                self.calls.push(rest);
            }
            Step::More(call, cut) if !self.calls.is_empty() => {
                let at = call.index(self.calls.len());
                let (begin, rest) = halves(&self.calls[at], cut);
                self.more(at, begin);
                self.calls[at] = rest;
            }
            Step::More(..) => {}
            Step::Usage(usage) => self.events.push(Event::Usage(usage)),
        }
    }

    fn tell_rest(&mut self) {
        for (at, rest) in std::mem::take(&mut self.calls).into_iter().enumerate() {
            self.more(at, rest);
        }
    }

    fn more(&mut self, call: usize, arguments: String) {
        let piece = (!arguments.is_empty()).then_some(Event::CallDelta { index: call as u32, arguments });
        self.events.extend(piece);
    }

    /// Which thought a piece is of: the last one or a new one. A thought is one provider's from first to last, and
    /// nobody's goes on until something else is said.
    fn thought(&mut self, new: bool, piece: &Thought) -> u32 {
        let proven = piece.signature.is_some() || piece.sealed.is_some();
        let said = self.events.iter().rev().find(|event| says_something(event));
        let thinking = matches!(said, Some(Event::Thought { .. }));
        let begins = match &piece.format {
            None => !thinking,
            Some(_) => new || piece.sealed.is_some() || !(thinking || self.loose),
        };
        match self.thoughts.last_mut() {
            Some((format, done)) if !begins && *format == piece.format && !*done => *done = proven,
            _ => self.thoughts.push((piece.format.clone(), proven)),
        }
        self.thoughts.len() as u32 - 1
    }
}

/// Is this an event that every protocol has words for?
fn says_something(event: &Event) -> bool {
    match event {
        Event::Text(text) | Event::Refusal(text) => !text.is_empty(),
        Event::Thought { piece, .. } => Thought { format: None, ..piece.clone() } != Thought::default(),
        Event::CallStart { .. } | Event::CallDelta { .. } => true,
        Event::Start { .. } | Event::Finish(_) | Event::Usage(_) | Event::End | Event::Error(_) => false,
    }
}

/// A text cut in two.
pub fn halves(text: &str, cut: Index) -> (String, String) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let (begin, rest) = text.split_at(*cut.get(&places));
    (begin.to_owned(), rest.to_owned())
}

fn model() -> BoxedStrategy<String> {
    prop_oneof![4 => "[a-z]{1,4}-[0-9]", 1 => text()].boxed()
}

fn finish() -> BoxedStrategy<Finish> {
    prop_oneof![
        3 => Just(Finish::Stop),
        2 => Just(Finish::ToolCalls),
        1 => Just(Finish::Length),
        1 => text().prop_map(Finish::StopSequence),
        1 => option::of(text()).prop_map(Finish::Filtered),
        1 => name().prop_map(|name| Finish::Other(format!("other_{name}"))),
    ]
    .boxed()
}

/// Tokens, of which the cached ones are a part, as every provider tells them.
pub fn usage() -> BoxedStrategy<Usage> {
    let count = || prop_oneof![4 => 0..100_000_u64, 1 => Just(1 << 62)];
    (count(), count(), count(), any::<bool>(), count(), option::of(count()))
        .prop_map(|(uncached, cache_read, cache_write, tells_cache, output, reasoning)| {
            let (cache_read, cache_write) = if tells_cache { (cache_read, cache_write) } else { (0, 0) };
            Usage {
                input: uncached.saturating_add(cache_read).saturating_add(cache_write),
                cache_read,
                cache_write,
                cache_write_1h: 0,
                tells_cache,
                output,
                reasoning,
                cost: None,
                estimated: false,
            }
        })
        .boxed()
}
