//! What is written is read again as it was.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::{read, write};
use crate::domain::chat::{
    Chat, Effort, File, Format, Function, Image, Message, OPENAI_THOUGHT, Part, Sampling, Schema, Source, Text,
    Thought, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::domain::money::{Price, Usd};
use crate::models::Card;

/// A model that takes everything, and whose server has marks for its cache.
fn card() -> Card {
    let price = Price { input: Usd(100), cache_write: Usd(125), ..Price::default() };
    Card { price: Some(price), ..Card::PLAIN }
}

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
    (option::of(name()), source("application/pdf"), any::<bool>())
        .prop_map(|(name, source, cache)| Part::File(File { name, source, cache }))
}

fn audio() -> impl Strategy<Value = Part> {
    base64().prop_map(|data| Part::Audio { format: "wav".into(), data })
}

fn user() -> impl Strategy<Value = Vec<Message>> {
    vec(prop_oneof![text(), image(), file(), audio()], 1..4).prop_map(|parts| vec![Message::User(parts)])
}

fn system() -> impl Strategy<Value = Vec<Message>> {
    vec(text(), 1..3).prop_map(|parts| vec![Message::System(parts)])
}

fn thoughts() -> impl Strategy<Value = Vec<Part>> {
    let sealed = (prop_oneof![Just(String::new()), words()], base64()).prop_map(|(text, sealed)| Thought {
        text,
        sealed: Some(sealed),
        format: Some(OPENAI_THOUGHT.to_owned()),
        signature: None,
    });
    vec(sealed.prop_map(Part::Thought), 0..3)
}

/// A turn of the assistant that says something, with the answers to its calls.
fn assistant() -> impl Strategy<Value = Vec<Message>> {
    let said = vec(prop_oneof![plain(), words().prop_map(Part::Refusal)], 1..3);
    let result = prop_oneof![
        plain().prop_map(|part| (true, vec![part])),
        vec(prop_oneof![text(), image(), file()], 1..3).prop_map(|parts| (false, parts)),
    ];
    let free = words().prop_map(|input| ("sql".to_owned(), json!({ "input": input }).to_string()));
    let call = prop_oneof![(name(), prop_oneof![Just("{}".to_owned()), words()]), free];
    (thoughts(), said, vec((call, result), 0..3), option::of(plain())).prop_map(|(mut parts, said, calls, after)| {
        parts.extend(said);
        let mut answers = Vec::new();
        for (at, ((name, arguments), (plain, said))) in calls.into_iter().enumerate() {
            let id = format!("call:{at}");
            parts.push(Part::Call(ToolCall { id: id.clone(), name, arguments }));
            answers.push(Message::Tool(ToolResult { id, parts: said, plain, is_error: false }));
        }
        if !answers.is_empty() {
            parts.extend(after);
        }
        // In any order.
        answers.reverse();
        let mut turn = vec![Message::Assistant(parts)];
        turn.extend(answers);
        turn
    })
}

/// Instructions first, of one text, where there are any; something else behind them.
fn messages() -> impl Strategy<Value = Vec<Message>> {
    let said = |words: &str| Message::User(vec![Part::Text(Text { text: words.into(), cache: false })]);
    let instructions = option::of(plain().prop_map(|part| Message::System(vec![part])));
    (instructions, vec(prop_oneof![user(), system(), assistant()], 0..5)).prop_map(move |(instructions, turns)| {
        let mut messages: Vec<Message> = instructions.into_iter().collect();
        messages.push(said("!"));
        messages.extend(turns.into_iter().flatten());
        messages
    })
}

fn tools() -> impl Strategy<Value = (Vec<Tool>, Option<ToolChoice>, Option<bool>)> {
    let function = (name(), option::of(words()), any::<bool>()).prop_map(|(name, description, strict)| {
        let parameters = Some(json!({"type": "object", "additionalProperties": false, "z": 1.5, "a": [null, true]}));
        Tool::Function(Function { name, description, parameters, strict: Some(strict), cache: false })
    });
    let grammar = json!({"type": "grammar", "grammar": {"definition": "x", "syntax": "lark"}});
    let raw = json!({"type": "custom", "custom": {"name": "sql", "description": "d", "format": grammar}});
    let custom = Tool::Other { kind: "custom".into(), raw };
    let choice = prop_oneof![
        Just(ToolChoice::None),
        Just(ToolChoice::Auto),
        Just(ToolChoice::Required),
        Just(ToolChoice::Named("sql".into())),
        name().prop_map(ToolChoice::Named),
        (any::<bool>(), vec(name(), 0..3)).prop_map(|(required, names)| ToolChoice::Allowed { required, names }),
    ];
    // The free tool is always there, because its calls may be.
    (vec(function, 0..3), option::of(choice), option::of(any::<bool>())).prop_map(
        move |(mut tools, choice, parallel)| {
            tools.push(custom.clone());
            (tools, choice, parallel)
        },
    )
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

/// The fields that the hub has no words for, in the order in which they are read.
fn rest() -> impl Strategy<Value = Map<String, Value>> {
    let field = |name: &'static str, value: Value| option::of(Just((name.to_owned(), value)));
    let logprobs = option::of(option::of(1..20_u64));
    let shared = (
        field("metadata", json!({"k": "v"})),
        field("prompt_cache_key", json!("p")),
        field("service_tier", json!("flex")),
    );
    (shared, logprobs, field("verbosity", json!("low"))).prop_map(|((one, two, three), logprobs, verbosity)| {
        let mut rest: Map<String, Value> = [one, two, three].into_iter().flatten().collect();
        if let Some(most) = logprobs {
            rest.insert("logprobs".into(), true.into());
            rest.extend(most.map(|most| ("top_logprobs".to_owned(), most.into())));
        }
        rest.extend(verbosity);
        rest
    })
}

fn chat() -> impl Strategy<Value = Chat> {
    let draws = (option::of(0.0..2.0), option::of(0.0..1.0));
    let options = (option::of(16..100_000_u64), draws, option::of(effort()), format());
    let more = (option::of("[a-z@.]{1,64}"), any::<bool>(), rest());
    (messages(), tools(), options, more).prop_map(
        |(
            messages,
            (tools, tool_choice, parallel_tools),
            (max_tokens, (temperature, top_p), effort, format),
            (user, stream, rest),
        )| {
            let sampling = Sampling { temperature, top_p, ..Sampling::default() };
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
                include_usage: true,
                text_parts: true,
                rest,
                foreign: Vec::new(),
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
            let message = error.to_string();
            prop_assert!(message.ends_with('.') || message.contains("data:"), "{}", message);
        }
    }
}
