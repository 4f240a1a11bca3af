//! The talk with a client's process: lines of JSON, its requests on stdout, our answers on its stdin.
//!
//! The child says `{"ready": true}` once it has loaded its packages. We send `{"case": name}`; it may then ask
//! - `{"play": name}`: from now on the provider answers so (see [`super::play`]), all before is forgotten;
//! - `{"calls": n}`: what the provider was asked, once there were `n` calls;
//! - `{"hang_ups": n}`: to be answered when `n` callers hung up on the provider;
//!
//! and ends with `{"passed": true}` or `{"failed": why}`. End of stdin ends the child.

use super::case::cases_of;
use super::client::Client;
use super::stand::{KEY, Stand, Who};
use crate::kit::Process;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Some packages are thousands of files, and machines that run tests are busy.
const LOADING: Duration = Duration::from_secs(180);

/// Runs every case that this client has with this provider; gives what failed.
pub(super) async fn run(client: Client, who: Who) -> Vec<String> {
    let stand = Arc::new(Stand::start(who).await);
    let mut child = Child::start(client, &stand).await;
    let mut failures = Vec::new();
    for case in cases_of(client, who) {
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
    /// Starts it and waits until it is ready.
    async fn start(client: Client, stand: &Stand) -> Self {
        let mut command = client.command(stand.who);
        command.env("OPENAI_API_KEY", KEY).env("ANTHROPIC_API_KEY", KEY);
        for (variable, base) in [("BASE_URL", stand.base()), ("BARE_URL", stand.bare())] {
            // OpenAI's clients want the version in the address, Anthropic's add it themselves.
            command.env(format!("OPENAI_{variable}"), format!("{base}/v1")).env(format!("ANTHROPIC_{variable}"), base);
        }
        let process = Process::spawn(&mut command);
        process.wait_long_for_stdout("client that is ready", LOADING, |text| text.contains('\n')).await;
        Self { process, heard: 1 }
    }

    fn tell(&self, message: &Value) {
        self.process.write_line(&message.to_string());
    }

    /// The child's next line.
    async fn hear(&mut self, case: &str) -> Value {
        let heard = self.heard;
        let whole_lines = |text: &str| text.matches('\n').count();
        let what = format!("word from the client in the case {case}");
        self.process.wait_for_stdout(&what, |text| whole_lines(text) > heard).await;
        self.heard += 1;
        let stdout = self.process.stdout();
        let line = stdout.lines().nth(heard).expect("the line is there");
        serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON, in the case {case}: {line}"))
    }
}
