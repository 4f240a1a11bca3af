//! The talk with an SDK's process: lines of JSON, its requests on stdout, our answers on its stdin.
//!
//! We send `{"case": name}`; the child may then ask
//! - `{"play": name}`: from now on the provider answers so (see [`super::play`]), all before is forgotten;
//! - `{"calls": n}`: what the provider was asked, once there were `n` calls;
//! - `{"hang_ups": n}`: to be answered when `n` callers hung up on the provider;
//!
//! and ends with `{"passed": true}` or `{"failed": why}`. End of stdin ends the child.

use super::case::cases_of;
use super::stand::{KEY, Stand, Who};
use crate::kit::Process;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Whose SDK.
#[derive(Clone, Copy, Debug)]
pub(super) enum Language {
    Python,
    Node,
}

/// Runs every case of this provider; gives what failed.
pub(super) async fn run(language: Language, who: Who) -> Vec<String> {
    let stand = Arc::new(Stand::start(who).await);
    let mut child = Child::start(language, &stand);
    let mut failures = Vec::new();
    for case in cases_of(who) {
        child.tell(&json!({"case": case}));
        loop {
            let heard = child.hear(case).await;
            if heard["passed"] == true {
                break;
            }
            if let Some(why) = heard["failed"].as_str() {
                failures.push(format!("--- {case}\n{why}"));
                break;
            }
            child.tell(&stand.serve(&heard).await);
        }
    }
    let finished = child.process.finish().await;
    if finished.code != Some(0) {
        failures.push(format!("--- the process ended with {:?}\n{}", finished.code, finished.stderr));
    }
    stand.assert_no_secrets();
    failures
}

/// The process, and how far it was listened to.
struct Child {
    process: Process,
    heard: usize,
}

impl Child {
    fn start(language: Language, stand: &Stand) -> Self {
        let variable = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk");
        let (program, script) = match language {
            Language::Python => (variable("SDK_PYTHON", "python3"), folder.join("python/main.py")),
            Language::Node => (variable("SDK_NODE", "node"), folder.join("node/main.mjs")),
        };
        let mut command = Command::new(program);
        command.arg(script);
        for (name, _) in std::env::vars() {
            // Neither an account of the developer's nor a proxy may come between the SDK and the gateway.
            if name.starts_with("OPENAI_") || name.to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        command.env("OPENAI_API_KEY", KEY).env("OPENAI_BASE_URL", stand.base_url());
        command.env("BARE_URL", stand.bare_url()).env("STAND", stand.who.name());
        command.env("MODEL", stand.who.model()).env("SERVES", stand.who.serves());
        Self { process: Process::spawn(&mut command), heard: 0 }
    }

    fn tell(&self, message: &Value) {
        self.process.write_line(&message.to_string());
    }

    /// The child's next line.
    async fn hear(&mut self, case: &str) -> Value {
        let heard = self.heard;
        let whole_lines = |text: &str| text.matches('\n').count();
        let what = format!("word from the SDK in the case {case}");
        self.process.wait_for_stdout(&what, |text| whole_lines(text) > heard).await;
        self.heard += 1;
        let stdout = self.process.stdout();
        let line = stdout.lines().nth(heard).expect("the line is there");
        serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON, in the case {case}: {line}"))
    }
}
