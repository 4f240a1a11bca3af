//! What the load makes of an answer: complete or not, events so far, first token.

use anyhow::{Result, bail, ensure};
use memchr::memmem;

use crate::message::Message;
use crate::wire::TOKEN;

/// How much of a body is kept to show what went wrong, in bytes.
const EXCERPT: usize = 600;

/// An answer as far as it has arrived.
#[derive(Debug, Default)]
pub struct Answer {
    message: Message,
    body: Body,
}

#[derive(Debug, Default)]
struct Body {
    events: u64,
    /// The last byte was a line end, so that another one ends an event.
    line_end: bool,
    token: bool,
    excerpt: Vec<u8>,
}

impl Answer {
    /// Takes the next bytes from the connection.
    ///
    /// # Errors
    /// Framing that is not HTTP/1.1.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.message.push(bytes, |piece| self.body.push(piece))
    }

    /// True once the whole answer has arrived.
    pub fn done(&self) -> bool {
        self.message.done()
    }

    /// Server-sent events that have arrived.
    pub fn events(&self) -> u64 {
        self.body.events
    }

    /// True once the first token of the model's text has arrived.
    pub fn has_token(&self) -> bool {
        self.body.token
    }

    /// Checks that it is the simulated upstream's answer.
    ///
    /// # Errors
    /// A status other than 200, or an answer without the model's text: the message has its start.
    pub fn check(&self) -> Result<()> {
        if self.message.begins_with(b"HTTP/1.1 200") && self.body.token {
            return Ok(());
        }
        bail!("not the expected answer: {}{}", self.message.head(), String::from_utf8_lossy(&self.body.excerpt));
    }

    /// Checks that a connection which has ended, or `bytes` that were read from it, can go on.
    ///
    /// # Errors
    /// No bytes: the other side has closed the connection.
    pub fn check_open(&self, bytes: usize) -> Result<()> {
        ensure!(
            bytes > 0,
            "connection closed inside an answer: {}{}",
            self.message.head(),
            String::from_utf8_lossy(&self.body.excerpt)
        );
        Ok(())
    }
}

impl Body {
    fn push(&mut self, piece: &[u8]) {
        if self.line_end && piece.starts_with(b"\n") {
            self.events += 1;
        }
        self.events += memmem::find_iter(piece, b"\n\n").count() as u64;
        self.line_end = piece.ends_with(b"\n") && !piece.ends_with(b"\n\n");
        // The first event has the role alone; a token that a split hides shows as the second.
        self.token = self.token || self.events > 1 || memmem::find(piece, TOKEN).is_some();
        let room = EXCERPT.saturating_sub(self.excerpt.len());
        self.excerpt.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}
