//! Strict readers of whole streams: every rule of the protocol is checked on the way to what the events add up to.

mod messages;
mod responses;

pub use messages::message_of;
pub use responses::response_of;

use serde_json::Value;

/// Fails with these words unless it is so.
fn ensure(so: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if so { Ok(()) } else { Err(words()) }
}

/// Adds `piece`, which must be text, to the text at `target`.
fn add(target: &mut Value, piece: &Value) -> Result<(), String> {
    let piece = piece.as_str().ok_or_else(|| format!("{piece} is no text"))?;
    let text = target.as_str().unwrap_or_default().to_owned() + piece;
    *target = Value::String(text);
    Ok(())
}
