//! Pictures, documents and search results, read. What of them is text becomes text, which every model takes.

use serde_json::Value;

use super::blocks::{Allowed, Block, said};
use super::foreign::Foreign;
use crate::domain::chat::{File, Image, Part, Source};
use crate::protocol::fields::{Fields, Path};
use crate::protocol::{BadRequest, Unreadable, Unwritable, data};

const SOURCE: &str = "an object with a `type`";
const IMAGE_SOURCES: &str = "base64, url or file";
const DOCUMENT_SOURCES: &str = "base64, text, content, url or file";
/// What a document is called that has no title: some servers take none without a name.
const UNTITLED: &str = "document.pdf";

/// Reads a picture.
pub(super) fn image(block: &mut Fields<'_>) -> Result<Part, Unreadable> {
    let at = block.at("source");
    let value = block.take("source").ok_or_else(|| at.missing(SOURCE))?;
    let mut source = Fields::of(value, &at, SOURCE)?;
    let kind = source.name("type", IMAGE_SOURCES)?;
    let source = match kind.as_str() {
        "base64" => base64(&mut source, "image/jpeg, image/png, image/gif or image/webp")?,
        "url" => address(&mut source)?,
        "file" => return Err(known_to_anthropic(&source).into()),
        other => return Err(source.at("type").unknown(IMAGE_SOURCES, other).into()),
    };
    Ok(Part::Image(Image { source, detail: None, cache: false }))
}

/// Reads a document. Its title is the file's name, or stands before its text; so does what is said about it.
pub(super) fn document(block: &mut Fields<'_>, foreign: &mut Foreign) -> Result<Vec<Part>, Unreadable> {
    let title = block.string("title")?;
    let context = block.string("context")?;
    let at = block.at("source");
    let value = block.take("source").ok_or_else(|| at.missing(SOURCE))?;
    let mut source = Fields::of(value, &at, SOURCE)?;
    let kind = source.name("type", DOCUMENT_SOURCES)?;
    match kind.as_str() {
        "base64" => {
            let source = base64(&mut source, "application/pdf")?;
            let name = title.unwrap_or_else(|| UNTITLED.to_owned());
            Ok(file(Some(name), source, context))
        }
        "url" => Ok(file(title, address(&mut source)?, context)),
        "text" => {
            let text = source.string("data")?.ok_or_else(|| source.at("data").missing("the document's text"))?;
            Ok(vec![said(headed([title, context], &text))])
        }
        "content" => {
            let parts = quoted(&mut source, Allowed::Document, foreign)?;
            Ok(with_head([title, context], parts))
        }
        "file" => Err(known_to_anthropic(&source).into()),
        other => Err(source.at("type").unknown(DOCUMENT_SOURCES, other).into()),
    }
}

/// Reads what a search has found: its title, where it was found, and its words.
pub(super) fn search_result(block: &mut Fields<'_>, foreign: &mut Foreign) -> Result<Part, Unreadable> {
    let title = block.string("title")?;
    let source = block.string("source")?;
    let words = quoted(block, Allowed::Text, foreign)?;
    let words: Vec<&str> = words.iter().filter_map(words_of).collect();
    Ok(said(headed([title, source], &words.join("\n"))))
}

/// The `content` of a quotation: a string or blocks.
fn quoted(fields: &mut Fields<'_>, allowed: Allowed, foreign: &mut Foreign) -> Result<Vec<Part>, Unreadable> {
    let at = fields.at("content");
    let what = "a string or an array of blocks";
    match fields.take("content").ok_or_else(|| at.missing(what))? {
        Value::String(text) => Ok(vec![said(text)]),
        Value::Array(blocks) => {
            let mut parts = Vec::with_capacity(blocks.len());
            for (number, value) in blocks.into_iter().enumerate() {
                parts.append(&mut Block::of(value, &at.item(number), allowed)?.read(foreign)?);
            }
            Ok(parts)
        }
        other => Err(at.wrong(what, &other).into()),
    }
}

fn file(name: Option<String>, source: Source, context: Option<String>) -> Vec<Part> {
    with_head([context, None], vec![Part::File(File { name, source, cache: false })])
}

/// `parts` behind the lines of a head, where it has any.
fn with_head(head: [Option<String>; 2], parts: Vec<Part>) -> Vec<Part> {
    let lines: Vec<String> = head.into_iter().flatten().filter(|line| !line.is_empty()).collect();
    let head = (!lines.is_empty()).then(|| said(lines.join("\n")));
    head.into_iter().chain(parts).collect()
}

/// `text` behind the lines of a head, where it has any.
fn headed(head: [Option<String>; 2], text: &str) -> String {
    let lines: Vec<String> = head.into_iter().flatten().filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { text.to_owned() } else { format!("{}\n\n{text}", lines.join("\n")) }
}

fn words_of(part: &Part) -> Option<&str> {
    match part {
        Part::Text(text) => Some(&text.text),
        _ => None,
    }
}

fn base64(source: &mut Fields<'_>, types: &str) -> Result<Source, BadRequest> {
    let media_type = source.name("media_type", types)?;
    let mut data = source.name("data", "base64")?;
    data::strip(&mut data);
    let at = source.at("data");
    if data.is_empty() || !data::is_base64(&data) {
        return Err(at.fault(format!("`{at}` must be base64, without a `data:` address before it.")));
    }
    Ok(Source::Base64 { media_type, data })
}

fn address(source: &mut Fields<'_>) -> Result<Source, BadRequest> {
    let url = source.name("url", "an http or https address")?;
    let at = source.at("url");
    if data::is_address(&url) {
        Ok(Source::Url(url))
    } else {
        Err(at.fault(format!("`{at}` must be an http or https address.")))
    }
}

fn known_to_anthropic(source: &Fields<'_>) -> Unwritable {
    let at: Path<'_> = source.path().key("file_id");
    Unwritable::new(at.to_string(), "A file id is known to Anthropic alone: send the file itself as base64 data.")
}
