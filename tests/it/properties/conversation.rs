//! Conversations: turns of every role with parts of every kind, and answers to tool calls in any order.

use ai_mcp_gateway::domain::chat::{
    ANTHROPIC_THOUGHT, File, Image, Message, OPENAI_THOUGHT, Part, Source, Text, Thought, ToolCall, ToolResult,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::words::{arguments, base64, id, name, text, written};

/// A conversation that begins with something said, so that a model has something to answer.
pub fn messages() -> BoxedStrategy<Vec<Message>> {
    let turn = prop_oneof![2 => user(), 1 => system(), 2 => assistant()];
    (vec(system(), 0..2), written(), vec(turn, 0..5))
        .prop_map(|(instructions, said, turns)| {
            let mut messages: Vec<Message> = instructions.into_iter().flatten().collect();
            messages.push(Message::User(vec![plain(said)]));
            messages.extend(turns.into_iter().flatten());
            messages
        })
        .boxed()
}

/// A turn to which the model answers: of the person, or the results of tools.
pub fn answered() -> BoxedStrategy<Vec<Message>> {
    let results = (written(), assistant())
        .prop_filter("calls", |(_, turn)| matches!(turn.last(), Some(Message::Tool(_))))
        .prop_map(spoken);
    prop_oneof![2 => written().prop_map(|said| vec![Message::User(vec![plain(said)])]), 1 => results].boxed()
}

/// What a round of the conversation adds: the model's turn, the answers to its calls, and perhaps what is said then.
pub fn round() -> BoxedStrategy<Vec<Message>> {
    ((written(), assistant()).prop_map(spoken), option::of(user()))
        .prop_map(|(mut turn, said)| {
            turn.extend(said.into_iter().flatten());
            turn
        })
        .boxed()
}

/// A turn of the model in which it says something.
fn spoken((said, mut turn): (String, Vec<Message>)) -> Vec<Message> {
    if let Some(Message::Assistant(parts)) = turn.first_mut() {
        parts.insert(0, plain(said));
    }
    turn
}

fn plain(text: String) -> Part {
    Part::Text(Text { text, cache: false })
}

fn user() -> BoxedStrategy<Vec<Message>> {
    vec(prop_oneof![3 => words(), 1 => image(), 1 => file(), 1 => audio()], 0..4)
        .prop_map(|parts| vec![Message::User(parts)])
        .boxed()
}

fn system() -> BoxedStrategy<Vec<Message>> {
    vec(words(), 0..3).prop_map(|parts| vec![Message::System(parts)]).boxed()
}

/// The model's turn and the answers to its calls, in any order, instructions perhaps between them.
fn assistant() -> BoxedStrategy<Vec<Message>> {
    let part = prop_oneof![3 => words(), 2 => thought().prop_map(Part::Thought), 1 => text().prop_map(Part::Refusal)];
    let call = (id(), tool_name(), arguments());
    let made = vec((call, result(), any::<Index>(), any::<Index>()), 0..4);
    (vec(part, 0..4), made, option::weighted(0.1, system()))
        .prop_map(|(mut parts, made, instructions)| {
            let mut answers = Vec::new();
            for ((id, name, arguments), (said, plain, is_error), place, order) in made {
                // Within one turn ids tell calls apart.
                let taken = answers.iter().any(|answer| matches!(answer, Message::Tool(known) if known.id == id));
                let id = if taken { format!("{id}-{}", answers.len()) } else { id };
                let call = Part::Call(ToolCall { id: id.clone(), name, arguments });
                parts.insert(place.index(parts.len() + 1), call);
                let answer = Message::Tool(ToolResult { id, parts: said, plain, is_error });
                answers.insert(order.index(answers.len() + 1), answer);
            }
            let mut turn = vec![Message::Assistant(parts)];
            turn.extend(instructions.into_iter().flatten());
            turn.extend(answers);
            turn
        })
        .boxed()
}

/// What a tool gave back: its parts, whether they are a plain string, whether it failed.
fn result() -> BoxedStrategy<(Vec<Part>, bool, bool)> {
    let one = text().prop_map(|text| (vec![plain(text)], true));
    let parts = vec(prop_oneof![3 => words(), 1 => image(), 1 => file()], 0..3).prop_map(|parts| (parts, false));
    (prop_oneof![one, parts], prop::bool::weighted(0.2))
        .prop_map(|((parts, plain), is_error)| (parts, plain, is_error))
        .boxed()
}

/// A thought of nobody, or of a provider: signed, sealed, or only told.
pub fn thought() -> BoxedStrategy<Thought> {
    let plain = text().prop_map(|text| Thought { text, ..Thought::default() });
    let format = || select(vec![ANTHROPIC_THOUGHT, OPENAI_THOUGHT]).prop_map(|name| Some(name.to_owned()));
    let signed = (text(), base64(), format()).prop_map(|(text, signature, format)| Thought {
        text,
        signature: Some(signature),
        sealed: None,
        format,
    });
    let sealed =
        (base64(), format()).prop_map(|(data, format)| Thought { sealed: Some(data), format, ..Thought::default() });
    let told = (text(), format()).prop_map(|(text, format)| Thought { text, format, ..Thought::default() });
    prop_oneof![plain, signed, sealed, told].boxed()
}

/// The name of a tool that was called: one on offer or one that the model made up.
fn tool_name() -> BoxedStrategy<String> {
    prop_oneof![
        4 => name(),
        1 => select(vec!["SQL", "a b", "\u{e9}t\u{e9}", "a.b"]).prop_map(str::to_owned),
        1 => "[a-z]{130}",
    ]
    .boxed()
}

fn words() -> BoxedStrategy<Part> {
    (text(), prop::bool::weighted(0.2)).prop_map(|(text, cache)| Part::Text(Text { text, cache })).boxed()
}

fn image() -> BoxedStrategy<Part> {
    let types = vec!["image/png", "image/jpeg", "image/jpg", "IMAGE/PNG", "image/webp", "image/svg+xml"];
    let source = prop_oneof![4 => data(types), 2 => address(), 1 => name().prop_map(Source::Id)];
    (source, option::of(Just("low".to_owned())), any::<bool>())
        .prop_map(|(source, detail, cache)| Part::Image(Image { source, detail, cache }))
        .boxed()
}

fn file() -> BoxedStrategy<Part> {
    let text = data(vec!["text/plain"]);
    let types = vec!["application/pdf", "application/zip"];
    let source = prop_oneof![4 => data(types), 2 => text, 1 => address(), 1 => name().prop_map(Source::Id)];
    (option::of(text_name()), source, any::<bool>())
        .prop_map(|(name, source, cache)| Part::File(File { name, source, cache }))
        .boxed()
}

fn audio() -> BoxedStrategy<Part> {
    base64().prop_map(|data| Part::Audio { format: "wav".into(), data }).boxed()
}

fn data(types: Vec<&'static str>) -> BoxedStrategy<Source> {
    // Some of it is text, some is none.
    let data = prop_oneof![2 => Just("aGVsbG8=".to_owned()), 1 => base64()];
    (select(types), data).prop_map(|(kind, data)| Source::Base64 { media_type: kind.to_owned(), data }).boxed()
}

fn address() -> BoxedStrategy<Source> {
    (select(vec!["https", "http"]), name())
        .prop_map(|(scheme, name)| Source::Url(format!("{scheme}://example.com/{name}?a=1,2")))
        .boxed()
}

fn text_name() -> BoxedStrategy<String> {
    written().prop_filter("a name of one line", |name| !name.contains('\n')).boxed()
}
