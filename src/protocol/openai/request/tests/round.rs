//! What is written is read again as it was.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::{read, write};
use super::card;
use crate::domain::chat::{
    Chat, Effort, File, Format, Function, Image, Message, Part, Sampling, Schema, Source, Text, Thought, Tool,
    ToolCall, ToolChoice, ToolResult,
};

/// Any words, with what breaks JSON and UTF-8 among them.
fn words() -> impl Strategy<Value = String> {
    "[ -~\n\u{0}\u{e9}\u{1f44b}\"\\\\]{1,12}"
}

fn name() -> impl Strategy<Value = String> {
    "[a-z_]{1,8}"
}

fn base64() -> impl Strategy<Value = String> {
    "[A-Za-z0-9+/]{4,16}"
}

fn text() -> impl Strategy<Value = Part> {
    (words(), any::<bool>()).prop_map(|(text, cache)| Part::Text(Text { text, cache }))
}

fn plain() -> impl Strategy<Value = Part> {
    words().prop_map(|text| Part::Text(Text { text, cache: false }))
}

fn source(media_type: &'static str) -> impl Strategy<Value = Source> {
    base64().prop_map(move |data| Source::Base64 { media_type: media_type.into(), data })
}

fn image() -> impl Strategy<Value = Part> {
    let url = name().prop_map(|name| Source::Url(format!("https://example.com/{name}?a=1,2")));
    let detail = option::of(Just("low".to_owned()));
    (prop_oneof![source("image/png"), url], detail, any::<bool>())
        .prop_map(|(source, detail, cache)| Part::Image(Image { source, detail, cache }))
}

fn file() -> impl Strategy<Value = Part> {
    let id = name().prop_map(Source::Id);
    (option::of(name()), prop_oneof![source("application/pdf"), id], any::<bool>())
        .prop_map(|(name, source, cache)| Part::File(File { name, source, cache }))
}

fn audio() -> impl Strategy<Value = Part> {
    base64().prop_map(|data| Part::Audio { format: "wav".into(), data })
}

fn user() -> impl Strategy<Value = Vec<Message>> {
    vec(prop_oneof![text(), image(), file(), audio()], 1..4).prop_map(|parts| vec![Message::User(parts)])
}

/// Instructions: one text, or some of which one at least is marked, for others are joined.
fn system() -> impl Strategy<Value = Vec<Message>> {
    let marked = words().prop_map(|text| Part::Text(Text { text, cache: true }));
    let several = (vec(text(), 0..3), marked).prop_map(|(mut parts, last)| {
        parts.push(last);
        parts
    });
    prop_oneof![plain().prop_map(|part| vec![part]), several].prop_map(|parts| vec![Message::System(parts)])
}

fn thoughts() -> impl Strategy<Value = Vec<Part>> {
    let gemini = || Some("google-gemini-v1".to_owned());
    let signed = ("[a-z ]{0,8}", base64()).prop_map(move |(text, signature)| Thought {
        text,
        signature: Some(signature),
        sealed: None,
        format: gemini(),
    });
    let sealed = base64().prop_map(move |data| Thought { sealed: Some(data), format: gemini(), ..Thought::default() });
    let summary =
        words().prop_map(|text| Thought { text, format: Some("openai-responses-v1".into()), ..Thought::default() });
    let plain = words().prop_map(|text| Thought { text, ..Thought::default() });
    vec(prop_oneof![signed, sealed, summary, plain].prop_map(Part::Thought), 0..4)
}

/// What a tool gave back: a string, or parts of which the last is marked, for others are joined.
fn given_back() -> impl Strategy<Value = (bool, Vec<Part>)> {
    let marked = (vec(text(), 0..2), words()).prop_map(|(mut parts, text)| {
        parts.push(Part::Text(Text { text, cache: true }));
        (false, parts)
    });
    prop_oneof![plain().prop_map(|part| (true, vec![part])), marked]
}

/// A turn of the assistant with the answers to its calls. It says or calls something.
fn assistant() -> impl Strategy<Value = Vec<Message>> {
    let refusal = option::of(words().prop_map(Part::Refusal));
    let calls = vec((name(), prop_oneof![Just("{}".to_owned()), words()], given_back()), 0..3);
    (thoughts(), option::of(plain()), refusal, calls).prop_map(|(mut parts, text, refusal, calls)| {
        let silent = text.is_none() && refusal.is_none() && calls.is_empty();
        parts.extend(text.or_else(|| silent.then(|| Part::Text(Text { text: "…".into(), cache: false }))));
        parts.extend(refusal);
        let mut answers = Vec::new();
        for (at, (name, arguments, (plain, said))) in calls.into_iter().enumerate() {
            let id = format!("call:{at}");
            parts.push(Part::Call(ToolCall { id: id.clone(), name, arguments }));
            answers.push(Message::Tool(ToolResult { id, parts: said, plain, is_error: false }));
        }
        // In any order.
        answers.reverse();
        let mut turn = vec![Message::Assistant(parts)];
        turn.extend(answers);
        turn
    })
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let said = prop_oneof![Just("!"), Just("\u{1f44b}")]
        .prop_map(|words| Message::User(vec![Part::Text(Text { text: words.into(), cache: false })]));
    (vec(prop_oneof![user(), system(), assistant()], 0..5), said).prop_map(|(turns, said)| {
        let mut messages: Vec<Message> = turns.into_iter().flatten().collect();
        messages.push(said);
        messages
    })
}

fn tools() -> impl Strategy<Value = (Vec<Tool>, Option<ToolChoice>, Option<bool>)> {
    let schema = option::of(Just(json!({"type": "object", "z": 1.5, "a": [null, true]})));
    let function = (name(), option::of(words()), schema, option::of(any::<bool>())).prop_map(
        |(name, description, parameters, strict)| {
            // Strictness with this schema is more than can be asked for.
            let strict = strict.filter(|strict| !strict || parameters.is_none());
            Tool::Function(Function { name, description, parameters, strict, cache: false })
        },
    );
    let custom = Just(Tool::Other { kind: "custom".into(), raw: json!({"type": "custom", "custom": {"name": "SQL"}}) });
    let choice = prop_oneof![
        Just(ToolChoice::None),
        Just(ToolChoice::Auto),
        Just(ToolChoice::Required),
        Just(ToolChoice::Named("SQL".into())),
        name().prop_map(ToolChoice::Named),
        (any::<bool>(), vec(name(), 0..3)).prop_map(|(required, names)| ToolChoice::Allowed { required, names }),
    ];
    let some = (vec(prop_oneof![function, custom], 1..4), option::of(choice), option::of(any::<bool>()));
    prop_oneof![Just((Vec::new(), None, None)), some]
}

fn sampling() -> impl Strategy<Value = Sampling> {
    let draws = (option::of(0.0..2.0), option::of(0.0..1.0), option::of(0..100_u64), option::of(0.0..1.0));
    let more = (option::of(any::<i64>()), vec(words(), 0..5), option::of(-2.0..2.0), option::of(-2.0..2.0));
    (draws, more).prop_map(|((temperature, top_p, top_k, min_p), (seed, stop, frequency_penalty, presence_penalty))| {
        Sampling { temperature, top_p, top_k, min_p, seed, stop, frequency_penalty, presence_penalty }
    })
}

fn format() -> impl Strategy<Value = Format> {
    let schema = (name(), option::of(words()), option::of(any::<bool>())).prop_map(|(name, description, strict)| {
        Format::Schema(Schema { name: Some(name), description, schema: json!({"z": 1, "a": 2}), strict })
    });
    prop_oneof![Just(Format::Text), Just(Format::Json), schema]
}

fn effort() -> impl Strategy<Value = Effort> {
    use Effort::{High, Low, Max, Medium, Minimal, None, Xhigh};
    prop::sample::select(vec![None, Minimal, Low, Medium, High, Xhigh, Max])
}

fn rest() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![Just(json!(2)), Just(json!({"b": [1, null], "a": -0.5})), words().prop_map(Value::from)];
    vec(("x_[a-z]{1,4}", value), 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn chat() -> impl Strategy<Value = Chat> {
    let options = (option::of(1..100_000_u64), sampling(), option::of(effort()), format());
    let more = (option::of("[a-z@.]{1,64}"), any::<bool>(), rest());
    (messages(), tools(), options, more).prop_map(
        |(
            messages,
            (tools, tool_choice, parallel_tools),
            (max_tokens, sampling, effort, format),
            (user, stream, rest),
        )| {
            let include_usage = stream;
            Chat {
                messages,
                tools,
                tool_choice,
                parallel_tools,
                max_tokens,
                sampling,
                effort,
                format,
                user,
                stream,
                include_usage,
                rest,
                ..Chat::default()
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(chat in chat()) {
        let written = write(&chat, "m", &card()).unwrap();
        prop_assert_eq!(&written.dropped, &Vec::<String>::new());
        let again = read(&written.body).unwrap();
        prop_assert_eq!(again, chat);
    }

    #[test]
    fn the_order_of_other_fields_is_kept(chat in chat()) {
        let again = read(&write(&chat, "m", &card()).unwrap().body).unwrap();
        prop_assert!(again.rest.keys().eq(chat.rest.keys()));
    }

    #[test]
    fn a_broken_body_is_refused(body in vec(any::<u8>(), 0..200), cut in any::<prop::sample::Index>(), chat in chat()) {
        prop_assert!(read(&body).is_err());
        let written = write(&chat, "m", &card()).unwrap().body;
        prop_assert!(read(&written[..cut.index(written.len())]).is_err());
    }

    #[test]
    fn a_spoilt_body_is_read_or_refused_with_words(at in any::<prop::sample::Index>(), byte: u8, chat in chat()) {
        let mut body = write(&chat, "m", &card()).unwrap().body.to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        if let Err(error) = read(&body) {
            prop_assert!(error.message.ends_with('.') || error.message.contains("data:"), "{}", error.message);
        }
    }
}
