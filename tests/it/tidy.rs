//! The house's own rules, read off the source: who may import whom, which words stay in which room, sizes, openings.

mod code;
mod floors;
mod planted;
mod words;

use code::code_of;
use std::path::{Path, PathBuf};

/// One file of Rust.
struct Source {
    /// From the repository's root, with `/`.
    path: String,
    text: String,
    /// The text up to its tests, with comments and the insides of strings blanked.
    code: String,
    /// Is it compiled for tests alone?
    tests: bool,
}

impl Source {
    fn new(path: &str, text: &str) -> Source {
        let end = text.find("#[cfg(test)]").unwrap_or(text.len());
        let tests = path.ends_with("/tests.rs") || path.contains("/tests/") || !path.starts_with("src/");
        Source { path: path.to_owned(), text: text.to_owned(), code: code_of(&text[..end]), tests }
    }

    /// The module of the crate that the file belongs to: `chain` for `src/chain.rs` and all below `src/chain/`.
    fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let end = inside.find(['/', '.']).unwrap_or(inside.len());
        &inside[..end]
    }

    /// How deep the file's module stands: 1 for `src/chain.rs`.
    fn depth(&self) -> usize {
        self.path.matches('/').count()
    }

    /// The files of the modules that this one has for its tests alone.
    fn test_modules(&self) -> impl Iterator<Item = String> {
        let folder = self.path.trim_end_matches(".rs");
        let after = self.text.split("#[cfg(test)]").skip(1);
        let names = after.filter_map(|rest| rest.trim_start().strip_prefix("mod ")?.split_once(';'));
        names.map(move |(name, _)| format!("{folder}/{name}.rs"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file that is, or could be, tracked.
fn files() -> Vec<PathBuf> {
    const LEFT_OUT: [&str; 7] = [".git", "target", "logs", "data", "node_modules", ".venv", "__pycache__"];
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let name = entry.file_name();
            let path = entry.path();
            if LEFT_OUT.iter().any(|left_out| name == *left_out) || name == ".env" {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Every file of Rust in this repository.
fn sources() -> Vec<Source> {
    let rust = files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("text");
        Source::new(&path.strip_prefix(root()).expect("inside").to_string_lossy(), &text)
    };
    let mut sources: Vec<Source> = rust.map(read).collect();
    let tests: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        source.tests |= tests.contains(&source.path);
    }
    sources
}

/// Runs a rule on every file that `concerns` it.
#[track_caller]
fn check(concerns: impl Fn(&Source) -> bool, rule: impl Fn(&Source) -> Vec<String>) {
    let sources = sources();
    assert!(sources.len() > 100, "the source was not found");
    let faults: Vec<String> = sources.iter().filter(|source| concerns(source)).flat_map(rule).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn in_src(source: &Source) -> bool {
    !source.tests
}

#[test]
fn an_import_points_to_a_lower_floor_or_stays_in_its_own_room() {
    check(in_src, floors::imports);
}

#[test]
fn every_room_stands_on_a_floor_and_the_library_lists_them_in_order() {
    let mut rooms: Vec<String> =
        sources().iter().filter(|source| in_src(source)).map(|source| source.room().to_owned()).collect();
    rooms.dedup();
    rooms.retain(|room| room != "lib");
    let on_floors: Vec<&str> = floors::FLOORS.iter().flat_map(|(_, rooms)| rooms.iter().copied()).collect();
    for room in &rooms {
        assert!(on_floors.contains(&room.as_str()), "`{room}` stands on no floor");
    }
    for room in &on_floors {
        assert!(rooms.iter().any(|known| known == room), "`{room}` stands on a floor and is no module");
    }
    let library = std::fs::read_to_string(root().join("src/lib.rs")).expect("the library");
    let listed = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let heights: Vec<u32> = listed.map(|room| floors::floor(room).unwrap_or_else(|| panic!("`{room}`"))).collect();
    assert!(heights.is_sorted(), "src/lib.rs lists a higher floor before a lower one: {heights:?}");
    assert_eq!(heights.len(), on_floors.len() - 1, "src/lib.rs lists every room but main");
}

#[test]
fn words_stay_in_their_rooms() {
    check(in_src, words::kept_in_rooms);
}

#[test]
fn pure_rooms_wait_for_nothing() {
    check(in_src, words::no_await);
}

#[test]
fn nothing_is_printed_outside_the_commands() {
    check(in_src, words::no_print);
}

#[test]
fn nothing_panics_on_purpose() {
    check(in_src, words::no_panic);
}

#[test]
fn every_file_opens_with_a_sentence() {
    check(|_| true, words::opening);
}

#[test]
fn files_are_short() {
    check(|_| true, words::size);
}

#[test]
fn nothing_is_left_for_later() {
    check(|_| true, words::left_for_later);
}

#[test]
fn no_module_is_named_after_nothing() {
    check(|_| true, words::name);
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let mut faults = Vec::new();
    for path in files() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(root()).expect("inside").to_string_lossy().into_owned();
        faults.extend(words::machine_paths(&name, &text));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
