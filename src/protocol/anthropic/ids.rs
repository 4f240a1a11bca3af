//! Ids of tool calls in the characters that are accepted, each used once.

use std::borrow::Cow;
use std::collections::HashMap;

/// The ids given out so far.
#[derive(Default)]
pub(super) struct Ids<'a> {
    /// Each id, with the number that its last namesake got.
    used: HashMap<Cow<'a, str>, u32>,
}

impl<'a> Ids<'a> {
    /// The id to send for the call `raw`: the same for the same calls before it.
    pub fn fresh(&mut self, raw: &'a str) -> Cow<'a, str> {
        let id = clean(raw);
        let Some(last) = self.used.get(&id).copied() else {
            self.used.insert(id.clone(), 1);
            return id;
        };
        let mut number = last;
        let namesake = loop {
            number += 1;
            let namesake = Cow::Owned(format!("{id}_{number}"));
            if !self.used.contains_key(&namesake) {
                break namesake;
            }
        };
        self.used.insert(id, number);
        self.used.insert(namesake.clone(), 1);
        namesake
    }
}

/// `raw` with `_` for every character that is not accepted.
pub(super) fn clean(raw: &str) -> Cow<'_, str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    match raw {
        "" => Cow::Borrowed("_"),
        raw if raw.bytes().all(fits) => Cow::Borrowed(raw),
        raw => Cow::Owned(raw.chars().map(|c| if c.is_ascii() && fits(c as u8) { c } else { '_' }).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cleaned_and_kept_apart() {
        let mut ids = Ids::default();
        let sent = ["call_1", "call:2", "call_2", "call.2", "call_2_2", "", "é"].map(|raw| ids.fresh(raw).into_owned());
        assert_eq!(sent, ["call_1", "call_2", "call_2_2", "call_2_3", "call_2_2_2", "_", "__2"]);
    }
}
