//! Names and the chains that they bring.

use std::collections::BTreeMap;

use super::*;
use crate::provider::{ALL, Entry, Provider};

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

fn rules() -> Rules {
    Rules {
        fallback_models: vec!["x-ai/grok-beta".into(), "qwen/qwen-2.5".into()],
        local_model: "llama3:8b".into(),
        routes: BTreeMap::from([
            ("general".to_owned(), vec!["gpt-4o-mini".to_owned()]),
            ("code".to_owned(), vec!["claude-sonnet-4-5".to_owned(), "gpt-4o".to_owned()]),
        ]),
        ..Rules::default()
    }
}

fn plan(ready: &[&str], rules: &Rules, facts: &Facts) -> Result<Chain, NoChain> {
    let from = Candidates { rules, roster: &roster(ready), models: Models::builtin(), local: &["qwen3:latest".into()] };
    chain_for(&from, facts)
}

fn asked(model: &str) -> Facts {
    Facts { model: model.into(), ..Facts::default() }
}

const EVERYONE: [&str; 4] = ["openai", "anthropic", "openrouter", "oss-local"];

fn check(ready: &[&str], model: &str, expected: &[&str]) {
    assert_eq!(plan(ready, &rules(), &asked(model)).unwrap().names(), expected, "{model}");
}

#[test]
fn each_origin_has_its_chain() {
    check(&EVERYONE, "gpt-4o", &["openai:gpt-4o", "openrouter:openai/gpt-4o", "oss-local:llama3:8b"]);
    let claude = ["anthropic:claude-sonnet-4-5", "openrouter:anthropic/claude-sonnet-4.5", "oss-local:llama3:8b"];
    check(&EVERYONE, "claude-sonnet-4-5", &claude);
    check(&EVERYONE, "anthropic/claude-sonnet-4.5", &claude);
    let others = ["openrouter:x-ai/grok-beta", "openrouter:qwen/qwen-2.5", "oss-local:llama3:8b"];
    check(&EVERYONE, "mistral/x", &["openrouter:mistral/x", others[0], others[1], others[2]]);
    check(&EVERYONE, "x-ai/grok-beta", &others);
    check(&EVERYONE, "anything", &others);
    check(&EVERYONE, "qwen3", &["oss-local:qwen3", others[0], others[1], others[2]]);
    check(&EVERYONE, "ollama/phi", &["oss-local:phi", others[0], others[1], others[2]]);
}

#[test]
fn what_is_not_configured_is_left_out() {
    check(&["openrouter"], "gpt-4o", &["openrouter:openai/gpt-4o"]);
    check(&["openrouter"], "anthropic/claude-3.5-sonnet", &["openrouter:anthropic/claude-3.5-sonnet"]);
    check(&["openai"], "gpt-4o", &["openai:gpt-4o"]);
    check(&["mock"], "gpt-4o", &["mock:mock-gpt-4o"]);
    check(&["openai", "mock"], "gpt-4o", &["openai:gpt-4o", "mock:mock-gpt-4o"]);
}

#[test]
fn stand_ins_are_the_operators_choice() {
    let rules = Rules {
        replace_openai: Some("openai/gpt-4o-mini".into()),
        replace_claude: Some("anthropic/claude-3.5-sonnet".into()),
        ..rules()
    };
    let names = |model: &str, ready: &[&str]| plan(ready, &rules, &asked(model)).unwrap().names();
    assert_eq!(names("gpt-4o", &["openai", "openrouter"]), ["openai:gpt-4o", "openrouter:openai/gpt-4o-mini"]);
    assert_eq!(names("claude-opus-5", &["openrouter"]), ["openrouter:anthropic/claude-3.5-sonnet"]);
    // A name with its vendor's prefix goes to OpenRouter as it stands where the vendor is not configured.
    assert_eq!(names("openai/gpt-4o", &["openrouter"]), ["openrouter:openai/gpt-4o"]);
}

#[test]
fn a_route_is_each_of_its_models_with_its_chain_and_no_link_twice() {
    check(&EVERYONE, "auto", &["openai:gpt-4o-mini", "openrouter:openai/gpt-4o-mini", "oss-local:llama3:8b"]);
    check(
        &EVERYONE,
        "code",
        &[
            "anthropic:claude-sonnet-4-5",
            "openrouter:anthropic/claude-sonnet-4.5",
            "oss-local:llama3:8b",
            "openai:gpt-4o",
            "openrouter:openai/gpt-4o",
        ],
    );
}

#[test]
fn a_request_may_bring_its_own_chain() {
    let with = |list: &[&str]| Facts {
        fallbacks: Some(list.iter().map(|name| (*name).to_owned()).collect()),
        ..asked("gpt-4o")
    };
    let names = |ready: &[&str], list: &[&str]| plan(ready, &rules(), &with(list)).unwrap().names();
    assert_eq!(names(&["openai", "openrouter", "mock"], &[]), ["openai:gpt-4o"]);
    let list = ["claude-sonnet-4-5", "oss-local/llama3:8b", "x/y", "openai/gpt-4o"];
    let all = ["openai:gpt-4o", "anthropic:claude-sonnet-4-5", "oss-local:llama3:8b", "openrouter:x/y"];
    assert_eq!(names(&EVERYONE, &list), all);
    assert_eq!(
        names(&["openrouter"], &["anthropic/claude-x"]),
        ["openrouter:openai/gpt-4o", "openrouter:anthropic/claude-x"]
    );
}

#[test]
fn nobody_left_says_what_would_help() {
    let nothing = plan(&[], &rules(), &asked("gpt-4o")).err().unwrap().to_string();
    assert!(nothing.contains("OPENAI_API_KEY") && nothing.contains("OPENROUTER_API_KEY"), "{nothing}");
    let none = plan(&["openai"], &rules(), &asked("claude-opus-5")).err().unwrap().to_string();
    assert!(none.contains("`claude-opus-5`") && none.contains("ANTHROPIC_API_KEY"), "{none}");
}

#[test]
fn who_cannot_be_made_to_call_a_tool_is_passed_over_but_for_the_model_that_was_asked_for() {
    let unfit = |model: &str, dialect: Dialect| {
        let fallbacks = Some(vec!["claude-sonnet-5-5".to_owned(), "gpt-4o".to_owned()]);
        let facts = Facts { dialect, tools: true, forced_tools: true, fallbacks, ..asked(model) };
        let chain = plan(&EVERYONE, &rules(), &facts).unwrap();
        chain.links.iter().map(|link| link.unfit.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(unfit("claude-opus-5-5", Dialect::OpenAi), [true, true, false]);
    assert_eq!(unfit("claude-opus-5-5", Dialect::Anthropic), [false, true, false]);
    assert_eq!(unfit("gpt-4o-mini", Dialect::Anthropic), [false, true, false]);
}
