//! Names, and the one link that each brings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::models::Models;
use crate::plan::Rules;
use crate::provider::{ALL, Entry, Provider, Roster, Standing};

const EVERYONE: [&str; 5] = ["openai", "anthropic", "openrouter", "oss-local", "mock"];
const NETWORK: [&str; 4] = ["openai", "anthropic", "openrouter", "oss-local"];

fn roster(ready: &[&str]) -> Roster {
    let entries = ALL.iter().copied().map(|spec| {
        let provider = Provider::new(spec, String::new(), None, BTreeMap::new());
        let standing = match ready.contains(&spec.name) {
            true => Standing::Ready(Arc::new(provider)),
            false => Standing::Unconfigured(spec.vars.first().map_or("--mock", |var| var.name)),
        };
        Entry { spec, standing }
    });
    Roster { entries: entries.collect() }
}

fn plan(ready: &[&str], asked: &str, fallbacks: Option<&[&str]>) -> Result<Vec<String>, NoChain> {
    plan_with(&["nomic-embed-text:latest".to_owned()], ready, asked, fallbacks)
}

fn plan_with(
    local: &[String],
    ready: &[&str],
    asked: &str,
    fallbacks: Option<&[&str]>,
) -> Result<Vec<String>, NoChain> {
    let route = |name: &str, models: &[&str]| (name.to_owned(), models.iter().map(|name| (*name).to_owned()).collect());
    let rules = Rules {
        replace_openai: Some("openai/gpt-4o-mini".into()),
        fallback_models: vec!["x-ai/grok-beta".into()],
        local_model: "llama3:8b".into(),
        embedding_model: Some("house-vectors".into()),
        routes: BTreeMap::from([
            route("general", &["gpt-4o-mini"]),
            route("small", &["text-embedding-3-small", "openrouter/openai/text-embedding-3-small", "ollama/copy"]),
            route("claude", &["claude-opus-5", "anthropic/claude-sonnet-4.5"]),
        ]),
        ..Rules::default()
    };
    let roster = roster(ready);
    let from = Candidates { rules: &rules, roster: &roster, models: Models::builtin(), local };
    let fallbacks = fallbacks.map(|list| list.iter().map(|name| (*name).to_owned()).collect());
    chain_for(&from, &Facts { model: asked.into(), fallbacks, ..Facts::default() }).map(|chain| chain.names())
}

fn check(ready: &[&str], asked: &str, expected: &[&str]) {
    assert_eq!(plan(ready, asked, None).unwrap(), expected, "{asked}");
}

#[test]
fn a_name_brings_the_one_link_of_its_own_provider() {
    for (asked, link) in [
        ("text-embedding-3-small", "openai:text-embedding-3-small"),
        ("openai/text-embedding-3-large", "openai:text-embedding-3-large"),
        ("qwen/qwen3-embedding-8b", "openrouter:qwen/qwen3-embedding-8b"),
        ("openrouter/openai/text-embedding-3-small", "openrouter:openai/text-embedding-3-small"),
        ("nomic-embed-text", "oss-local:nomic-embed-text"),
        ("nomic-embed-text:latest", "oss-local:nomic-embed-text:latest"),
        ("house-vectors", "oss-local:house-vectors"),
        ("oss-local/unlisted", "oss-local:unlisted"),
        ("ollama/unlisted", "oss-local:unlisted"),
        ("llama3:8b", "oss-local:llama3:8b"),
    ] {
        check(&NETWORK, asked, &[link]);
    }
}

#[test]
fn a_local_server_that_has_not_listed_its_models_may_have_any() {
    let unlisted = |ready: &[&str], asked: &str| plan_with(&[], ready, asked, None);
    assert_eq!(unlisted(&NETWORK, "bge-m3").unwrap(), ["oss-local:bge-m3"]);
    assert!(matches!(unlisted(&["openai"], "bge-m3"), Err(NoChain::NoVectors { .. })));
    assert!(matches!(unlisted(&NETWORK, "claude-opus-5"), Err(NoChain::NoVectors { .. })));
}

#[test]
fn openrouter_has_openais_models_where_openai_is_not_configured() {
    check(&["openrouter"], "text-embedding-3-small", &["openrouter:openai/text-embedding-3-small"]);
    check(&["openrouter"], "openai/text-embedding-3-small", &["openrouter:openai/text-embedding-3-small"]);
}

#[test]
fn a_route_and_fallbacks_name_equals() {
    let small = ["openai:text-embedding-3-small", "openrouter:openai/text-embedding-3-small", "oss-local:copy"];
    check(&NETWORK, "small", &small);
    check(&["openrouter", "oss-local"], "small", &small[1..]);
    let list: &[&str] = &["openrouter/openai/text-embedding-3-small", "claude-opus-5", "ollama/copy", "nobody"];
    assert_eq!(plan(&NETWORK, "text-embedding-3-small", Some(list)).unwrap(), small);
    assert_eq!(plan(&NETWORK, "small", Some(&["ollama/other"])).unwrap(), [small[0], "oss-local:other"]);
    assert_eq!(plan(&NETWORK, "small", Some(&[])).unwrap(), [small[0]]);
    assert_eq!(plan(&["oss-local"], "text-embedding-3-small", Some(&["ollama/copy"])).unwrap(), ["oss-local:copy"]);
}

#[test]
fn the_mock_ends_every_chain_but_an_outspoken_one() {
    let small = "text-embedding-3-small";
    check(&EVERYONE, small, &["openai:text-embedding-3-small", "mock:mock-text-embedding-3-small"]);
    check(&["mock"], small, &["mock:mock-text-embedding-3-small"]);
    check(&["mock"], "claude-opus-5", &["mock:mock-claude-opus-5"]);
    check(&EVERYONE, "mock/x", &["mock:x"]);
    assert_eq!(plan(&EVERYONE, small, Some(&[])).unwrap(), ["openai:text-embedding-3-small"]);
}

#[test]
fn who_has_no_vectors_is_told_what_would_help() {
    let why = |ready: &[&str], asked: &str| plan(ready, asked, None).unwrap_err();
    for asked in ["claude-opus-5", "anthropic/claude-sonnet-4.5", "whatever", "claude"] {
        let words = why(&NETWORK, asked).to_string();
        assert!(matches!(why(&NETWORK, asked), NoChain::NoVectors { .. }), "{words}");
        assert!(
            words.contains(asked) && words.contains("OSS_EMBEDDING_MODEL") && words.contains("oss-local/"),
            "{words}"
        );
    }
    let needs = |ready: &[&str], asked: &str, variables: &[&str]| match why(ready, asked) {
        NoChain::NoProvider { model, variables: told } => {
            assert_eq!((model.as_str(), told.as_slice()), (asked, variables))
        }
        other => panic!("{asked}: {other}"),
    };
    needs(&["anthropic"], "text-embedding-3-small", &["OPENAI_API_KEY", "OPENROUTER_API_KEY"]);
    needs(&["openai"], "qwen/qwen3-embedding-8b", &["OPENROUTER_API_KEY"]);
    needs(&["openai"], "house-vectors", &["OSS_MODEL_ENABLED"]);
    needs(&["anthropic"], "small", &["OPENAI_API_KEY", "OPENROUTER_API_KEY", "OSS_MODEL_ENABLED"]);
    assert!(matches!(why(&[], "text-embedding-3-small"), NoChain::NothingConfigured(_)));
}
