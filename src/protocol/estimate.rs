//! Tokens where nobody has counted them: a rule of thumb, and always said to be one
//! (docs: protocols/anthropic-messages.md, "count_tokens and models").

use super::call::Call;
use crate::domain::chat::{Chat, Message, Part, Source, Tool, Usage};
use crate::domain::vectors::Input;

/// So many bytes of text are about one token.
const BYTES_A_TOKEN: usize = 4;
/// A picture or document, whatever its size.
const PICTURE: u64 = 1_500;
/// What stands before the base64 data of a picture in a request of any protocol is shorter than this many letters; a
/// longer run without a space is data.
const LONGEST_WORD: usize = 512;

/// The tokens of so many bytes of text.
pub fn tokens(bytes: usize) -> u64 {
    bytes.div_ceil(BYTES_A_TOKEN) as u64
}

/// The tokens of a conversation.
pub fn prompt(chat: &Chat) -> u64 {
    let said: u64 = chat.messages.iter().flat_map(parts).map(part).sum();
    said + chat.tools.iter().map(tool).sum::<u64>()
}

/// The tokens of a request that was not read.
pub fn request(call: &Call) -> u64 {
    if call.facts.vision { body(&call.body) } else { tokens(call.body.len()) }
}

/// The tokens of what vectors are wanted for.
pub fn input(input: &Input) -> u64 {
    match input {
        Input::Texts(texts) => texts.iter().map(|text| tokens(text.len())).sum(),
        Input::Tokens(lists) => lists.iter().map(|list| list.len() as u64).sum(),
    }
}

/// Its text, with a flat figure for each long run of data in it.
fn body(raw: &[u8]) -> u64 {
    let (mut text, mut pictures) = (0, 0);
    for word in raw.split(|byte| matches!(byte, b' ' | b'"' | b'\n')) {
        match word.len() {
            length if length > LONGEST_WORD && word.iter().all(|byte| is_data(*byte)) => pictures += 1,
            length => text += length + 1,
        }
    }
    tokens(text) + PICTURE * pictures
}

/// What an answer has used: as it was counted where the count is final, else as far as that is known, with an estimate
/// from `prompt` tokens and the bytes that were `said` for the rest.
pub fn usage(counted: Option<Usage>, is_final: bool, prompt: impl FnOnce() -> u64, said: usize) -> Usage {
    match counted {
        Some(usage) if is_final => usage,
        Some(usage) => Usage { output: usage.output.max(tokens(said)), estimated: true, ..usage },
        None => Usage { input: prompt(), output: tokens(said), estimated: true, ..Usage::default() },
    }
}

/// How much of an answer's parts the model has said, in bytes.
pub fn said(parts: &[Part]) -> usize {
    let length = |part: &Part| match part {
        Part::Text(text) => text.text.len(),
        Part::Refusal(words) => words.len(),
        Part::Thought(thought) => thought.text.len(),
        Part::Call(call) => call.name.len() + call.arguments.len(),
        Part::Image(_) | Part::File(_) | Part::Audio { .. } => 0,
    };
    parts.iter().map(length).sum()
}

fn parts(message: &Message) -> &[Part] {
    match message {
        Message::System(parts) | Message::User(parts) | Message::Assistant(parts) => parts,
        Message::Tool(result) => &result.parts,
    }
}

fn part(part: &Part) -> u64 {
    match part {
        Part::Image(_) | Part::Audio { .. } => PICTURE,
        Part::File(file) => match &file.source {
            Source::Base64 { media_type, data } if media_type == "text/plain" => tokens(data.len() * 3 / 4),
            _ => PICTURE,
        },
        spoken => tokens(said(std::slice::from_ref(spoken))),
    }
}

fn tool(tool: &Tool) -> u64 {
    let length = match tool {
        Tool::Function(function) => {
            let schema = function.parameters.as_ref().map_or(0, |schema| schema.to_string().len());
            function.name.len() + function.description.as_ref().map_or(0, String::len) + schema
        }
        Tool::Other { raw, .. } => raw.to_string().len(),
    };
    tokens(length)
}

/// Of base64, of a data URL, or of an escaped slash in either.
fn is_data(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b':' | b';' | b',' | b'\\' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_by_its_length_and_pictures_flat() {
        assert_eq!((tokens(0), tokens(1), tokens(4), tokens(5)), (0, 1, 1, 2));
        let data = "A".repeat(100_000);
        let with = format!(r#"{{"content":"see data","url":"data:image/png;base64,{data}"}}"#);
        let without = r#"{"content":"see data","url":""}"#;
        assert_eq!(body(with.as_bytes()), body(without.as_bytes()) + PICTURE);
    }

    #[test]
    fn what_was_counted_stands_and_the_rest_is_estimated() {
        let counted = Usage { input: 10, output: 1, ..Usage::default() };
        assert_eq!(usage(Some(counted), true, || 99, 400), counted);
        let interrupted = usage(Some(counted), false, || 99, 400);
        assert_eq!((interrupted.input, interrupted.output, interrupted.estimated), (10, 100, true));
        let unknown = usage(None, true, || 99, 400);
        assert_eq!((unknown.input, unknown.output, unknown.estimated), (99, 100, true));
    }
}
