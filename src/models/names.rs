//! The many ways to write one model's name.

/// Without a date at its end: `-20260205` or `-2026-03-05`.
pub fn undated(name: &str) -> &str {
    let dated = |shape: &str| {
        let (head, tail) = name.split_at_checked(name.len().checked_sub(shape.len())?)?;
        let fits = |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
        (!head.is_empty() && tail.bytes().zip(shape.bytes()).all(fits)).then_some(head)
    };
    dated("-00000000").or_else(|| dated("-0000-00-00")).unwrap_or(name)
}

/// Without a provider's prefix (`anthropic/`) and a variant's suffix (`:free`), and whether there was such a suffix.
pub fn bare(name: &str) -> (&str, bool) {
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    match name.split_once(':') {
        Some((name, _)) => (name, true),
        None => (name, false),
    }
}

/// With dashes for points: `claude-sonnet-4-6` is also written `claude-sonnet-4.6`.
pub fn dashed(name: &str) -> String {
    name.replace('.', "-")
}

/// Does an unknown model's name say that it thinks before it speaks?
pub fn says_it_thinks(name: &str) -> bool {
    ["deepseek-r", "-thinking", "-reasoning", "-reasoner"].iter().any(|word| name.contains(word))
}
