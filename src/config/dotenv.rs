//! `.env` files: a variable on each line, its value bare or in quotes. Nothing is substituted.

use std::collections::BTreeMap;

/// A value of nothing between quotes: more outspoken than no value at all.
pub(super) const QUOTED_NOTHING: &str = "\"\"";

/// Reads the lines of a file. Of a variable that is given twice, the last one counts.
///
/// # Errors
/// The numbers of the lines that are none of: blank, a comment, `NAME=value`. Never their text, which may be a key.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, String>, Vec<usize>> {
    let mut variables = BTreeMap::new();
    let mut broken = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match assignment(line) {
            Some((name, value)) => drop(variables.insert(name.to_owned(), value)),
            None => broken.push(at + 1),
        }
    }
    if broken.is_empty() { Ok(variables) } else { Err(broken) }
}

fn assignment(line: &str) -> Option<(&str, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim_start();
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.is_empty() || !name.chars().all(word) {
        return None;
    }
    Some((name, value_of(value.trim())?))
}

/// A value without its quotes and without the comment behind it.
fn value_of(text: &str) -> Option<String> {
    let (value, rest) = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(&text[1..], quote)?,
        _ => return Some(bare(text).to_owned()),
    };
    let rest = rest.trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        return None;
    }
    Some(if value.is_empty() { QUOTED_NOTHING.to_owned() } else { value })
}

/// Up to a comment, which a space sets apart: a `#` inside a word belongs to it.
fn bare(text: &str) -> &str {
    let comment = text.match_indices('#').find(|(at, _)| *at == 0 || text[..*at].ends_with([' ', '\t']));
    text[..comment.map_or(text.len(), |(at, _)| at)].trim_end()
}

/// Up to the closing quote, and what is behind it. Between double quotes a backslash escapes the letter after it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            letter if letter == quote => return Some((value, &text[at + 1..])),
            '\\' if quote == '"' => match letters.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<&str>) {
        let read = read(line).ok().and_then(|variables| variables.get("A").cloned());
        assert_eq!(read.as_deref(), expected, "{line}");
    }

    #[test]
    fn values_bare_and_in_quotes() {
        check("A=b", Some("b"));
        check("  export A = b c  ", Some("b c"));
        check("A=b # why", Some("b"));
        check("A=b#c", Some("b#c"));
        check("A=", Some(""));
        check("A= # nothing", Some(""));
        check("A=\"\"", Some(QUOTED_NOTHING));
        check("A='' # nothing", Some(QUOTED_NOTHING));
        check(r#"A="b # c" # d"#, Some("b # c"));
        check(r#"A="say \"hi\"\n""#, Some("say \"hi\"\n"));
        check(r"A='$HOME\n'", Some(r"$HOME\n"));
        check("A=$HOME", Some("$HOME"));
        check(r#"A={"general":["gpt-4o-mini"]}"#, Some(r#"{"general":["gpt-4o-mini"]}"#));
        check("A=a=b", Some("a=b"));
        check("A=b\r\nB=c\r\n", Some("b"));
        check("\u{feff}A=b", Some("b"));
        check("A=b\nA=c", Some("c"));
        check("# A=b\n\n", None);
    }

    #[test]
    fn broken_lines_are_told_by_number_alone() {
        let text = "A=b\nhello\nB=\"sk-secret\nC='x' y\n=z\nD E=f\n";
        assert_eq!(read(text), Err(vec![2, 3, 4, 5, 6]));
    }
}
