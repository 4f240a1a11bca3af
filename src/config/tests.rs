//! Configurations, good and bad.

mod mcp;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::provider::Standing;
use crate::telemetry::log::Format;

fn vars(list: &[(&str, &str)]) -> Vars {
    Vars::from_map(list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn good(list: &[(&str, &str)]) -> Config {
    Config::read(&vars(list), false).unwrap_or_else(|faults| panic!("{list:?}: {faults:?}"))
}

fn faults(list: &[(&str, &str)]) -> Vec<ConfigFault> {
    Config::read(&vars(list), false).err().unwrap_or_else(|| panic!("{list:?} was accepted"))
}

/// One variable with a bad value: the one fault names it, repeats the value, and says what is accepted.
fn check_bad(name: &str, value: &str, accepted: &str) {
    let found = faults(&[(name, value)]);
    assert_eq!(found.len(), 1, "{name}={value}: {found:?}");
    assert_eq!((found[0].variable.as_str(), found[0].value.as_str()), (name, value));
    assert!(found[0].accepted.contains(accepted), "{name}={value}: {}", found[0].accepted);
}

#[test]
fn nothing_set_is_a_configuration() {
    let config = good(&[]);
    assert_eq!((config.server.host.as_str(), config.server.port), ("127.0.0.1", 3000));
    assert_eq!(config.server.grace, Duration::from_secs(30));
    assert_eq!(config.server.log.level, "info");
    assert_eq!(config.server.log.format, Format::Text);
    assert_eq!(config.server.log.file.as_deref(), Some("logs/ai-mcp-gateway.log".as_ref()));
    assert_eq!((config.api.longest_body, config.api.most_requests), (33_554_432, 4096));
    assert_eq!(config.api.cors, api::Cors::Off);
    assert_eq!(config.gateway.retries, 1);
    assert_eq!(config.gateway.timeout, Duration::from_secs(600));
    assert_eq!(config.gateway.longest_wait, Duration::from_secs(3));
    assert_eq!(config.health.ttl, Duration::from_secs(60));
    assert_eq!(config.health.first_rest, Duration::from_secs(15));
    assert_eq!(config.upstream.connect, Duration::from_secs(5));
    assert_eq!(config.upstream.first_event, Duration::from_secs(12));
    assert_eq!(config.upstream.first_byte, Duration::from_secs(120));
    assert_eq!(config.upstream.idle, Duration::from_secs(30));
    assert_eq!(config.upstream.idle_thinking, Duration::from_secs(120));
    assert_eq!(config.upstream.probe, Duration::from_secs(3));
    assert!(!config.upstream.reject_unsupported);
    assert_eq!(config.rules.fallback_models, ["openrouter/auto"]);
    assert_eq!((config.rules.replace_openai.as_deref(), config.rules.replace_claude.as_deref()), (None, None));
    assert_eq!(config.rules.local_model, "llama3:8b");
    assert_eq!(config.roster.ready().count(), 0);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn image_weights_follow_the_primary_provider_unless_they_are_set() {
    let weights = |list: &[(&str, &str)]| good(list).generation.weights.to_string();
    assert_eq!(weights(&[]), r#"{"fal":1.0,"runware":0.0}"#);
    assert_eq!(weights(&[("GEN_PROVIDER_PRIMARY", "imagen")]), r#"{"imagen":1.0}"#);
    let set = [("GEN_PROVIDER_PRIMARY", "imagen"), ("GEN_PROVIDER_WEIGHTS", r#"{"fal":3,"runware":1}"#)];
    assert_eq!(weights(&set), r#"{"fal":0.75,"runware":0.25}"#);
    assert_eq!(good(&set).generation.primary, "imagen");
}

#[test]
fn bad_values() {
    check_bad("API_HOST", "example.com", "127.0.0.1");
    check_bad("API_HOST", "127.0.0.1:80", "127.0.0.1");
    check_bad("API_HOST", "999.1.1.1", "127.0.0.1");
    for port in ["http", "-1", "65536", "80.5", "0x50", "8 0"] {
        check_bad("API_PORT", port, "from 0 to 65535");
    }
    check_bad("API_CORS_ORIGIN", "app.example", "https://app.example");
    check_bad("API_CORS_ORIGIN", "https://app.example/", "https://app.example");
    check_bad("API_CORS_ORIGIN", "https://*.example", "https://app.example");
    check_bad("GATEWAY_ALLOW_ANONYMOUS", "maybe", "true or false");
    check_bad("MAX_BODY_BYTES", "0", "from 1");
    check_bad("MAX_BODY_BYTES", "32MB", "whole number");
    check_bad("MAX_CONCURRENT_REQUESTS", "0", "from 1");
    check_bad("SHUTDOWN_GRACE_MS", "-1", "from 0");
    check_bad("LOG_LEVEL", "loud", "trace");
    check_bad("LOG_LEVEL", "info,loud", "trace");
    check_bad("LOG_LEVEL", "hyper=loud", "filter directive");
    check_bad("LOG_FORMAT", "xml", "text or json");
    for name in ["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OPENROUTER_BASE_URL", "OSS_MODEL_ENDPOINT"] {
        for url in ["localhost:11434", "ftp://a.example", "https://", "https://a.example/v1?x=1", "https://a b", "/v1"]
        {
            check_bad(name, url, "https://host/path");
        }
    }
    check_bad("OSS_MODEL_ENABLED", "ja", "true or false");
    check_bad("LLM_RETRY", "11", "from 0 to 10");
    check_bad("LLM_RETRY", "-1", "from 0 to 10");
    check_bad("LLM_RETRY", "1.5", "whole number");
    check_bad("LLM_RETRY_AFTER_MAX_MS", "60001", "from 0 to 60000");
    check_bad("LINK_REST_MS", "0", "from 1 to 60000");
    for name in [
        "LLM_CONNECT_TIMEOUT_MS",
        "LLM_FIRST_EVENT_TIMEOUT_MS",
        "LLM_FIRST_BYTE_TIMEOUT_MS",
        "LLM_STREAM_IDLE_TIMEOUT_MS",
        "LLM_TIMEOUT_MS",
        "HEALTH_CACHE_TTL_MS",
        "HEALTH_PROBE_TIMEOUT_MS",
    ] {
        for value in ["0", "-5", "5s", "1e3", "99999999999999999999"] {
            check_bad(name, value, "whole number");
        }
    }
    check_bad("UNSUPPORTED_PARAMS", "ignore", "drop or reject");
    for routes in
        ["general", "[]", r#"{"general":"gpt-4o"}"#, r#"{"general":[]}"#, r#"{"":["x"]}"#, r#"{"a":[""]}"#, "{"]
    {
        check_bad("ROUTE_MODELS", routes, "JSON object");
    }
    check_bad("GEN_PROVIDER_PRIMARY", "dall-e", "one of fal, runware");
    for (weights, why) in [
        ("fal", "not a JSON object"),
        ("{}", "no weight is above 0"),
        (r#"{"fal":1.1,"runware":-0.1}"#, "below 0"),
        (r#"{"fal":0.5,"midjourney":0.5}"#, "`midjourney` is no provider"),
        (r#"{"fal":1e999}"#, "not a JSON object"),
    ] {
        check_bad("GEN_PROVIDER_WEIGHTS", weights, "for example {\"fal\":0.9,\"runware\":0.1}");
        check_bad("GEN_PROVIDER_WEIGHTS", weights, why);
    }
    check_bad("MODEL_PRICES_FILE", "no/such/file.json", "JSON file of models and prices");
}

#[test]
fn every_fault_is_told_at_once_and_in_order() {
    let found = faults(&[
        ("LOG_FORMAT", "xml"),
        ("API_PORT", "http"),
        ("LLM_RETRY", "many"),
        ("OPENAI_BASE_URL", "nowhere"),
        ("UNSUPPORTED_PARAMS", "ignore"),
    ]);
    let names: Vec<&str> = found.iter().map(|fault| fault.variable.as_str()).collect();
    assert_eq!(names, ["API_PORT", "LOG_FORMAT", "OPENAI_BASE_URL", "LLM_RETRY", "UNSUPPORTED_PARAMS"]);
}

#[test]
fn faults_do_not_tell_secrets() {
    let told = |list: &[(&str, &str)]| faults(list).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let key = told(&[("OPENAI_API_KEY", "sk-proj-abc def-very-SECRET-0123456789")]);
    assert!(key.starts_with("OPENAI_API_KEY=sk-p…6789: a key of printable ASCII"), "{key}");
    assert!(!key.contains("SECRET"), "{key}");
    let short = told(&[("ANTHROPIC_API_KEY", "sé-SECRET")]);
    assert!(short.starts_with("ANTHROPIC_API_KEY=****:"), "{short}");
    let clients = told(&[("GATEWAY_API_KEYS", "good-key,bad key SECRET")]);
    assert!(clients.starts_with("GATEWAY_API_KEYS=****:") && !clients.contains("SECRET"), "{clients}");
    let url = told(&[("OPENAI_BASE_URL", "https://me:SECRET@proxy.example/v1")]);
    assert!(url.starts_with("OPENAI_BASE_URL=https://****@proxy.example/v1:"), "{url}");
}

#[test]
fn placeholders_are_no_keys() {
    for placeholder in [
        "your_openai_key_here",
        "your-api-key",
        "YOUR_API_KEY",
        "sk-xxx",
        "sk-XXXXXXXX",
        "sk-ant-xxx",
        "sk-or-v1-...",
        "sk-your-key-here",
        "sk-...",
        "sk-…",
        "gw-…",
        "xxx",
        "changeme",
        "<key>",
        "<your key>",
        "placeholder",
        "placeholder-key",
        "****",
    ] {
        let config = good(&[("OPENAI_API_KEY", placeholder)]);
        assert!(config.roster.get("openai").is_none(), "{placeholder} counts as a key");
        assert_eq!(config.warnings.len(), 1, "{placeholder}: {:?}", config.warnings);
        assert!(config.warnings[0].starts_with("OPENAI_API_KEY "), "{:?}", config.warnings);
    }
    for key in ["invalid_key", "sk-test", "sk-proj-yourselfxyz", "sk-ant-api03-xxa9", "k", "hereisakey"] {
        let config = good(&[("OPENAI_API_KEY", key)]);
        let provider = config.roster.get("openai").unwrap_or_else(|| panic!("{key} does not count as a key"));
        assert!(provider.key.as_ref().is_some_and(|known| known.expose() == key));
        assert!(config.warnings.is_empty(), "{key}: {:?}", config.warnings);
    }
}

#[test]
fn empty_is_unset() {
    for empty in ["", " ", "\t", "\"\"", "''"] {
        let config = good(&[
            ("OPENAI_API_KEY", empty),
            ("API_PORT", empty),
            ("OSS_MODEL_ENABLED", empty),
            ("OPENROUTER_FALLBACK_MODELS", empty),
            ("ROUTE_MODELS", empty),
            ("MODEL_PRICES_FILE", empty),
        ]);
        assert_eq!(config.server.port, 3000, "{empty:?}");
        assert_eq!(config.rules.fallback_models, ["openrouter/auto"], "{empty:?}");
        assert_eq!(config.roster.ready().count(), 0, "{empty:?}");
        assert!(config.warnings.is_empty(), "{empty:?}: {:?}", config.warnings);
    }
}

#[test]
fn the_log_file_can_be_turned_off() {
    for off in ["off", "\"\"", "''"] {
        assert_eq!(good(&[("LOG_FILE", off)]).server.log.file, None, "{off}");
    }
    assert_eq!(good(&[("LOG_FILE", "a/b.log")]).server.log.file.as_deref(), Some("a/b.log".as_ref()));
    assert!(good(&[("LOG_FILE", "")]).server.log.file.is_some(), "empty means unset");
}

#[test]
fn levels_of_the_log() {
    for level in ["trace", "DEBUG", "info", "warn", "error", "off", "info,hyper=debug", "ai_mcp_gateway::chain=trace"] {
        assert_eq!(good(&[("LOG_LEVEL", level)]).server.log.level, level);
    }
}

#[test]
fn who_may_listen_where() {
    for host in ["127.0.0.1", "127.1.2.3", "::1", "localhost"] {
        good(&[("API_HOST", host)]);
    }
    for host in ["0.0.0.0", "::", "192.168.1.5"] {
        // Keys may be in the database as well, which is asked when the process starts.
        let unless_keys = |more: &[(&str, &str)]| good(&[&[("API_HOST", host)], more].concat()).unless_keys;
        let found = unless_keys(&[]).expect("a fault");
        assert_eq!((found.variable.as_str(), found.value.as_str()), ("API_HOST", host));
        for words in ["GATEWAY_API_KEYS", "keys create", "GATEWAY_ALLOW_ANONYMOUS=true"] {
            assert!(found.accepted.contains(words), "{found:?}");
        }
        assert_eq!(unless_keys(&[("GATEWAY_API_KEYS", "a-client-key")]), None);
        assert_eq!(unless_keys(&[("GATEWAY_ALLOW_ANONYMOUS", "true")]), None);
        assert!(unless_keys(&[("GATEWAY_ALLOW_ANONYMOUS", "false")]).is_some());
        assert!(unless_keys(&[("GATEWAY_API_KEYS", "changeme, ,")]).is_some());
    }
}

#[test]
fn origins() {
    let origins = |value| good(&[("API_CORS_ORIGIN", value)]).api.cors;
    assert_eq!(origins("*"), api::Cors::Any);
    let some = api::Cors::Only(vec![
        http::HeaderValue::from_static("https://app.example"),
        http::HeaderValue::from_static("http://localhost:5173"),
    ]);
    assert_eq!(origins(" https://app.example , http://localhost:5173,"), some);
}

#[test]
fn providers_and_what_they_lack() {
    let config = good(&[
        ("OPENAI_API_KEY", " sk-test "),
        ("OPENAI_BASE_URL", "http://localhost:8000/v1/"),
        ("OPENROUTER_APP_NAME", "My App"),
        ("OPENROUTER_API_KEY", "sk-or-test"),
    ]);
    let standing = |name: &str| config.roster.entries.iter().find(|entry| entry.spec.name == name);
    let Some(Standing::Ready(openai)) = standing("openai").map(|entry| &entry.standing) else { panic!("no openai") };
    assert_eq!(openai.base_url, "http://localhost:8000/v1");
    let Some(Standing::Ready(openrouter)) = standing("openrouter").map(|entry| &entry.standing) else {
        panic!("no openrouter")
    };
    assert_eq!(openrouter.base_url, "https://openrouter.ai/api/v1");
    assert_eq!(openrouter.setting("OPENROUTER_APP_NAME"), Some("My App"));
    let unconfigured = standing("anthropic").map(|entry| &entry.standing);
    assert!(matches!(unconfigured, Some(Standing::Unconfigured("ANTHROPIC_API_KEY"))));
    let disabled = standing("oss-local").map(|entry| &entry.standing);
    assert!(matches!(disabled, Some(Standing::Disabled("OSS_MODEL_ENABLED"))));
    assert!(standing("mock").is_none());
    let with_mock = Config::read(&vars(&[]), true).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert!(with_mock.roster.get("mock").is_some());
}

#[test]
fn a_bad_address_counts_even_where_the_provider_has_no_key() {
    assert_eq!(faults(&[("ANTHROPIC_BASE_URL", "nowhere")]).len(), 1);
}

#[test]
fn routes_are_laid_over_the_built_in_ones() {
    let config = good(&[("OPENAI_API_KEY", "sk-test"), ("ROUTE_MODELS", r#"{"general":["gpt-4o"],"mine":["a","b"]}"#)]);
    assert_eq!(config.rules.routes["general"], ["gpt-4o"]);
    assert_eq!(config.rules.routes["mine"], ["a", "b"]);
    assert!(config.rules.routes.contains_key("L0"));
}

#[test]
fn the_built_in_routes_name_what_is_configured() {
    let general = |list: &[(&str, &str)]| good(list).rules.routes["general"].clone();
    assert_eq!(general(&[("OPENAI_API_KEY", "sk-test")]), ["gpt-4o-mini"]);
    assert_eq!(general(&[("ANTHROPIC_API_KEY", "sk-ant-test")]), ["claude-haiku-4-5"]);
    assert_eq!(general(&[("OPENROUTER_API_KEY", "sk-or-test")]), ["gpt-4o-mini"]);
    assert_eq!(general(&[("OSS_MODEL_ENABLED", "true"), ("OSS_MODEL_NAME", "qwen3:8b")]), ["qwen3:8b"]);
    let local = good(&[("OPENAI_API_KEY", "sk-test"), ("OSS_MODEL_ENABLED", "true")]);
    assert_eq!(local.rules.routes["L0"], ["llama3:8b"]);
}

#[test]
fn a_file_of_prices() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("prices.json");
    let write = |text: &str| std::fs::write(&path, text).expect("a file");
    let set = [("MODEL_PRICES_FILE", path.to_str().expect("a path of text"))];
    write(r#"{"models":{"my-model":{"input":1.5,"output":3}}}"#);
    let usage = crate::domain::chat::Usage { input: 1_000_000, output: 0, ..Default::default() };
    let cost = good(&set).models.card("my-model").cost(&usage);
    assert_eq!(cost.map(|cost| cost.dollars()), Some(1.5));
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"models":[]}"#,
        r#"{"models":{"my-model":{"input":"free"}}}"#,
        r#"{"models":{"m":{"input":-1}}}"#,
    ] {
        write(bad);
        let found = faults(&set);
        assert_eq!((found.len(), found[0].variable.as_str()), (1, "MODEL_PRICES_FILE"), "{bad}: {found:?}");
    }
}

/// The example's variables and their values, in order, and the comment before each.
fn example() -> Vec<(String, String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
    let text = std::fs::read_to_string(path).expect("the example stands beside Cargo.toml");
    let mut comment = String::new();
    let mut found = Vec::new();
    for line in text.lines() {
        match line.split_once('=').filter(|_| !line.starts_with('#')) {
            Some((name, value)) => found.push((name.to_owned(), value.to_owned(), std::mem::take(&mut comment))),
            None => comment = line.to_owned(),
        }
    }
    found
}

#[test]
fn the_example_lists_every_variable_with_its_default() {
    let vars = vars(&[]);
    Config::read(&vars, false).unwrap_or_else(|faults| panic!("{faults:?}"));
    let known: BTreeMap<String, String> = vars.known().into_iter().map(|known| (known.name, known.default)).collect();
    let shown: BTreeMap<String, String> = example().into_iter().map(|(name, value, _)| (name, value)).collect();
    assert_eq!(shown, known, ".env.example (left) and what the code reads (right)");
    assert_eq!(example().len(), known.len(), "a variable stands twice in .env.example");
}

#[test]
fn the_example_explains_every_variable_in_one_line() {
    for (name, _, comment) in example() {
        let words = comment.strip_prefix("# ").unwrap_or_else(|| panic!("{name} has no line of explanation before it"));
        assert!(words.len() > 10 && words.len() < 160, "{name}: {words}");
    }
}

#[test]
fn the_example_as_it_stands_changes_nothing() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
    let file = dotenv::read(&std::fs::read_to_string(path).expect("the example")).expect("lines of a .env file");
    let (copied, bare) = (Vars::from_map(file), vars(&[]));
    let copy = Config::read(&copied, false).unwrap_or_else(|faults| panic!("{faults:?}"));
    let plain = Config::read(&bare, false).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(copy.rules, plain.rules);
    assert_eq!(copy.server.log, plain.server.log);
    assert_eq!(copy.roster.ready().count(), 0);
    assert!(copy.warnings.is_empty(), "{:?}", copy.warnings);
}
