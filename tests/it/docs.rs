//! What the documents say, held against what there is.

use crate::kit::gateway;
use ai_mcp_gateway::provider::ALL;
use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands between backticks on one line.
fn quoted(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

/// What a document has in fences of this kind.
pub(crate) fn blocks(name: &str, kind: &str) -> Vec<String> {
    let (text, opening) = (read(name), format!("\n```{kind}\n"));
    text.split(&opening).skip(1).filter_map(|rest| Some(rest.split_once("\n```\n")?.0.to_owned())).collect()
}

/// Every path of the router, as `src/api.rs` writes it, and as the table of `src/api/chat.rs` does.
fn routes() -> BTreeSet<String> {
    let (router, table) = (read("src/api.rs"), read("src/api/chat.rs"));
    let quoted = |rest: &str| rest.split('"').nth(1).map(|path| path.replace("{*id}", "{id}"));
    let routed = router.split(".route(\"").skip(1).filter_map(|rest| quoted(&format!("\"{rest}")));
    let asked = table.split("path: \"").skip(1).filter_map(|rest| quoted(&format!("\"{rest}")));
    routed.chain(asked).collect()
}

#[test]
fn the_description_has_every_route_and_the_version() {
    let described: serde_json::Value = serde_json::from_str(&read("src/api/openapi.json")).unwrap();
    let paths: BTreeSet<String> = described["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(paths, routes());
    assert_eq!(described["info"]["version"], env!("CARGO_PKG_VERSION"));
    // Every reference leads somewhere.
    let text = described.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(described.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn the_readme_names_every_provider_and_its_variables() {
    let readme = read("README.md");
    let words = quoted(&readme);
    for spec in ALL {
        assert!(words.contains(&spec.name), "README.md lacks `{}`", spec.name);
        for var in spec.vars.iter().filter(|var| var.name.ends_with("_KEY") || var.name.ends_with("_ENABLED")) {
            assert!(words.contains(&var.name), "README.md lacks `{}`", var.name);
        }
    }
}

#[test]
fn the_readme_names_every_route() {
    let readme = read("README.md");
    let words: BTreeSet<&str> = quoted(&readme).iter().map(|word| word.rsplit(' ').next().unwrap_or(word)).collect();
    let routes = routes();
    assert!(routes.len() >= 10, "{routes:?}");
    for route in routes {
        assert!(words.contains(route.as_str()), "README.md lacks `{route}`");
    }
}

/// The packages under test: Node's by their own names where an older one has another here, and what heads Python's list.
fn clients() -> BTreeSet<String> {
    let node: serde_json::Value = serde_json::from_str(&read("tests/sdk/package.json")).expect("JSON");
    let node = node["dependencies"].as_object().expect("dependencies").iter().map(|(name, version)| {
        let alias = version.as_str().and_then(|version| version.strip_prefix("npm:"));
        alias.and_then(|alias| Some(alias.rsplit_once('@')?.0)).unwrap_or(name).to_owned()
    });
    let python = read("tests/sdk/requirements.txt");
    let python = python.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with('#'));
    let python = python.filter_map(|line| line.split(['[', '=']).next()).map(|name| name.replace("-slim", ""));
    // What the cases describe their schemas with.
    node.chain(python).filter(|name| name != "zod").collect()
}

#[tokio::test]
async fn the_readmes_example_of_other_servers_is_read_as_it_stands() {
    let blocks = blocks("README.md", "json");
    let example = blocks.iter().find(|block| block.contains("\"alias\"")).expect("an example in README.md");
    // A command that reads all of the configuration and starts no server.
    let command = |text: &str| gateway().command(["usage"]).file("mcp.json", text);
    let finished = command(example).env("SEARCH_KEY", "s").run().await;
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    // Every option is there and looked at, and so are the variables.
    for option in ["command", "args", "cwd", "env", "tools", "url", "headers", "alias", "timeoutMs", "pin", "disabled"]
    {
        assert!(example.contains(&format!("\"{option}\": ")), "README.md's example lacks {option}");
    }
    let finished = command(example).run().await;
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains("${SEARCH_KEY}"), "{}", finished.stderr);
}

#[test]
fn the_readme_names_every_client_under_test() {
    let readme = read("README.md");
    let words = quoted(&readme);
    let clients = clients();
    assert!(clients.len() >= 7, "{clients:?}");
    for client in clients {
        assert!(words.contains(&client.as_str()), "README.md lacks `{client}`");
    }
}

#[test]
fn the_example_names_every_variable_of_every_provider() {
    let example = read(".env.example");
    for var in ALL.iter().flat_map(|spec| spec.vars) {
        let line = format!("\n{}={}\n", var.name, var.default);
        assert!(example.contains(&line), ".env.example lacks {}", line.trim());
    }
}

#[test]
fn the_documents_name_variables_that_exist() {
    let example = read(".env.example");
    let known: BTreeSet<&str> = example.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    for name in ["README.md", "PROVIDER-FALLBACK-GUIDE.md", "ARCHITECTURE.md"] {
        let text = read(name);
        for word in quoted(&text) {
            let word = word.split('=').next().unwrap_or(word);
            let shouted = word.len() > 4
                && word.contains('_')
                && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            assert!(!shouted || known.contains(word), "{name} names `{word}`, which nothing reads");
        }
    }
}

#[test]
fn the_documents_name_files_that_exist() {
    for name in ["README.md", "PROVIDER-FALLBACK-GUIDE.md", "ARCHITECTURE.md"] {
        let text = read(name);
        let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let paths =
            quoted(&text).into_iter().filter(|word| is_path(word)).chain(linked.filter(|link| !link.contains("://")));
        for path in paths {
            let path = path.split('#').next().unwrap_or(path);
            let there = path.is_empty() || ["", "src"].iter().any(|folder| root().join(folder).join(path).exists());
            assert!(there, "{name} names {path}, which does not exist");
        }
    }
}

/// A file of this repository, by its ending.
fn is_path(word: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    let ends = [".rs", ".md", ".toml", ".sh", "table.json", ".example"].iter().any(|end| word.ends_with(end));
    ends && word.chars().all(plain) && !word.starts_with('/')
}

#[test]
fn what_stands_between_backticks() {
    assert_eq!(quoted("a `b` and `GET /c`\n```sh\n`d`\n```\n`e`"), ["b", "GET /c", "e"]);
    assert!(is_path("src/api.rs") && is_path("chain.rs") && is_path("README.md"));
    assert!(!is_path("text/event-stream") && !is_path("foo::bar.rs") && !is_path("/health"));
}
