//! What the parts of a message have in common in OpenAI's two protocols: where bytes are, sound, marks for the cache.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::fields::{Fields, Path};
use super::super::{BadRequest, data};
use crate::domain::chat::{Part, Source};

/// Does a part, or a tool, mark the end of a prefix to cache, by OpenAI's name or by Anthropic's?
pub(in crate::protocol) fn ends_prefix(part: &Fields<'_>) -> bool {
    part.has("prompt_cache_breakpoint") || part.has("cache_control")
}

/// A part with the mark of a cached prefix, where it is to have one.
pub(in crate::protocol) fn marked(mut part: Value, mark: bool) -> Value {
    if mark {
        part["prompt_cache_breakpoint"] = json!({"mode": "explicit"});
    }
    part
}

/// Sound.
pub(in crate::protocol) fn audio(mut part: Fields<'_>) -> Result<Part, BadRequest> {
    let what = "an object with `data` and `format`";
    let at = part.at("input_audio");
    let value = part.take("input_audio").ok_or_else(|| at.missing(what))?;
    let mut audio = Fields::of(value, &at, what)?;
    let mut data = audio.name("data", "base64")?;
    data::strip(&mut data);
    Ok(Part::Audio { format: audio.name("format", "wav or mp3")?, data })
}

/// Where the bytes of a picture or document are, by its `url`: a data URL, or an address.
pub(in crate::protocol) fn source(url: String, at: &Path<'_>) -> Result<Source, BadRequest> {
    if url.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        data_url(url, at)
    } else if data::is_address(&url) {
        Ok(Source::Url(url))
    } else {
        Err(at.fault(format!("`{at}` must be an http or https address, or a data URL such as data:image/png;base64,…")))
    }
}

/// Takes `data:<media type>;base64,<data>` apart, in place: the data may be most of the request.
fn data_url(mut url: String, at: &Path<'_>) -> Result<Source, BadRequest> {
    let wrong = |why: &str| at.fault(format!("`{at}` {why}: send data:<media type>;base64,<data>."));
    let comma = url.find(',').ok_or_else(|| wrong("is a data URL without a comma"))?;
    let head = url["data:".len()..comma].to_owned();
    let mut words = head.split(';').map(str::trim);
    let media_type = words.next().unwrap_or_default();
    if !words.any(|word| word.eq_ignore_ascii_case("base64")) {
        return Err(wrong("is a data URL that is not base64"));
    }
    if media_type.is_empty() {
        return Err(wrong("is a data URL without a media type"));
    }
    url.drain(..=comma);
    data::strip(&mut url);
    if url.is_empty() {
        return Err(wrong("is a data URL without data"));
    }
    if !data::is_base64(&url) {
        return Err(wrong("is a data URL whose data is not base64"));
    }
    Ok(Source::Base64 { media_type: media_type.to_owned(), data: url })
}

/// The data URL or the address of these bytes; `None` where they are known by an id alone.
pub(in crate::protocol) fn url(source: &Source) -> Option<String> {
    match source {
        Source::Base64 { media_type, data } => Some(format!("data:{media_type};base64,{data}")),
        Source::Url(url) => Some(url.clone()),
        Source::Id(_) => None,
    }
}

/// The words of a text document, which OpenAI's file parts do not take.
pub(in crate::protocol) fn plain_text(source: &Source) -> Option<String> {
    match source {
        Source::Base64 { media_type, data } if media_type.eq_ignore_ascii_case("text/plain") => {
            String::from_utf8(STANDARD.decode(data).ok()?).ok()
        }
        _ => None,
    }
}

/// Texts as one, a blank line between them; of several, those that say nothing are left out.
pub(in crate::protocol) fn one_text<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut texts: Vec<&str> = texts.collect();
    if texts.len() > 1 {
        texts.retain(|text| !text.trim().is_empty());
    }
    texts.join("\n\n")
}
