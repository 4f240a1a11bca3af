//! A client's side of stdio: it starts the program, and each line is a message.

use super::super::gateway::GatewayBuilder;
use super::super::process::Process;
use super::inbox::Inbox;
use serde_json::Value;
use std::sync::Arc;

/// The program.
pub(super) struct Stdio {
    pub(super) process: Arc<Process>,
    /// Its folder, which goes with this.
    _gateway: GatewayBuilder,
}

impl Stdio {
    /// Starts the program; what it says goes to the inbox.
    pub(super) fn start(gateway: GatewayBuilder, inbox: &Arc<Inbox>) -> Self {
        let process = Arc::new(gateway.spawn());
        let (mut lines, inbox, weak) = (process.lines(), Arc::clone(inbox), Arc::downgrade(&process));
        tokio::spawn(async move {
            while let Some(line) = lines.next().await {
                // What is no message is found by `assert_only_messages`.
                let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
                let (Some(reply), Some(process)) = (inbox.take(message), weak.upgrade()) else { continue };
                process.write_line(&reply.to_string());
            }
        });
        Self { process, _gateway: gateway }
    }

    pub(super) fn write(&self, line: &str) {
        self.process.write_line(line);
    }
}
