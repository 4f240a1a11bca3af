//! A secret that cannot be printed, and the removal of secrets from what others say.

/// A key. It has no `Debug`, `Display` or `Serialize`, so it cannot end up in a log by mistake.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a key in.
    pub fn new(key: impl Into<String>) -> Secret {
        Secret(key.into())
    }

    /// The key itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` without this secret.
    pub fn scrub(&self, text: &str) -> String {
        if self.0.len() < SHORTEST { text.to_owned() } else { text.replace(&self.0, "***") }
    }

    /// Enough of the key to tell it from another, and too little to use it: `sk-p…9f2c`.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// Shorter strings are no keys, and would cut holes into ordinary words.
const SHORTEST: usize = 6;

/// The first and last four characters of `text`, or stars alone where that would give it away.
pub fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() < 16 {
        return "****".to_owned();
    }
    let head: String = chars[..4].iter().collect();
    let tail: String = chars[chars.len() - 4..].iter().collect();
    format!("{head}…{tail}")
}

/// `message` without anything that looks like a key: `sk-…` words and what follows `Bearer`.
///
/// Providers like to quote the key that they refuse, in part or whole.
pub fn scrub(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut after_bearer = false;
    for word in message.split_inclusive([' ', '\n', '\t', ',', '"', '\'', '`', ':', '=', '(', ')']) {
        let bare = word.trim_end_matches([' ', '\n', '\t', ',', '"', '\'', '`', ':', '=', '(', ')', '.']);
        if (after_bearer && !bare.is_empty()) || looks_like_key(bare) {
            out.push_str("***");
            out.push_str(&word[bare.len()..]);
        } else {
            out.push_str(word);
        }
        if !bare.is_empty() {
            after_bearer = bare.eq_ignore_ascii_case("bearer");
        }
    }
    out
}

fn looks_like_key(word: &str) -> bool {
    const PREFIXES: [&str; 4] = ["sk-", "sk_", "key-", "AIza"];
    word.len() >= SHORTEST + 3 && PREFIXES.iter().any(|prefix| word.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_out_of_messages() {
        let said = "Incorrect API key provided: sk-proj-abc***xyz. You can find it at https://platform.example";
        assert_eq!(scrub(said), "Incorrect API key provided: ***. You can find it at https://platform.example");
        assert_eq!(scrub("sent Bearer abcdef123 here"), "sent Bearer *** here");
        assert_eq!(scrub("the task-force's risk-free ask"), "the task-force's risk-free ask");
    }

    #[test]
    fn a_mask_tells_keys_apart_without_giving_them_away() {
        assert_eq!(mask("sk-proj-1234567890abcd"), "sk-p…abcd");
        assert_eq!(mask("short"), "****");
        assert_eq!(Secret::new("sk-test-1234").scrub("key sk-test-1234 refused"), "key *** refused");
    }
}
