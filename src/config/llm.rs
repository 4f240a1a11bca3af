//! The configuration of LLM providers and of the chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Vars;
use crate::models::Models;
use crate::plan::{GENERAL, Rules};
use crate::provider::{ALL, Entry, Provider, Role, Roster, Spec, Standing, mock};
use crate::{gateway, health, upstream};

/// A day: no wait is longer.
const LONGEST: u64 = 86_400_000;

/// Every provider, as its own variables configure it.
pub(super) fn roster(vars: &Vars, with_mock: bool) -> Roster {
    let wanted = ALL.iter().copied().filter(|spec| with_mock || spec.name != mock::SPEC.name);
    Roster { entries: wanted.map(|spec| Entry { spec, standing: standing(vars, spec) }).collect() }
}

fn standing(vars: &Vars, spec: &'static Spec) -> Standing {
    let mut base_url = String::new();
    let mut key = None;
    let mut missing = None;
    let mut settings = BTreeMap::new();
    // Every variable is read, also of a provider that is left out: a bad value is a fault all the same.
    for var in spec.vars {
        match var.role {
            Role::Key => {
                key = vars.key(var.name);
                if key.is_none() {
                    missing = Some(Standing::Unconfigured(var.name));
                }
            }
            Role::Switch => {
                if !vars.switch(var.name, var.default == "true") {
                    missing = Some(Standing::Disabled(var.name));
                }
            }
            Role::BaseUrl => base_url = vars.url(var.name, var.default),
            Role::Setting => {
                if let Some(value) = vars.text(var.name, var.default) {
                    settings.insert(var.name, value);
                }
            }
        }
    }
    missing.unwrap_or_else(|| Standing::Ready(Arc::new(Provider::new(spec, base_url, key, settings))))
}

/// The rules from names to chains.
pub(super) fn rules(vars: &Vars, roster: &Roster) -> Rules {
    let stand_in = |name: &str| vars.text(name, "same").filter(|model| model != "same");
    let local_model = vars.text("OSS_MODEL_NAME", "llama3:8b").unwrap_or_default();
    Rules {
        replace_openai: stand_in("OPENROUTER_REPLACE_OPENAI"),
        replace_claude: stand_in("OPENROUTER_REPLACE_CLAUDE"),
        fallback_models: vars.list("OPENROUTER_FALLBACK_MODELS", "openrouter/auto"),
        routes: routes(vars, roster, &local_model),
        local_model,
        embedding_model: vars.text("OSS_EMBEDDING_MODEL", ""),
    }
}

/// `ROUTE_MODELS`, laid over the routes that are built in.
fn routes(vars: &Vars, roster: &Roster, local_model: &str) -> BTreeMap<String, Vec<String>> {
    const ACCEPTED: &str =
        "a JSON object of route names to lists of models, for example {\"general\":[\"gpt-4o-mini\"]}";
    let parse = |text: &str| {
        let routes: BTreeMap<String, Vec<String>> = serde_json::from_str(text).ok()?;
        let named = |name: &String| !name.trim().is_empty();
        let sane = routes.iter().all(|(route, models)| named(route) && !models.is_empty() && models.iter().all(named));
        sane.then_some(routes)
    };
    let mut routes = built_in_routes(roster, local_model);
    routes.extend(vars.parse("ROUTE_MODELS", "", ACCEPTED, parse).unwrap_or_default());
    routes
}

/// Routes for what is configured: `general` and `code`, and the layers `L0` (cheapest) to `L3` (strongest).
fn built_in_routes(roster: &Roster, local_model: &str) -> BTreeMap<String, Vec<String>> {
    let has = |name: &str| roster.get(name).is_some();
    let openai = has("openai") || (has("openrouter") && !has("anthropic"));
    let anthropic = has("anthropic") || has("openrouter");
    let pick = |gpt: &str, claude: &str, claude_first: bool| {
        let model = match (openai, anthropic) {
            (true, true) if claude_first => claude,
            (true, _) => gpt,
            (false, true) => claude,
            (false, false) => local_model,
        };
        vec![model.to_owned()]
    };
    let small = pick("gpt-4o-mini", "claude-haiku-4-5", false);
    let cheapest = if has("oss-local") { vec![local_model.to_owned()] } else { small.clone() };
    BTreeMap::from([
        (GENERAL.to_owned(), small.clone()),
        ("code".to_owned(), pick("gpt-4.1", "claude-sonnet-4-6", true)),
        ("L0".to_owned(), cheapest),
        ("L1".to_owned(), small),
        ("L2".to_owned(), pick("gpt-4.1", "claude-sonnet-4-6", false)),
        ("L3".to_owned(), pick("gpt-5.2", "claude-opus-5", true)),
    ])
}

/// What is known of models, with the operator's own figures laid over.
pub(super) fn models(vars: &Vars) -> Arc<Models> {
    let Some(path) = vars.text("MODEL_PRICES_FILE", "") else { return Arc::new(Models::builtin().clone()) };
    let read = std::fs::read_to_string(&path).map_err(|error| error.to_string());
    match read.and_then(|json| Models::with_file(&json).map_err(|error| error.to_string())) {
        Ok(models) => Arc::new(models),
        Err(why) => {
            vars.fault("MODEL_PRICES_FILE", &path, format!("a JSON file of models and prices ({why})"));
            Arc::new(Models::builtin().clone())
        }
    }
}

/// Bounds of a request.
pub(super) fn gateway(vars: &Vars) -> gateway::Options {
    let resume = vars.parse("LLM_STREAM_RESUME", "off", "off or auto", |value| match value {
        "off" => Some(false),
        "auto" => Some(true),
        _ => None,
    });
    gateway::Options {
        retries: vars.number("LLM_RETRY", 1, 0..=10),
        longest_wait: vars.millis("LLM_RETRY_AFTER_MAX_MS", 3000, 0..=60_000),
        timeout: vars.millis("LLM_TIMEOUT_MS", 600_000, 1..=LONGEST),
        resume: resume.unwrap_or(false),
    }
}

/// How long health is believed.
pub(super) fn health(vars: &Vars) -> health::Options {
    health::Options {
        ttl: vars.millis("HEALTH_CACHE_TTL_MS", 60_000, 1..=LONGEST),
        first_rest: vars.millis("LINK_REST_MS", 15_000, 1..=60_000),
    }
}

/// Bounds of calls.
pub(super) fn upstream(vars: &Vars) -> upstream::Limits {
    let idle = vars.millis("LLM_STREAM_IDLE_TIMEOUT_MS", 30_000, 1..=LONGEST);
    let reject = vars.parse("UNSUPPORTED_PARAMS", "drop", "drop or reject", |value| match value {
        "drop" => Some(false),
        "reject" => Some(true),
        _ => None,
    });
    upstream::Limits {
        connect: vars.millis("LLM_CONNECT_TIMEOUT_MS", 5000, 1..=LONGEST),
        first_event: vars.millis("LLM_FIRST_EVENT_TIMEOUT_MS", 12_000, 1..=LONGEST),
        first_byte: vars.millis("LLM_FIRST_BYTE_TIMEOUT_MS", 120_000, 1..=LONGEST),
        idle,
        idle_thinking: idle.max(THINKING_IDLE),
        probe: vars.millis("HEALTH_PROBE_TIMEOUT_MS", 3000, 1..=LONGEST),
        reject_unsupported: reject.unwrap_or(false),
    }
}

/// The longest silence of a model that thinks.
const THINKING_IDLE: std::time::Duration = std::time::Duration::from_secs(120);
