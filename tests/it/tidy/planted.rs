//! The rules, held to violations that are planted.

use super::code::code_of;
use super::{Source, floors, words};

/// The rule finds so many faults in this text.
#[track_caller]
fn check(rule: impl Fn(&Source) -> Vec<String>, path: &str, text: &str, faults: usize) {
    let found = rule(&Source::new(path, text));
    assert_eq!(found.len(), faults, "{path}: {text}\n{found:?}");
}

#[test]
fn code_is_told_from_what_is_said() {
    let check =
        |text: &str, code: &str| assert_eq!(code_of(text).split_whitespace().collect::<Vec<_>>().join(" "), code);
    check("a(); // crate::api\nb();", "a(); b();");
    check("a(/* crate::api /* x */ y */ b)", "a( b)");
    check(r#"say("crate::api \" x", c)"#, "say( , c)");
    check(r##"say(r#"crate::api " x"#, br"x", b"y", c)"##, "say( , , , c)");
    check(r"match x { '\'' => 'a', '{' => '\u{1f600}', '\\' => y }", "match x { => , => , => y }");
    check("fn f<'a>(x: &'a str) -> Cow<'a, str> {}", "fn f<'a>(x: &'a str) -> Cow<'a, str> {}");
    check("attribute bearer r b br_", "attribute bearer r b br_");
    assert_eq!(code_of("a\n/* b\nc */\n\"d\ne\"\n").lines().count(), 5, "lines keep their places");
}

#[test]
fn imports_up_or_across_are_found() {
    let imports = floors::imports;
    check(imports, "src/domain/chat.rs", "use crate::gateway::Gateway;", 1);
    check(imports, "src/domain/chat.rs", "use crate::{gateway, health, secret, clock::Clock};", 3);
    check(imports, "src/plan.rs", "use crate::{\n    provider::{self, link::Link},\n    api::{Options, Cors},\n};", 1);
    check(imports, "src/plan/models.rs", "fn f(x: &crate::health::Health) {}", 0);
    check(imports, "src/upstream/chat.rs", "fn f(x: &crate::health::Health) {}", 1);
    check(imports, "src/gateway/chat.rs", "use super::super::api::Load;", 1);
    check(imports, "src/gateway.rs", "use super::config::Config;", 1);
    check(imports, "src/gateway/chat.rs", "use super::Gateway;\nuse crate::gateway::error;", 0);
    check(imports, "src/protocol/openai/request/read.rs", "use super::super::super::fields;", 0);
    check(imports, "src/models.rs", "use crate::protocol::Front;", 1);
    check(imports, "src/protocol.rs", "use crate::models::Card;", 0);
    check(imports, "src/app.rs", "use crate::cli;", 1);
    check(imports, "src/main.rs", "fn main() { ai_mcp_gateway::cli::run() }", 0);
    check(imports, "src/chain.rs", "// crate::api\nconst X: &str = \"crate::api\";", 0);
    check(imports, "src/chain.rs", "fn a() {}\n#[cfg(test)]\nmod tests { use crate::api; }", 0);
}

#[test]
fn words_outside_their_rooms_are_found() {
    let kept = words::kept_in_rooms;
    check(kept, "src/health/watch.rs", "fn f(client: reqwest::Client) {}", 1);
    check(kept, "src/upstream/wire.rs", "fn f(client: reqwest::Client) {}", 0);
    check(kept, "src/gateway.rs", "use axum::Router;", 1);
    check(kept, "src/api/chat.rs", "use axum::Router;", 0);
    check(kept, "src/provider/openai.rs", "let key = std::env::var(\"KEY\");", 2);
    check(kept, "src/provider/openai.rs", "let version = env!(\"CARGO_PKG_VERSION\");", 0);
    check(kept, "src/gateway.rs", "let my_reqwest_like = 1; // reqwest", 0);
}

#[test]
fn waiting_printing_and_panicking_are_found() {
    check(words::no_await, "src/plan/models.rs", "pub async fn f() {\n    g().await\n}", 2);
    check(words::no_await, "src/chain.rs", "pub async fn f() { g().await }", 0);
    check(words::no_print, "src/api/chat.rs", "println!(\"x\");\nprint!(\"x\");\ndbg!(x);\nstd::io::stdout();", 4);
    check(words::no_print, "src/api/chat.rs", "eprintln!(\"x\"); // println!", 0);
    check(words::no_print, "src/cli/check.rs", "println!(\"x\");", 0);
    check(words::no_panic, "src/chain.rs", "x.unwrap();\ny.expect(\"z\");\npanic!();\nunreachable!()", 4);
    check(
        words::no_panic,
        "src/chain.rs",
        "x.unwrap_or(1);\n// .unwrap()\n#[cfg(test)]\nmod tests { fn f() { x.unwrap() } }",
        0,
    );
}

#[test]
fn the_form_of_files_is_found() {
    check(words::opening, "src/a.rs", "//! What this is.\n", 0);
    check(words::opening, "src/a.rs", "use std::fmt;\n", 1);
    check(words::opening, "src/a.rs", "", 1);
    check(words::opening, "src/a.rs", "//!\n", 1);
    let long = "fn f() {}\n".repeat(401);
    check(words::size, "src/a.rs", &long, 1);
    check(words::size, "src/a.rs", &format!("fn f() {{}}\n#[cfg(test)]\n{long}"), 0);
    check(words::left_for_later, "src/a.rs", concat!("// TO", "DO: later\n/* FIX", "ME */"), 2);
    check(words::left_for_later, "src/a.rs", "let todos = 1; // to do", 0);
    check(words::name, "src/utils.rs", "", 1);
    check(words::name, "src/api/helpers/x.rs", "", 1);
    check(words::name, "src/api/mod.rs", "", 1);
    check(words::name, "src/models/names.rs", "", 0);
}

#[test]
fn paths_of_a_machine_are_found() {
    let found = |line: &str| words::machine_paths("a", line).len();
    assert_eq!(found(concat!("cd /wo", "rk/wt")), 1);
    assert_eq!(found(concat!("path = \"/ho", "me/me/x\"")), 1);
    assert_eq!(found(concat!("https://a.example/wo", "rk/x")), 0);
    assert_eq!(found("src/api.rs"), 0);
}
