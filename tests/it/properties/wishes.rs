//! What is wanted of the model: tools, draws, effort, the answer's form; and a whole request.

use ai_mcp_gateway::domain::chat::{Chat, Effort, Format, Function, Sampling, Schema, Tool, ToolChoice};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use super::conversation::{answered, messages, round};
use super::words::{json, name, object, text};

/// Any request.
pub fn chat() -> BoxedStrategy<Chat> {
    (messages(), wishes()).prop_map(|(messages, chat)| Chat { messages, ..chat }).boxed()
}

/// Two requests of which the second goes on, by a round, where the first one ended.
pub fn chat_and_more() -> BoxedStrategy<(Chat, Chat)> {
    (messages(), answered(), round(), wishes())
        .prop_map(|(mut messages, turn, round, chat)| {
            messages.extend(turn);
            let more = messages.iter().cloned().chain(round).collect();
            (Chat { messages, ..chat.clone() }, Chat { messages: more, ..chat })
        })
        .boxed()
}

/// Everything but the conversation.
fn wishes() -> BoxedStrategy<Chat> {
    let length = option::of(prop_oneof![1..200_000_u64, Just(i64::MAX as u64)]);
    let shape = (length, option::of(effort()), format(), sampling());
    let rest = (option::of(user_id()), any::<bool>(), rest(), vec(name(), 0..2), any::<bool>());
    (tools(), shape, rest)
        .prop_map(|((tools, tool_choice, parallel_tools), (max_tokens, effort, format, sampling), rest)| {
            let (user, stream, rest, foreign, text_parts) = rest;
            Chat {
                tools,
                tool_choice,
                parallel_tools,
                max_tokens,
                sampling,
                effort,
                format,
                user,
                stream,
                include_usage: stream,
                rest,
                foreign,
                text_parts,
                ..Chat::default()
            }
        })
        .boxed()
}

/// The tools, each name once, how they are to be used, and whether several may be called at once.
fn tools() -> BoxedStrategy<(Vec<Tool>, Option<ToolChoice>, Option<bool>)> {
    let function = (name(), option::of(text()), option::of(schema()), option::of(any::<bool>()), any::<bool>());
    let function = function.prop_map(|(name, description, parameters, strict, cache)| {
        Tool::Function(Function { name, description, parameters, strict, cache })
    });
    let custom = json!({"type": "custom", "custom": {"name": "SQL", "description": "asks"}});
    let own = json!({"type": "web_search_20260101", "name": "web_search"});
    let tool = prop_oneof![
        12 => function,
        1 => Just(Tool::Other { kind: "custom".into(), raw: custom }),
        1 => Just(Tool::Other { kind: "web_search_20260101".into(), raw: own }),
    ];
    (vec(tool, 0..4), any::<Index>(), 0..8_u8, option::of(any::<bool>()))
        .prop_map(|(mut tools, at, choice, parallel)| {
            let mut seen = Vec::new();
            tools.retain(|tool| {
                let known = seen.contains(&tool_name(tool));
                seen.push(tool_name(tool));
                !known
            });
            let named = || seen.get(at.index(seen.len().max(1))).cloned().unwrap_or_else(|| "none_such".into());
            let allowed = |required| ToolChoice::Allowed { required, names: vec![named()] };
            let choice = match choice {
                0 => Some(ToolChoice::None),
                1 => Some(ToolChoice::Auto),
                2 => Some(ToolChoice::Required),
                3 => Some(ToolChoice::Named(named())),
                4 => Some(allowed(true)),
                5 => Some(allowed(false)),
                _ => None,
            };
            (tools, choice, parallel)
        })
        .boxed()
}

fn tool_name(tool: &Tool) -> String {
    match tool {
        Tool::Function(function) => function.name.clone(),
        Tool::Other { kind, .. } if kind == "custom" => "SQL".into(),
        Tool::Other { .. } => "web_search".into(),
    }
}

/// A JSON schema, or an object that is nearly one.
fn schema() -> BoxedStrategy<Value> {
    let property = prop_oneof![Just(json!({"type": "string"})), Just(json!({"type": ["integer", "null"]})), json()];
    let proper = vec((name(), property), 0..3).prop_map(|properties| {
        let names: Vec<String> = properties.iter().map(|(name, _)| name.clone()).collect();
        let properties: Map<String, Value> = properties.into_iter().collect();
        json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
    });
    prop_oneof![2 => proper, 1 => object().prop_map(Value::Object)].boxed()
}

fn sampling() -> BoxedStrategy<Sampling> {
    // Halves and quarters: their digits are the same in every protocol's hands.
    let number = |most: i32| option::weighted(0.3, (0..=most * 4).prop_map(|number| f64::from(number) / 4.0));
    let draws = (number(2), number(1), option::weighted(0.3, 0..100_u64), number(1));
    let more = (option::weighted(0.3, any::<i64>()), vec(text(), 0..6), number(2), number(2));
    (draws, more)
        .prop_map(|((temperature, top_p, top_k, min_p), (seed, stop, frequency_penalty, presence_penalty))| Sampling {
            temperature,
            top_p,
            top_k,
            min_p,
            seed,
            stop,
            frequency_penalty,
            presence_penalty,
        })
        .boxed()
}

fn effort() -> BoxedStrategy<Effort> {
    use Effort::{High, Low, Max, Medium, Minimal, None, Xhigh};
    select(vec![None, Minimal, Low, Medium, High, Xhigh, Max]).boxed()
}

fn format() -> BoxedStrategy<Format> {
    let schema = (option::of(name()), option::of(text()), schema(), option::of(any::<bool>()))
        .prop_map(|(name, description, schema, strict)| Format::Schema(Schema { name, description, schema, strict }));
    prop_oneof![3 => Just(Format::Text), 1 => Just(Format::Json), 2 => schema].boxed()
}

fn user_id() -> BoxedStrategy<String> {
    prop_oneof![4 => "[a-z0-9-]{1,64}", 1 => "[a-z]{65,80}", 1 => Just("ann@example.com".to_owned()), 1 => text()]
        .boxed()
}

/// Fields that the hub has no words for.
fn rest() -> BoxedStrategy<Map<String, Value>> {
    let known = select(vec![
        ("store", json!(true)),
        ("metadata", json!({"a": "b"})),
        ("service_tier", json!("auto")),
        ("service_tier", json!("flex")),
        ("verbosity", json!("low")),
        ("logit_bias", json!({})),
        ("n", json!(1)),
        ("prompt_cache_key", json!("k")),
    ]);
    let known = known.prop_map(|(name, value)| (name.to_owned(), value));
    let given = json().prop_filter("null is as good as nothing", |value| !value.is_null());
    let unknown = ("x_[a-z]{1,4}", given);
    vec(prop_oneof![known, unknown], 0..3).prop_map(|fields| fields.into_iter().collect()).boxed()
}
