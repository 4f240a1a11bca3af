//! Rust as text without what is said in comments and strings.

/// `text` with comments and the insides of strings and characters blanked; every line keeps its place.
pub fn code_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '"' => 1 + string(&rest[1..]),
            'r' | 'b' if !ends_in_word(&out) => raw(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        out.extend(rest[..skipped].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        rest = &rest[skipped..];
    }
    out
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
}

/// Length of a block comment; they nest.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// Length of a string's inside and its closing quote.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of a raw or byte string that begins here; 0 where none does.
fn raw(text: &str) -> usize {
    let inside = text.trim_start_matches('b');
    if let Some(plain) = inside.strip_prefix('"') {
        return text.len() - plain.len() + string(plain);
    }
    let Some(inside) = inside.strip_prefix('r') else { return 0 };
    let bare = inside.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(inside.len() - bare.len()));
    let Some(bare) = bare.strip_prefix('"') else { return 0 };
    let start = text.len() - bare.len();
    bare.find(&end).map_or(text.len(), |at| start + at + end.len())
}

/// Length of a character in quotes; 0 for a lifetime.
fn character(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some(_)) => text[3..].find('\'').map_or(0, |at| at + 4),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}
