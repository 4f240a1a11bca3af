//! The file of other MCP servers, good and bad.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::mcp::upstream::{Choice, Reach, Spec};

/// What comes of a file with this content, and of these variables beside it.
fn read(content: &str, more: &[(&str, &str)]) -> Result<Vec<Spec>, Vec<ConfigFault>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("servers.json");
    std::fs::write(&path, content).expect("a file");
    let path = path.to_str().expect("a path of text");
    let list = [&[("MCP_CONFIG", path)], more].concat();
    Config::read(&vars(&list), false).map(|config| config.mcp.servers)
}

/// The one server that comes of this entry.
fn server(entry: Value) -> Spec {
    let file = json!({"mcpServers": {"files": entry}}).to_string();
    let mut servers = read(&file, &[("TOKEN", "t-1")]).unwrap_or_else(|faults| panic!("{file}: {faults:?}"));
    assert_eq!(servers.len(), 1, "{file}");
    servers.remove(0)
}

/// A content with one fault: what is told of it holds all these words.
fn check_file(content: &str, words: &[&str]) {
    let found = read(content, &[("TOKEN", "t-SECRET")]).err().unwrap_or_else(|| panic!("{content} was accepted"));
    assert_eq!(found.len(), 1, "{content}: {found:?}");
    assert_eq!(found[0].variable, "MCP_CONFIG");
    let told = found[0].to_string();
    assert!(told.contains("servers.json") && !told.contains("SECRET"), "{told}");
    for word in words {
        assert!(told.contains(word), "{content}: {told} lacks {word}");
    }
}

/// The same for one entry, which is named `files`.
fn check_entry(entry: Value, words: &[&str]) {
    check_file(&json!({"mcpServers": {"files": entry}}).to_string(), &[&["mcpServers.files"], words].concat());
}

#[test]
fn a_child_with_everything() {
    let spec = server(json!({
        "command": "npx", "args": ["-y", "a-server", "${TOKEN}", "${NONE:-plain}"], "env": {"KEY": "x${TOKEN}x"},
        "cwd": "/srv", "alias": "fs", "tools": {"allow": ["read_*"], "deny": ["*_secret"]}, "timeoutMs": 1500,
        "pin": true, "type": "stdio", "autoApprove": ["anything"],
    }));
    assert_eq!((&*spec.name, spec.prefix()), ("files", "fs"));
    assert_eq!((spec.timeout, spec.pin), (Duration::from_millis(1500), true));
    assert_eq!(spec.tools, Choice { allow: Some(vec!["read_*".to_owned()]), deny: vec!["*_secret".to_owned()] });
    let Reach::Child { command, args, env, folder } = spec.reach else { panic!("no child") };
    assert_eq!((command.as_str(), folder.as_deref()), ("npx", Some("/srv")));
    assert_eq!(args, ["-y", "a-server", "t-1", "plain"]);
    assert_eq!((env[0].0.as_str(), env[0].1.expose()), ("KEY", "xt-1x"));
}

#[test]
fn an_address_with_its_headers() {
    let headers = json!({"Authorization": "Bearer ${TOKEN}"});
    let spec = server(json!({"type": "http", "url": "https://mcp.example/mcp?x=1", "headers": headers}));
    assert_eq!((spec.prefix(), spec.timeout, spec.pin), ("files", Duration::from_secs(60), false));
    let Reach::Http { url, headers } = spec.reach else { panic!("no address") };
    assert_eq!(url, "https://mcp.example/mcp?x=1");
    assert_eq!((headers[0].0.as_str(), headers[0].1.as_bytes()), ("authorization", &b"Bearer t-1"[..]));
    assert!(headers[0].1.is_sensitive());
}

#[test]
fn servers_keep_the_order_of_the_file_and_disabled_ones_are_passed_over() {
    let file = r#"{"mcpServers": {"z": {"command": "z"}, "off": {"disabled": true, "nonsense": 1},
        "a": {"command": "a", "disabled": false}}}"#;
    let servers = read(file, &[]).expect("a good file");
    assert_eq!(servers.iter().map(|server| &*server.name).collect::<Vec<_>>(), ["z", "a"]);
    assert!(read(r#"{"mcpServers": {}}"#, &[]).expect("a good file").is_empty());
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let found = faults(&[("MCP_CONFIG", "/nowhere/mcp.json")]);
    assert_eq!((found.len(), found[0].value.as_str()), (1, "/nowhere/mcp.json"));
    assert!(found[0].accepted.contains("a file that can be read"), "{}", found[0].accepted);
    assert!(good(&[]).mcp.servers.is_empty());
}

#[test]
fn faults_of_the_file() {
    check_file("", &["JSON"]);
    check_file(r#"{"mcpServers": {"#, &["JSON", "line 1"]);
    check_file("[]", &["a JSON object with `mcpServers`"]);
    check_file("{}", &["mcpServers: an object"]);
    check_file(r#"{"mcpServers": []}"#, &["mcpServers: an object"]);
    check_file(r#"{"mcpServers": {"files": "npx"}}"#, &["mcpServers.files", "`command` or `url`"]);
    let many: serde_json::Map<String, Value> = (0..129).map(|at| (format!("s{at}"), json!({"command": "x"}))).collect();
    check_file(&json!({"mcpServers": many}).to_string(), &["at most 128 servers"]);
}

#[test]
fn faults_of_an_entry() {
    check_entry(json!({}), &["either `command` or `url`"]);
    check_entry(json!({"command": "x", "url": "https://a.example"}), &["either `command` or `url`"]);
    check_entry(json!({"command": ""}), &[".command: a string"]);
    check_entry(json!({"command": ["x"]}), &[".command: a string"]);
    check_entry(json!({"command": "x", "args": "y"}), &[".args: a list of strings"]);
    check_entry(json!({"command": "x", "args": [1]}), &[".args: a list of strings"]);
    check_entry(json!({"command": "x", "env": ["KEY=1"]}), &[".env: an object of strings"]);
    check_entry(json!({"command": "x", "env": {"KEY": 1}}), &[".env.KEY: a string"]);
    check_entry(json!({"command": "x", "args": ["${UNSET_VARIABLE}"]}), &[".args", "${UNSET_VARIABLE}", "unset"]);
    check_entry(json!({"command": "x", "env": {"KEY": "${TOKEN}${UNSET}"}}), &[".env", "${UNSET}"]);
    check_entry(json!({"url": "mcp.example"}), &[".url: an address"]);
    check_entry(json!({"url": "ftp://mcp.example"}), &[".url: an address"]);
    check_entry(json!({"url": "https://mcp.example/${UNSET}"}), &[".url", "${UNSET}"]);
    check_entry(json!({"url": "https://a.example", "headers": {"a b": "x"}}), &[".headers.a b: a header's name"]);
    check_entry(json!({"url": "https://a.example", "headers": {"x": "${TOKEN}\n"}}), &[".headers.x"]);
    check_entry(json!({"type": "sse", "url": "https://a.example"}), &[".type", "2024"]);
    check_entry(json!({"command": "x", "tools": ["read"]}), &[".tools: an object"]);
    check_entry(json!({"command": "x", "tools": {"allow": "read"}}), &[".tools.allow: a list of strings"]);
    check_entry(json!({"command": "x", "tools": {"deny": [true]}}), &[".tools.deny: a list of strings"]);
    for wrong in [json!(0), json!("5s"), json!(1.5), json!(86_400_001)] {
        check_entry(json!({"command": "x", "timeoutMs": wrong}), &[".timeoutMs: a whole number"]);
    }
    check_entry(json!({"command": "x", "pin": "yes"}), &[".pin: true or false"]);
    check_entry(json!({"command": "x", "cwd": 1}), &[".cwd: a string"]);
    check_entry(json!({"command": "x", "disabled": "yes"}), &[".disabled: true or false"]);
    check_entry(json!({"command": "x", "alias": "a__b"}), &["1 to 40 letters"]);
    check_entry(json!({"command": "x", "tools": {"alow": ["read"]}}), &[".tools.alow: `allow` and `deny` alone"]);
    check_entry(json!({"command": "x", "env": {"A=B": "x"}}), &[".env.A=B: a variable's name"]);
    check_entry(json!({"command": "x", "env": {"": "x"}}), &[".env.: a variable's name"]);
}

#[test]
fn names_that_cannot_stand_before_a_tool() {
    for name in ["", "a b", "a__b", "_a", "a_", "a/b", "a.b", "ä", &"x".repeat(41)] {
        let file = json!({"mcpServers": {name: {"command": "x"}}}).to_string();
        check_file(&file, &["1 to 40 letters", name]);
    }
    for name in ["a", "A-1", "a_b", &"x".repeat(40)] {
        let file = json!({"mcpServers": {name: {"command": "x"}}}).to_string();
        assert!(read(&file, &[]).is_ok(), "{name}");
    }
}

#[test]
fn names_and_aliases_that_are_taken() {
    for (alias, other) in [("b", json!({"command": "y"})), ("c", json!({"command": "y", "alias": "c"}))] {
        let file = json!({"mcpServers": {"a": {"command": "x", "alias": alias}, "b": other}}).to_string();
        check_file(&file, &["mcpServers.b", "no other server has"]);
    }
}

#[test]
fn a_name_that_stands_there_twice() {
    let file = r#"{"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}, "a": {"command": "z"}}}"#;
    check_file(file, &["mcpServers.a: a name that stands there once"]);
}

#[test]
fn every_fault_is_told_at_once() {
    let file = json!({"mcpServers": {"a": {}, "b": {"url": "x"}, "c": {"command": "x", "pin": 1}}}).to_string();
    let found = read(&file, &[]).err().expect("faults");
    assert_eq!(found.len(), 3, "{found:?}");
    let entry = json!({"alias": "a b", "url": "x", "headers": {"a b": "c", "d": 1, "e": "${UNSET}"}, "timeoutMs": 0,
        "pin": 1, "tools": {"allow": 1, "deny": 2, "alow": 3}, "type": "sse", "disabled": 0});
    let found = read(&json!({"mcpServers": {"a": entry}}).to_string(), &[]).err().expect("faults");
    let told: Vec<String> = found.iter().map(|fault| fault.accepted.clone()).collect();
    for place in [
        "a: a name and an alias",
        "a.url: ",
        "a.headers.a b: ",
        "a.headers.d: ",
        "a.headers.e: ",
        "a.timeoutMs: ",
        "a.pin: ",
        "a.tools.allow: ",
        "a.tools.deny: ",
        "a.tools.alow: `allow` and `deny` alone",
        "a.type: ",
        "a.disabled: ",
    ] {
        assert!(told.iter().any(|told| told.starts_with(&format!("mcpServers.{place}"))), "{place}: {told:#?}");
    }
    assert_eq!(told.len(), 12, "{told:#?}");
}
