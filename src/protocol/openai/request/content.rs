//! The content of a message, read: a string, or parts of text, pictures, documents and sound.

use serde_json::Value;

use super::super::super::BadRequest;
use super::super::super::fields::{Fields, Path};
use super::super::part::{audio, ends_prefix, source};
use crate::domain::chat::{File, Image, Part, Source, Text};

/// Which parts a role may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Text alone: instructions, and what tools give back.
    Text,
    /// What a person may send.
    User,
    /// What a model has said.
    Assistant,
}

impl Allowed {
    fn names(self) -> &'static str {
        match self {
            Allowed::Text => "text",
            Allowed::User => "text, image_url, input_audio or file",
            Allowed::Assistant => "text or refusal",
        }
    }
}

/// Reads `content`: its parts, and whether it was a plain string. `None` where it is absent or `null`.
pub(super) fn read(message: &mut Fields<'_>, allowed: Allowed) -> Result<Option<(Vec<Part>, bool)>, BadRequest> {
    let at = message.at("content");
    match message.take("content") {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some((vec![Part::Text(Text { text, cache: false })], true))),
        Some(Value::Array(items)) => {
            let part = |(index, value)| part(value, &at.item(index), allowed);
            let parts = items.into_iter().enumerate().map(part).collect::<Result<_, _>>()?;
            Ok(Some((parts, false)))
        }
        Some(other) => Err(at.wrong("a string or an array of parts", &other)),
    }
}

fn part(value: Value, at: &Path<'_>, allowed: Allowed) -> Result<Part, BadRequest> {
    let mut part = Fields::of(value, at, "an object with a `type`")?;
    let cache = ends_prefix(&part);
    let kind = part.name("type", allowed.names())?;
    match (kind.as_str(), allowed) {
        ("text", _) => {
            let text = part.string("text")?.ok_or_else(|| part.at("text").missing("the text"))?;
            Ok(Part::Text(Text { text, cache }))
        }
        ("refusal", Allowed::Assistant) => {
            let words = part.string("refusal")?.ok_or_else(|| part.at("refusal").missing("the words"))?;
            Ok(Part::Refusal(words))
        }
        ("image_url", Allowed::User) => image(part, cache),
        ("file", Allowed::User) => file(part, cache),
        ("input_audio", Allowed::User) => audio(part),
        (other, _) => Err(part.at("type").unknown(allowed.names(), other)),
    }
}

/// A picture: `image_url` is an object with `url` and `detail`, or, as some callers send it, the address itself.
fn image(mut part: Fields<'_>, cache: bool) -> Result<Part, BadRequest> {
    let what = "an object with a `url`";
    let at = part.at("image_url");
    match part.take("image_url").ok_or_else(|| at.missing(what))? {
        Value::String(url) => Ok(Part::Image(Image { source: source(url, &at)?, detail: None, cache })),
        value => {
            let mut image = Fields::of(value, &at, what)?;
            let url = image.name("url", "an https address or a data URL")?;
            let detail = image.string("detail")?;
            Ok(Part::Image(Image { source: source(url, &image.at("url"))?, detail, cache }))
        }
    }
}

fn file(mut part: Fields<'_>, cache: bool) -> Result<Part, BadRequest> {
    let what = "an object with `file_data` or `file_id`";
    let at = part.at("file");
    let value = part.take("file").ok_or_else(|| at.missing(what))?;
    let mut file = Fields::of(value, &at, what)?;
    let name = file.string("filename")?;
    let data = file.string("file_data")?;
    let id = file.string("file_id")?;
    let source = match (data, id) {
        (Some(data), _) => source(data, &file.at("file_data"))?,
        (None, Some(id)) => Source::Id(id),
        (None, None) => return Err(at.fault(format!("`{at}` must have `file_data` or `file_id`."))),
    };
    Ok(Part::File(File { name, source, cache }))
}
