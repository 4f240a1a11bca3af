//! The official conformance suite: what of it needs no fixture, against the gateway's own tools; and all of it through
//! the gateway, where whatever passes without the gateway must pass as well.

use super::everything::{Everything, as_child};
use super::{node, packaged, skipped, variable};
use crate::kit::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// How a folder's name ends, in letters.
const TIME: &str = "-2026-11-20T12-34-56-789Z";

/// It does one scenario after the other, and machines that run tests are busy.
const SUITE: Duration = Duration::from_secs(240);

/// The revisions whose requirements it knows: the last of the legacy era, and the modern one.
const LEGACY: &str = "2025-11-25";
const MODERN: &str = "2026-07-28";

/// Scenarios that ask for nothing by the name that a fixture would have.
const FREE_OF_LEGACY: [&str; 9] = [
    "server-initialize",
    "server-session-lifecycle",
    "ping",
    "tools-list",
    "server-sse-multiple-streams",
    "server-sse-polling",
    "resources-list",
    "prompts-list",
    "dns-rebinding-protection",
];
const FREE_OF_MODERN: [&str; 12] = [
    "server-stateless",
    "tools-list",
    "server-sse-multiple-streams",
    "resources-list",
    "prompts-list",
    "sep-2164-resource-not-found",
    "dns-rebinding-protection",
    "caching",
    "http-header-validation",
    "input-required-result-unsupported-methods",
    "input-required-result-ignore-extra-params",
    "input-required-result-validate-input",
];

/// Checks in those scenarios that call a tool of the fixture all the same.
const NEED_A_FIXTURE_OF_LEGACY: [&str; 1] = ["server-sse-disconnect-resume"];
const NEED_A_FIXTURE_OF_MODERN: [&str; 7] = [
    "sep-2322-ignore-unexpected-params",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-missing-capability-http-400",
    "sep-2575-server-no-log-without-loglevel",
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-server-sends-prompts-list-changed-on-subscription",
    "sep-2575-server-sends-tools-list-changed-on-subscription",
];

/// The gateway comes back by itself to a server that hangs up in the middle of a call: its client sees nothing of it, and
/// the suite has nothing to check.
const UNSEEN_BEHIND_THE_GATEWAY: [&str; 1] = ["server-sse-disconnect-resume"];

/// What a server of the legacy era cannot do for a client of the modern one, whatever stands between: it has no keys for
/// its questions, and is not told what the client of each request can do.
const BEYOND_OLDER_SERVERS: [&str; 4] = [
    "sep-2322-elicitation-complete",
    "sep-2322-elicitation-incomplete",
    "sep-2322-ignore-unexpected-params",
    "sep-2322-respect-client-capabilities",
];

/// What became of one check, which may have been made several times.
#[derive(Debug, Default)]
struct Outcome {
    passed: usize,
    /// Why it failed, or was not as it should be.
    complaints: Vec<String>,
}

/// By scenario and check.
type Outcomes = BTreeMap<(String, String), Outcome>;

/// Runs everything that the revision requires against the server at `url`.
async fn run(url: &str, revision: &str) -> Outcomes {
    let home = TempDir::new().expect("a temporary folder");
    let mut command = node(&packaged("@modelcontextprotocol/conformance/dist/index.js"), home.path());
    command.args(["server", "--url", url, "--requirements", revision, "--output-dir", "out"]);
    let mut process = Process::spawn(&mut command);
    process.wait_long_for_stdout("summary of the suite", SUITE, |text| text.contains("\nTotal: ")).await;
    process.exit().await;
    read(&home.path().join("out"))
}

/// What the suite has written: a folder for each scenario, named after it and the time.
fn read(folder: &Path) -> Outcomes {
    let mut outcomes = Outcomes::new();
    for entry in std::fs::read_dir(folder).expect("the suite's folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
        let scenario = name.strip_prefix("server-").and_then(|name| name.get(..name.len() - TIME.len()));
        let scenario = scenario.unwrap_or_else(|| panic!("{name} is no scenario's folder"));
        let text = std::fs::read_to_string(path.join("checks.json")).expect("the checks of a scenario");
        for check in serde_json::from_str::<Vec<Value>>(&text).expect("a list of checks") {
            let word = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
            let outcome = outcomes.entry((scenario.to_owned(), word("id"))).or_default();
            match &*word("status") {
                "SUCCESS" => outcome.passed += 1,
                "INFO" => {}
                status => outcome.complaints.push(format!("{status}: {}", word("errorMessage"))),
            }
        }
    }
    outcomes
}

fn passed(outcomes: &Outcomes) -> usize {
    outcomes.values().map(|outcome| outcome.passed).sum()
}

/// The gateway's own tools do what the revision requires of every server.
async fn own(revision: &str, scenarios: &[&str], need_a_fixture: &[&str]) {
    if skipped(&format!("the conformance suite for {revision}, against the gateway's own tools")) {
        return;
    }
    let gateway = gateway().arg("--mock").start().await;
    let outcomes = run(&format!("{}/mcp", gateway.base()), revision).await;
    let mut wrong = Vec::new();
    for scenario in scenarios {
        let mut checks = outcomes.iter().filter(|((name, _), _)| name == scenario).peekable();
        assert!(checks.peek().is_some(), "the suite has no scenario {scenario}");
        for ((_, check), outcome) in checks {
            match (need_a_fixture.contains(&&**check), outcome.complaints.join("; ")) {
                (false, complaints) if !complaints.is_empty() => {
                    wrong.push(format!("{scenario}, {check}: {complaints}"))
                }
                (true, complaints) if complaints.is_empty() => wrong.push(format!("{check} needs no fixture any more")),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How the server stands behind the gateway.
#[derive(Clone, Copy, Debug)]
enum Behind {
    /// Over HTTP, speaking both eras.
    Http,
    /// Over HTTP, speaking the legacy era alone.
    Older,
    /// Over stdio, as a child.
    Stdio,
}

/// What passes where the server is asked itself passes where it stands behind the gateway.
async fn through(revision: &str, behind: Behind, at_least: usize, but_for: &[&str]) {
    if skipped(&format!("the conformance suite for {revision}, through the gateway, {behind:?}")) {
        return;
    }
    let everything = Everything::start().await;
    let direct = run(everything.url(), revision).await;
    assert!(passed(&direct) >= at_least, "only {} checks pass directly", passed(&direct));
    let mut older = None;
    let config = match behind {
        Behind::Http => everything.config(),
        Behind::Older => older.insert(Everything::start_older().await).config(),
        Behind::Stdio => as_child(),
    };
    let gateway = gateway().arg("--mock").env("PATH", variable("PATH", "")).file("mcp.json", config).start().await;
    let path = format!("{}/mcp/everything", gateway.base());
    // The server has tasks over HTTP and for the modern era alone.
    let counts = |scenario: &str, check: &str| {
        let with = matches!(behind, Behind::Http) || !scenario.starts_with("tasks-");
        with && !but_for.contains(&check)
    };
    let mut through = run(&path, revision).await;
    let mut missing = lost(&direct, &through, counts);
    if !missing.is_empty() && missing.iter().all(|(_, why)| why.starts_with("WARNING")) {
        // What only should be so the suite waits for by the clock, and not for long.
        through = run(&path, revision).await;
        missing = lost(&direct, &through, counts);
    }
    let (direct, through) = (passed(&direct), passed(&through));
    assert!(missing.is_empty(), "{direct} checks pass directly, {through} through the gateway. Lost: {missing:#?}");
}

/// The checks that pass in `direct` and not in `through`, with what is said of them.
fn lost(direct: &Outcomes, through: &Outcomes, counts: impl Fn(&str, &str) -> bool) -> Vec<(String, String)> {
    let mut lost = Vec::new();
    for (name, direct) in direct.iter().filter(|(_, direct)| direct.complaints.is_empty()) {
        let (scenario, check) = name;
        let through = through.get(name);
        let passes = through.is_some_and(|through| through.complaints.is_empty() && through.passed >= direct.passed);
        if !passes && counts(scenario, check) {
            let why = through.map(|through| through.complaints.join("; ")).unwrap_or_default();
            lost.push((format!("{scenario}, {check}"), why));
        }
    }
    lost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_of_the_legacy_era() {
    own(LEGACY, &FREE_OF_LEGACY, &NEED_A_FIXTURE_OF_LEGACY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_of_the_modern_era() {
    own(MODERN, &FREE_OF_MODERN, &NEED_A_FIXTURE_OF_MODERN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_in_the_legacy_era() {
    through(LEGACY, Behind::Http, 84, &UNSEEN_BEHIND_THE_GATEWAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_in_the_modern_era() {
    through(MODERN, Behind::Http, 196, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_to_an_older_server_in_the_legacy_era() {
    through(LEGACY, Behind::Older, 84, &UNSEEN_BEHIND_THE_GATEWAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_to_an_older_server_in_the_modern_era() {
    through(MODERN, Behind::Older, 196, &BEYOND_OLDER_SERVERS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_to_a_child_in_the_legacy_era() {
    through(LEGACY, Behind::Stdio, 84, &UNSEEN_BEHIND_THE_GATEWAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_to_a_child_in_the_modern_era() {
    through(MODERN, Behind::Stdio, 196, &[]).await;
}
