//! OpenAI chat completions.

use ai_mcp_gateway::domain::chat::{
    ANTHROPIC_THOUGHT, Answer, Chat, File, Finish, Format, Function, Image, Message, Part, Schema, Source, Text,
    Thought, Tool, ToolCall, ToolResult,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{answers_first, calls, refusals, shown, text, texts, thoughts};

/// Can a conversation not be put into this protocol at all?
pub fn is_beyond(chat: &Chat) -> bool {
    let foreign = |part: &Part| match part {
        Part::Image(image) => matches!(image.source, Source::Id(_)),
        Part::File(file) => matches!(file.source, Source::Url(_)),
        _ => false,
    };
    let bound = |tool: &Tool| matches!(tool, Tool::Other { kind, .. } if kind != "custom");
    shown(&chat.messages).any(foreign) || chat.tools.iter().any(bound)
}

/// What is kept of a request.
pub fn request(chat: &Chat) -> Chat {
    let with_tools = !chat.tools.is_empty();
    let mut kept = Chat {
        messages: messages(chat),
        foreign: Vec::new(),
        include_usage: chat.stream,
        text_parts: false,
        ..chat.clone()
    };
    kept.tools = chat.tools.iter().cloned().map(tool).collect();
    kept.tool_choice = kept.tool_choice.filter(|_| with_tools);
    kept.parallel_tools = kept.parallel_tools.filter(|_| with_tools);
    kept.sampling.stop.truncate(4);
    kept.user = kept.user.map(short);
    if let Format::Schema(schema) = &mut kept.format {
        *schema = named(schema.clone());
    }
    kept
}

/// A function has no mark of a cached prefix, and is strict where its schema allows it.
fn tool(tool: Tool) -> Tool {
    let Tool::Function(function) = tool else { return tool };
    let closed = function.parameters.as_ref().is_none_or(is_closed);
    Tool::Function(Function { cache: false, strict: function.strict.filter(|strict| !strict || closed), ..function })
}

/// A schema has a name; one that had none is as strict as it can be.
pub fn named(schema: Schema) -> Schema {
    if schema.name.is_some() {
        return schema;
    }
    let strict = schema.strict.or_else(|| Some(is_closed(&schema.schema)));
    Schema { name: Some("output".into()), strict, ..schema }
}

/// Does every object in it require all it has, and forbid all else?
pub fn is_closed(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().all(is_closed),
        Value::Object(map) => {
            let properties = map.get("properties").and_then(Value::as_object);
            let object = properties.is_some() || map.get("type") == Some(&json!("object"));
            let required = map.get("required").and_then(Value::as_array);
            let all = properties.is_none_or(|properties| {
                properties.keys().all(|name| required.is_some_and(|list| list.contains(&json!(name))))
            });
            let closed = map.get("additionalProperties") == Some(&json!(false)) && all;
            (!object || closed) && map.values().all(is_closed)
        }
        _ => true,
    }
}

/// An id of at most 64 characters, else its hash.
pub fn short(user: String) -> String {
    if user.chars().count() <= 64 {
        return user;
    }
    Sha256::digest(user).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is kept of the conversation. Results of tools are text: pictures and documents among them open the next turn
/// of the person.
fn messages(chat: &Chat) -> Vec<Message> {
    let (mut kept, mut moved) = (Vec::new(), Vec::new());
    for message in answers_first(&chat.messages) {
        match message {
            Message::System(parts) => kept.push(Message::System(instructions(parts))),
            Message::User(parts) => {
                let said = std::mem::take(&mut moved).into_iter().chain(parts.into_iter().map(document));
                kept.push(Message::User(said.collect()));
            }
            Message::Assistant(parts) => {
                if !moved.is_empty() {
                    kept.push(Message::User(std::mem::take(&mut moved)));
                }
                kept.push(Message::Assistant(turn(&parts, &chat.tools)));
            }
            Message::Tool(result) => kept.push(Message::Tool(told(result, &mut moved))),
        }
    }
    if !moved.is_empty() {
        kept.push(Message::User(moved));
    }
    kept
}

/// Instructions without marks become one text.
fn instructions(parts: Vec<Part>) -> Vec<Part> {
    if parts.iter().any(|part| matches!(part, Part::Text(Text { cache: true, .. }))) {
        return parts;
    }
    let mut texts = texts(&parts);
    if texts.len() > 1 {
        texts.retain(|text| !text.trim().is_empty());
    }
    vec![text(texts.join("\n\n"))]
}

/// A document of plain text is text.
pub fn document(part: Part) -> Part {
    let Part::File(File { source: Source::Base64 { media_type, data }, cache, .. }) = &part else { return part };
    let bytes = STANDARD.decode(data).ok().filter(|_| media_type == "text/plain");
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => Part::Text(Text { text, cache: *cache }),
        None => part,
    }
}

/// The model's turn: thoughts that are not Claude's, one text, one refusal, calls; an empty text where there is nothing
/// beside thoughts.
fn turn(parts: &[Part], tools: &[Tool]) -> Vec<Part> {
    let takes = |thought: &&Thought| thought.format.as_deref() != Some(ANTHROPIC_THOUGHT);
    let thoughts: Vec<&Thought> = thoughts(parts).filter(takes).collect();
    // A thought of nobody that is alone and says nothing is none.
    let nothing = matches!(thoughts[..], [thought] if *thought == Thought::default());
    let mut kept: Vec<Part> =
        thoughts.into_iter().filter(|_| !nothing).map(|thought| Part::Thought(thought.clone())).collect();
    let (said, refused) = (texts(parts), refusals(parts));
    // Thoughts alone are no turn: it says nothing beside them.
    let silent = !parts.is_empty() && refused.is_empty() && calls(parts).next().is_none();
    kept.extend((!said.is_empty() || silent).then(|| text(said.concat())));
    kept.extend(Some(refused.concat()).filter(|words| !words.is_empty()).map(Part::Refusal));
    kept.extend(calls(parts).map(|call| Part::Call(called(call, tools))));
    kept
}

/// A call has arguments, be they none; one of a custom tool has its input and nothing beside it.
pub fn called(call: &ToolCall, tools: &[Tool]) -> ToolCall {
    let custom = call.name == "SQL" && tools.iter().any(|tool| matches!(tool, Tool::Other { .. }));
    let input = || serde_json::from_str::<Map<String, Value>>(&call.arguments).ok()?.remove("input");
    let arguments = match input().filter(|input| custom && input.is_string()) {
        Some(input) => json!({ "input": input }).to_string(),
        None if call.arguments.is_empty() => "{}".into(),
        None => call.arguments.clone(),
    };
    ToolCall { arguments, ..call.clone() }
}

/// A result as one text, unless a mark in it counts; whether the tool failed is said in it.
fn told(result: ToolResult, moved: &mut Vec<Part>) -> ToolResult {
    let ToolResult { id, parts, is_error, .. } = result;
    let (said, others): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| matches!(part, Part::Text(_)));
    for part in others {
        let what = if matches!(part, Part::Image(Image { .. })) { "Image" } else { "File" };
        moved.extend([text(format!("{what} from tool result {id}:")), document(part)]);
    }
    if !is_error && said.iter().any(|part| matches!(part, Part::Text(Text { cache: true, .. }))) {
        return ToolResult { id, parts: said, plain: false, is_error };
    }
    let mark = if is_error { "Error: " } else { "" };
    let parts = vec![text(format!("{mark}{}", texts(&said).join("\n")))];
    ToolResult { id, parts, plain: true, is_error: false }
}

/// What is kept of a whole answer: thoughts, one text, one refusal, calls.
pub fn whole(answer: &Answer) -> Answer {
    let told = |part: &&Part| matches!(part, Part::Thought(thought) if thought.format.is_some());
    let mut parts: Vec<Part> = answer.parts.iter().filter(told).cloned().collect();
    if parts.is_empty() {
        let words: String = thoughts(&answer.parts).map(|thought| thought.text.as_str()).collect();
        parts.extend((!words.is_empty()).then(|| Part::Thought(Thought { text: words, ..Thought::default() })));
    }
    let (said, refused) = (texts(&answer.parts).concat(), refusals(&answer.parts).concat());
    let refused = Some(refused).filter(|words| !words.is_empty()).or_else(|| refusal(&answer.finish, !said.is_empty()));
    parts.extend((!said.is_empty()).then(|| text(said)));
    parts.extend(refused.map(Part::Refusal));
    parts.extend(calls(&answer.parts).map(|call| Part::Call(called(call, &[]))));
    ended(answer, parts)
}

/// What is kept of a streamed answer: all of it in its order.
pub fn stream(answer: &Answer) -> Answer {
    let part = |part: &Part| match part {
        Part::Call(call) => Part::Call(called(call, &[])),
        part => part.clone(),
    };
    let mut parts: Vec<Part> = answer.parts.iter().map(part).collect();
    let (said, refused) = (texts(&parts).concat(), refusals(&parts).concat());
    let refused = Some(()).filter(|()| refused.is_empty()).and_then(|()| refusal(&answer.finish, !said.is_empty()));
    parts.extend(refused.map(Part::Refusal));
    ended(answer, parts)
}

/// A refusal without words of its own says those of the finish, or that there was one.
fn refusal(finish: &Finish, said: bool) -> Option<String> {
    match finish {
        Finish::Filtered(Some(words)) if !words.is_empty() => Some(words.clone()),
        Finish::Filtered(_) if !said => Some("The model refused this request.".into()),
        _ => None,
    }
}

/// Of the reasons to end there are four; of the tokens, those written for an hour and their price are not told.
fn ended(answer: &Answer, parts: Vec<Part>) -> Answer {
    let with_calls = calls(&parts).next().is_some();
    let finish = match &answer.finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Other(_) if with_calls => Finish::ToolCalls,
        Finish::Stop | Finish::StopSequence(_) | Finish::Other(_) => Finish::Stop,
        Finish::Filtered(_) => Finish::Filtered(None),
        finish => finish.clone(),
    };
    Answer { model: answer.model.clone(), parts, finish, usage: answer.usage }
}
