//! Streamed events in passing: whether a value says anything, and an event that is like the one before it.

use serde_json::value::RawValue;

/// Longer events are not remembered.
const LONGEST: usize = 2048;

/// An event around a text in it: everything before the text's first letter, and everything behind its last. The next
/// piece of a text differs from the one before in its text alone, nearly always, and need not be read again.
#[derive(Debug)]
pub struct Shape {
    before: Box<[u8]>,
    behind: Box<[u8]>,
}

impl Shape {
    /// The shape of `data` around `text`, a value that stands in it; `None` where that is no string.
    pub fn around(text: &RawValue, data: &[u8]) -> Option<Shape> {
        let text = text.get();
        if !text.starts_with('"') || data.len() > LONGEST {
            return None;
        }
        let start = (text.as_ptr() as usize).checked_sub(data.as_ptr() as usize)?;
        let (before, behind) = (data.get(..start + 1)?, data.get(start + text.len() - 1..)?);
        Some(Shape { before: before.into(), behind: behind.into() })
    }

    /// The length of its text, where `data` differs from that event in its text alone. Text with escapes is left to the
    /// full reading.
    pub fn fits(&self, data: &[u8]) -> Option<usize> {
        let text = data.strip_prefix(&*self.before)?.strip_suffix(&*self.behind)?;
        let plain = |byte: &u8| *byte >= b' ' && !matches!(byte, b'"' | b'\\');
        let fits = !text.is_empty() && text.iter().all(plain) && std::str::from_utf8(text).is_ok();
        fits.then_some(text.len())
    }
}

/// Is this value more than `null`, `false`, `""`, `[]` or `{}`?
pub fn says_something(value: &RawValue) -> bool {
    !matches!(value.get(), "null" | "false" | "\"\"" | "[]" | "{}")
}
