//! Words that stay where they belong, and the form of files.

use super::Source;

/// Words, and the rooms that may say them.
const KEPT: [(&str, &[&str]); 8] = [
    ("reqwest", &["upstream", "mcp"]),
    ("rmcp", &["mcp"]),
    ("axum", &["api", "app"]),
    ("std::env", &["config", "cli"]),
    ("env::var", &["config", "cli"]),
    ("sqlx", &["store"]),
    ("rusqlite", &["store"]),
    ("redis", &["shared"]),
];

/// Rooms of functions.
const PURE: [&str; 5] = ["domain", "protocol", "provider", "plan", "models"];

/// The most lines of a file before its tests.
const LONGEST: usize = 400;

/// Words outside their rooms.
pub fn kept_in_rooms(source: &Source) -> Vec<String> {
    let rooms_of = |word: &str| KEPT.iter().find(|(kept, _)| *kept == word).map_or(&[][..], |(_, rooms)| rooms);
    let said = KEPT.iter().filter(|(word, _)| says(&source.code, word));
    let wrong = said.filter(|(word, _)| !rooms_of(word).contains(&source.room()));
    wrong.map(|(word, _)| format!("{}: says `{word}`", source.path)).collect()
}

/// Waiting in a room of functions.
pub fn no_await(source: &Source) -> Vec<String> {
    let pure = PURE.contains(&source.room());
    lines(source, |line| pure && (line.contains(".await") || says(line, "async")), "waits")
}

/// Printing outside the commands: stdout belongs to protocols.
pub fn no_print(source: &Source) -> Vec<String> {
    let printing = |line: &str| ["println!", "print!", "dbg!"].iter().any(|word| says(line, word));
    let cli = source.room() == "cli";
    lines(source, |line| !cli && (printing(line) || line.contains("stdout()")), "prints")
}

/// Panics.
pub fn no_panic(source: &Source) -> Vec<String> {
    const WORDS: [&str; 8] =
        [".unwrap()", ".expect(", "panic!", "unreachable!", "todo!", "unimplemented!", ".unwrap_err()", ".expect_err("];
    lines(source, |line| WORDS.iter().any(|word| line.contains(word)), "panics")
}

/// A file's first line: a sentence that says what it is.
pub fn opening(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let sentence = first.strip_prefix("//! ").unwrap_or_default();
    // The crate's own name is written as it is.
    let begins = sentence.starts_with("ai-mcp-gateway") || !sentence.starts_with(char::is_lowercase);
    if sentence.len() > 10 && begins { Vec::new() } else { vec![format!("{}: opens with {first:?}", source.path)] }
}

/// Files that are too long.
pub fn size(source: &Source) -> Vec<String> {
    let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
    let count = code.lines().count();
    if count <= LONGEST { Vec::new() } else { vec![format!("{}: {count} lines", source.path)] }
}

/// Notes of work that was put off.
pub fn left_for_later(source: &Source) -> Vec<String> {
    // Put together here, so that this file does not hold them.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK")];
    let found = source.text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| says(line, word)));
    found.map(|(at, line)| format!("{}:{}: {}", source.path, at + 1, line.trim())).collect()
}

/// Names that say nothing, and the form of folders that this house does not use.
pub fn name(source: &Source) -> Vec<String> {
    const NAMES: [&str; 9] = ["utils", "util", "common", "helpers", "helper", "manager", "misc", "mod", "types"];
    let mut parts = source.path.trim_end_matches(".rs").split('/');
    let wrong = parts.any(|part| NAMES.contains(&part) || part.ends_with("_utils") || part.ends_with("_manager"));
    if wrong { vec![format!("{}: a name that says nothing", source.path)] } else { Vec::new() }
}

/// Paths of one machine.
pub fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Use", "rs/")];
    // A path begins a word: `https://host/…` and `src/…` are none.
    let begins = |line: &str, folder: &str| {
        let mut found = line.match_indices(folder);
        found.any(|(at, _)| !line[..at].ends_with(|letter: char| letter.is_alphanumeric() || "._-/*}".contains(letter)))
    };
    let found = text.lines().enumerate().filter(|(_, line)| folders.iter().any(|folder| begins(line, folder)));
    found.map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim())).collect()
}

/// The lines of code that are so.
fn lines(source: &Source, so: impl Fn(&str) -> bool, what: &str) -> Vec<String> {
    let found = source.code.lines().enumerate().filter(|(_, line)| so(line));
    found.map(|(at, line)| format!("{}:{}: {what}: {}", source.path, at + 1, line.trim())).collect()
}

/// Does `text` say `word`, as a word of its own?
fn says(text: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let apart = |at: usize| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part);
    text.match_indices(word).any(|(at, _)| apart(at))
}
