//! Who may import whom.

use super::Source;

/// The floors and their rooms, lowest first.
pub const FLOORS: [(u32, &[&str]); 9] = [
    (0, &["domain", "secret", "clock", "telemetry"]),
    (1, &["protocol", "models"]),
    (2, &["provider"]),
    (3, &["upstream", "health", "shared", "cache", "store"]),
    (4, &["plan", "chain", "admit", "record"]),
    (5, &["gateway"]),
    (6, &["api", "mcp"]),
    (8, &["config"]),
    (9, &["app", "cli", "main"]),
];

/// The few imports from a room of the same floor: each goes one way.
const STAIRS: [(&str, &str); 7] = [
    // What is kept of a failure is kept without keys.
    ("domain", "secret"),
    // What is told is made of the words, and keys are taken out of it.
    ("telemetry", "domain"),
    ("telemetry", "secret"),
    // A translation depends on what a model can do.
    ("protocol", "models"),
    // MCP over HTTP comes in by the same door as every other request.
    ("api", "mcp"),
    // The binary calls the command line, which builds the parts.
    ("cli", "app"),
    ("main", "cli"),
];

/// The floor of a room.
pub fn floor(room: &str) -> Option<u32> {
    FLOORS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(floor, _)| *floor)
}

/// Imports that point up, or across.
pub fn imports(source: &Source) -> Vec<String> {
    let room = source.room();
    let Some(own) = floor(room) else { return Vec::new() };
    let allowed =
        |other: &str| other == room || STAIRS.contains(&(room, other)) || floor(other).is_none_or(|floor| floor < own);
    let wrong = targets(source).into_iter().filter(|other| !allowed(other));
    wrong.map(|other| format!("{}: `{room}` imports `{other}`", source.path)).collect()
}

/// The rooms that a file names, from the crate's root.
fn targets(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for root in ["crate::", "ai_mcp_gateway::"] {
        for (at, _) in source.code.match_indices(root) {
            found.extend(heads(&source.code[at + root.len()..]));
        }
    }
    // `super` as often as the file is deep is the crate's root too.
    let up = "super::".repeat(source.depth());
    for (at, _) in source.code.match_indices(&up) {
        let before = source.code[..at].ends_with("super::");
        let rest = &source.code[at + up.len()..];
        if !before && !rest.starts_with("super::") {
            found.extend(heads(rest));
        }
    }
    found
}

/// The first name of a path, or of each path between braces.
fn heads(path: &str) -> Vec<String> {
    let Some(list) = path.strip_prefix('{') else { return vec![word(path)] };
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(word(&list[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(word(&list[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn word(path: &str) -> String {
    path.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}
