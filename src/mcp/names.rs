//! What another server's tools, prompts and resources are called where servers stand beside each other.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The longest name of a tool or a prompt, in characters: what language models' interfaces take (docs:
/// protocols/mcp.md, 5).
const LONGEST: usize = 64;
/// The hexadecimal digits that stand for what was cut off.
const DIGITS: usize = 8;
/// What stands before a prefix that no URI's scheme may begin with.
const BEFORE: &str = "mcp-";

/// `prefix__name`; one that is too long is cut, and told from others of the same beginning by a digest of the whole.
pub(super) fn shown(prefix: &str, name: &str) -> String {
    let whole = format!("{prefix}__{name}");
    if whole.chars().count() <= LONGEST {
        return whole;
    }
    let mut short: String = whole.chars().take(LONGEST - DIGITS - 1).collect();
    short.push('_');
    for byte in Sha256::digest(whole.as_bytes()).iter().take(DIGITS / 2) {
        // Writing to a string cannot fail.
        write!(short, "{byte:02x}").ok();
    }
    short
}

/// `prefix+uri`, which is a URI as well, or a template of one.
pub(super) fn shown_uri(prefix: &str, uri: &str) -> String {
    format!("{}+{uri}", scheme(prefix))
}

/// The beginning of a URI that was shown, and the URI as its server has it.
pub(super) fn parts_of_uri(shown: &str) -> Option<(&str, &str)> {
    let (scheme, uri) = shown.split_once('+')?;
    (!scheme.contains(':')).then_some((scheme, uri))
}

/// Does `scheme` stand for `prefix`? Clients may write schemes small, as RFC 3986, 3.1, has it.
pub(super) fn is_scheme_of(prefix: &str, shown: &str) -> bool {
    scheme(prefix).eq_ignore_ascii_case(shown)
}

/// A scheme is letters, digits, `+`, `-` and `.`, and begins with a letter (RFC 3986, 3.1). A prefix has no `.`, so
/// that one can stand for `_`, and no two prefixes are written alike.
fn scheme(prefix: &str) -> String {
    let bare = prefix.replace('_', ".");
    let is_plain = bare.starts_with(|letter: char| letter.is_ascii_alphabetic()) && !bare.starts_with(BEFORE);
    if is_plain { bare } else { format!("{BEFORE}{bare}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prefix: &str, name: &str, expected: &str) {
        assert_eq!(shown(prefix, name), expected);
        assert!(expected.chars().count() <= LONGEST);
    }

    #[test]
    fn names_are_behind_their_servers_prefix() {
        check("files", "read_file", "files__read_file");
        check("a-b", "x.y", "a-b__x.y");
        let longest = "n".repeat(LONGEST - "files__".len());
        check("files", &longest, &format!("files__{longest}"));
    }

    #[test]
    fn names_that_are_too_long_are_cut_and_told_apart() {
        let (one, other) = (shown("files", &format!("{}1", "n".repeat(90))), shown("files", &"n".repeat(91)));
        assert_eq!((one.len(), other.len()), (LONGEST, LONGEST));
        assert_ne!(one, other);
        assert_eq!(one, shown("files", &format!("{}1", "n".repeat(90))));
        check("files", &"n".repeat(91), &format!("files__{}_{}", "n".repeat(48), &other[56..]));
        assert!(other[56..].bytes().all(|digit| digit.is_ascii_hexdigit()));
    }

    #[test]
    fn letters_of_more_than_one_byte_are_not_cut_apart() {
        assert_eq!(shown("files", &"ü".repeat(90)).chars().count(), LONGEST);
    }

    fn check_uri(prefix: &str, uri: &str, expected: &str) {
        let shown = shown_uri(prefix, uri);
        assert_eq!(shown, expected);
        let (scheme, bare) = parts_of_uri(&shown).unwrap();
        assert!(is_scheme_of(prefix, scheme));
        assert_eq!(bare, uri);
    }

    #[test]
    fn uris_are_behind_their_servers_prefix_and_come_back() {
        check_uri("files", "file:///a+b", "files+file:///a+b");
        check_uri("my_files", "{scheme}://{+path}", "my.files+{scheme}://{+path}");
        check_uri("2nd", "note://1", "mcp-2nd+note://1");
        check_uri("-x", "note://1", "mcp--x+note://1");
        check_uri("mcp-2nd", "note://1", "mcp-mcp-2nd+note://1");
        check_uri("Files", "git+https://x", "Files+git+https://x");
    }

    #[test]
    fn uris_of_nobody() {
        assert_eq!(parts_of_uri("file:///a+b"), None);
        assert_eq!(parts_of_uri("file:///a"), None);
    }

    #[test]
    fn a_scheme_written_small_is_the_same() {
        assert!(is_scheme_of("Files", "files"));
        assert!(!is_scheme_of("files", "file"));
    }
}
