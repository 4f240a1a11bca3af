//! The blocks of a request, borrowed from the conversation that they are written from.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::chat::{File, Image, Part, Source, Text};
use crate::protocol::{Unwritable, arguments};

/// A block of a turn, of the system instructions, or of a tool's result (docs: protocols/anthropic-messages.md).
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Cache>,
    },
    Image {
        source: Media<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Cache>,
    },
    Document {
        source: Media<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Cache>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Input<'a>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Output<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

/// The end of a prefix to cache.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Cache {
    Ephemeral,
}

/// Where the bytes of a picture or document are.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Media<'a> {
    Base64 { media_type: &'static str, data: &'a str },
    Url { url: &'a str },
    Text { media_type: &'static str, data: String },
}

/// A tool call's arguments, which must be an object.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Input<'a> {
    /// The object as the model wrote it.
    Object(&'a RawValue),
    /// What the model wrote is not an object.
    Raw { raw_arguments: &'a str },
    /// The model wrote nothing.
    Empty {},
}

/// What a tool gave back.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Output<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

impl Cache {
    /// The mark of a block, if it is marked.
    pub fn of(marked: bool) -> Option<Cache> {
        marked.then_some(Cache::Ephemeral)
    }
}

impl<'a> Block<'a> {
    /// A text block; `None` where nothing is written, since an empty block is refused.
    pub fn text(text: &'a Text) -> Option<Block<'a>> {
        let written = !text.text.trim().is_empty();
        written.then(|| Block::Text { text: Cow::Borrowed(&text.text), cache_control: Cache::of(text.cache) })
    }

    /// A text block of the gateway's own.
    pub fn own(text: impl Into<Cow<'a, str>>) -> Block<'a> {
        Block::Text { text: text.into(), cache_control: None }
    }

    /// A block of what a person or a tool says; `None` for blank text. `at` names the part in errors.
    pub fn said(part: &'a Part, at: &dyn Fn() -> String) -> Result<Option<Block<'a>>, Unwritable> {
        match part {
            Part::Text(text) => Ok(Block::text(text)),
            Part::Refusal(words) => Ok((!words.trim().is_empty()).then(|| Block::own(words.as_str()))),
            Part::Image(image) => picture(image, at).map(Some),
            Part::File(file) => document(file, at).map(Some),
            Part::Audio { .. } => Err(Unwritable::new(
                format!("{}.input_audio", at()),
                "Claude takes no sound; send text, pictures or documents.",
            )),
            Part::Thought(_) | Part::Call(_) => Ok(None),
        }
    }

    /// Is this a thought that the provider has signed or sealed?
    pub fn is_thought(&self) -> bool {
        matches!(self, Block::Thinking { .. } | Block::RedactedThinking { .. })
    }

    /// The places for marks of cached prefixes in this block, the last one first.
    pub fn marks(&mut self) -> Vec<&mut Option<Cache>> {
        match self {
            Block::Text { cache_control, .. }
            | Block::Image { cache_control, .. }
            | Block::Document { cache_control, .. } => vec![cache_control],
            Block::ToolResult { content: Some(Output::Blocks(blocks)), .. } => {
                blocks.iter_mut().rev().flat_map(Block::marks).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl<'a> Input<'a> {
    /// The arguments of a call as a model wrote them.
    pub fn of(arguments: &'a str) -> Input<'a> {
        match (arguments.trim(), arguments::object(arguments)) {
            ("" | "null", _) => Input::Empty {},
            (_, Some(object)) => Input::Object(object),
            (_, None) => Input::Raw { raw_arguments: arguments },
        }
    }
}

fn picture<'a>(image: &'a Image, at: &dyn Fn() -> String) -> Result<Block<'a>, Unwritable> {
    let param = || format!("{}.image_url", at());
    let source = match &image.source {
        Source::Url(url) => address(url, &param)?,
        Source::Id(_) => return Err(not_portable(param())),
        Source::Base64 { media_type, data } => {
            let media_type = match bare_type(media_type).as_str() {
                "image/jpeg" | "image/jpg" => "image/jpeg",
                "image/png" => "image/png",
                "image/gif" => "image/gif",
                "image/webp" => "image/webp",
                other => {
                    let message = format!("Claude sees image/jpeg, image/png, image/gif and image/webp, not {other}.");
                    return Err(Unwritable::new(param(), message));
                }
            };
            Media::Base64 { media_type, data }
        }
    };
    Ok(Block::Image { source, cache_control: Cache::of(image.cache) })
}

fn document<'a>(file: &'a File, at: &dyn Fn() -> String) -> Result<Block<'a>, Unwritable> {
    let param = || format!("{}.file", at());
    let source = match &file.source {
        Source::Url(url) => address(url, &param)?,
        Source::Id(_) => return Err(not_portable(param())),
        Source::Base64 { media_type, data } => match bare_type(media_type).as_str() {
            "application/pdf" => Media::Base64 { media_type: "application/pdf", data },
            "text/plain" => Media::Text { media_type: "text/plain", data: plain(data, &param)? },
            other => {
                let message = format!("Claude reads application/pdf and text/plain, not {other}.");
                return Err(Unwritable::new(param(), message));
            }
        },
    };
    Ok(Block::Document { source, title: file.name.as_deref(), cache_control: Cache::of(file.cache) })
}

/// An address that the provider fetches itself; this gateway fetches none.
fn address<'a>(url: &'a str, param: &dyn Fn() -> String) -> Result<Media<'a>, Unwritable> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
        return Ok(Media::Url { url });
    }
    Err(Unwritable::new(param(), "Only http, https and base64 data addresses can be sent to Claude."))
}

fn not_portable(param: String) -> Unwritable {
    Unwritable::new(param, "A file id is known to one provider only; send the file itself as base64 data.")
}

fn plain(data: &str, param: &dyn Fn() -> String) -> Result<String, Unwritable> {
    let bytes = STANDARD.decode(data).or_else(|_| STANDARD_NO_PAD.decode(data)).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Unwritable::new(param(), "The text file's data is not base64 of UTF-8 text."))
}

/// A media type without parameters, in small letters.
fn bare_type(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
