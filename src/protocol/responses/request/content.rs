//! Content, read: a string, or parts of text, pictures, documents and sound.

use serde_json::Value;

use super::super::super::fields::{Fields, Path};
use super::super::super::openai::part::{audio, ends_prefix, source};
use super::super::super::{BadRequest, Unreadable};
use super::state::bound;
use crate::domain::chat::{File, Image, Part, Text};

/// Who sends it, which decides the parts that it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// The application: instructions.
    Application,
    /// The person.
    User,
    /// The model, in the past.
    Model,
    /// A tool, which gives back what it found.
    Tool,
}

impl Sender {
    fn parts(self) -> &'static str {
        match self {
            Sender::Application => "input_text",
            Sender::User => "input_text, input_image, input_file or input_audio",
            Sender::Model => "output_text or refusal",
            Sender::Tool => "input_text, input_image or input_file",
        }
    }
}

/// Reads the field `name` of an item: its parts, and whether it was a plain string.
pub(super) fn read<'a>(item: &mut Fields<'a>, name: &'a str, sender: Sender) -> Result<(Vec<Part>, bool), Unreadable> {
    let at = item.at(name);
    match item.take(name) {
        None => Err(at.missing("a string or an array of parts").into()),
        Some(Value::String(text)) => Ok((vec![Part::Text(Text { text, cache: false })], true)),
        Some(Value::Array(list)) => {
            let part = |(index, value)| part(value, &at.item(index), sender);
            Ok((list.into_iter().enumerate().map(part).collect::<Result<_, _>>()?, false))
        }
        Some(other) => Err(at.wrong("a string or an array of parts", &other).into()),
    }
}

fn part(value: Value, at: &Path<'_>, sender: Sender) -> Result<Part, Unreadable> {
    let mut part = Fields::of(value, at, "an object with a `type`")?;
    let kind = part.name("type", sender.parts())?;
    match (kind.as_str(), sender) {
        // An easy message of the assistant may have the parts of any other.
        ("input_text", _) | ("output_text", Sender::Model) => Ok(text(part)?),
        ("refusal", Sender::Model) => {
            let words = part.string("refusal")?.ok_or_else(|| part.at("refusal").missing("the words"))?;
            Ok(Part::Refusal(words))
        }
        ("input_image", Sender::User | Sender::Tool) => image(part),
        ("input_file", Sender::User | Sender::Tool) => file(part),
        ("input_audio", Sender::User) => Ok(audio(part)?),
        (other, _) => Err(part.at("type").unknown(sender.parts(), other).into()),
    }
}

fn text(mut part: Fields<'_>) -> Result<Part, BadRequest> {
    let cache = ends_prefix(&part);
    let text = part.string("text")?.ok_or_else(|| part.at("text").missing("the text"))?;
    Ok(Part::Text(Text { text, cache }))
}

/// A picture: `image_url` is the address itself here.
fn image(mut part: Fields<'_>) -> Result<Part, Unreadable> {
    let cache = ends_prefix(&part);
    let at = part.at("image_url");
    let Some(url) = part.string("image_url")? else {
        if part.has("file_id") {
            return Err(kept(&part, "file_id", "`image_url`, an https address or a data URL"));
        }
        return Err(at.missing("an https address or a data URL").into());
    };
    Ok(Part::Image(Image { source: source(url, &at)?, detail: part.string("detail")?, cache }))
}

fn file(mut part: Fields<'_>) -> Result<Part, Unreadable> {
    let cache = ends_prefix(&part);
    let name = part.string("filename")?;
    let at = part.at("file_data");
    let Some(data) = part.string("file_data")? else {
        let elsewhere = ["file_id", "file_url"].into_iter().find(|name| part.has(name));
        return Err(match elsewhere {
            Some(field) => kept(&part, field, "`file_data`, a data URL"),
            None => part.path().fault(format!("`{}` must have `file_data`.", part.path())).into(),
        });
    };
    Ok(Part::File(File { name, source: source(data, &at)?, cache }))
}

/// Bytes that OpenAI keeps, or fetches.
fn kept(part: &Fields<'_>, field: &str, instead: &str) -> Unreadable {
    let message = format!("Only OpenAI can look up a `{field}`: send {instead}.");
    bound(&part.path().key(field), &message).into()
}
