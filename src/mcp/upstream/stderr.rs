//! What children say on stderr, bounded, into the log.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStderr;
use tokio::time::Instant;

use super::Server;
use crate::secret::scrub;

/// The longest line that is told, in bytes.
const LONGEST: usize = 500;
/// The most lines told in a second.
const MOST: u32 = 20;

/// Reads until the child closes it. All of it is read, so that no child waits for its words to be heard.
pub(super) async fn read(server: Arc<Server>, stderr: ChildStderr) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    let mut pace = Pace { since: Instant::now(), told: 0, passed_over: 0 };
    loop {
        let Ok(piece) = reader.fill_buf().await else { return };
        if piece.is_empty() {
            pace.tell(&server, &line);
            pace.settle(&server.spec.name);
            return;
        }
        let (length, ends) = match piece.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (piece.len(), false),
        };
        let room = LONGEST.saturating_sub(line.len());
        line.extend_from_slice(&piece[..length.min(room)]);
        reader.consume(length);
        if ends {
            pace.tell(&server, &line);
            line.clear();
        }
    }
}

/// A line without what only terminals want, and without what looks like a key.
fn readable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    scrub(text.trim())
}

/// How many lines were told in this second.
struct Pace {
    since: Instant,
    told: u32,
    passed_over: u64,
}

impl Pace {
    fn tell(&mut self, server: &Server, line: &[u8]) {
        let words = readable(line);
        if words.is_empty() {
            return;
        }
        server.has_said(&words);
        if self.allows(&server.spec.name) {
            tracing::info!(server = &*server.spec.name, "MCP server says: {words}");
        }
    }

    fn allows(&mut self, server: &str) -> bool {
        if self.since.elapsed() >= Duration::from_secs(1) {
            self.settle(server);
            (self.since, self.told) = (Instant::now(), 0);
        }
        self.told += 1;
        self.passed_over += u64::from(self.told > MOST);
        self.told <= MOST
    }

    fn settle(&mut self, server: &str) {
        let lines = std::mem::take(&mut self.passed_over);
        if lines > 0 {
            tracing::info!(server, lines, "MCP server says more than is told here");
        }
    }
}
