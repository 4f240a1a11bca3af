//! Framing of HTTP/1.1 messages, pushed in at any split: where a request or an answer ends.

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;

/// Longest head that is accepted, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// Which part of the message the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Head,
    /// Bytes left of a body with a `content-length`.
    Fixed(u64),
    /// The size of an HTTP chunk, as read so far; true once its digits have ended.
    Size(u64, bool),
    /// Bytes left of an HTTP chunk.
    Data(u64),
    /// The line end after an HTTP chunk.
    DataEnd,
    /// The trailer; bytes on its line so far.
    Trailer(u64),
    Done,
}

/// A message as far as it has arrived.
#[derive(Debug, Default)]
pub struct Message {
    state: State,
    head: Vec<u8>,
}

impl Message {
    /// Takes the next bytes and hands each piece of the body to `payload`.
    ///
    /// # Errors
    /// Framing that is not HTTP/1.1, or bytes after the message's end.
    pub fn push(&mut self, mut input: &[u8], mut payload: impl FnMut(&[u8])) -> Result<()> {
        while !input.is_empty() {
            input = match self.state {
                State::Head => self.push_head(input)?,
                State::Fixed(left) | State::Data(left) => {
                    let length = usize::try_from(left)?.min(input.len());
                    let (piece, rest) = input.split_at(length);
                    payload(piece);
                    self.state = self.after_body(left - length as u64);
                    rest
                }
                State::Size(..) | State::DataEnd | State::Trailer(_) => {
                    self.push_framing(input[0])?;
                    &input[1..]
                }
                State::Done => bail!("{} bytes after the end of a message", input.len()),
            };
        }
        Ok(())
    }

    /// True once the whole message has arrived.
    pub fn done(&self) -> bool {
        self.state == State::Done
    }

    /// True before the first byte.
    pub fn untouched(&self) -> bool {
        self.head.is_empty()
    }

    /// The head's text, with its request or status line.
    pub fn head(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }

    /// True if the head begins with these bytes.
    pub fn begins_with(&self, start: &[u8]) -> bool {
        self.head.starts_with(start)
    }

    fn push_head<'a>(&mut self, input: &'a [u8]) -> Result<&'a [u8]> {
        self.head.extend_from_slice(input);
        let Some(end) = memmem::find(&self.head, b"\r\n\r\n") else {
            ensure!(self.head.len() <= HEAD_LIMIT, "a head without an end");
            return Ok(&[]);
        };
        let rest = self.head.len() - (end + 4);
        self.head.truncate(end + 4);
        self.state = body_of(&self.head)?;
        Ok(&input[input.len() - rest..])
    }

    fn after_body(&self, left: u64) -> State {
        match (self.state, left) {
            (State::Fixed(_), 0) => State::Done,
            (State::Fixed(_), left) => State::Fixed(left),
            (_, 0) => State::DataEnd,
            (_, left) => State::Data(left),
        }
    }

    fn push_framing(&mut self, byte: u8) -> Result<()> {
        self.state = match (self.state, byte) {
            (State::Size(0, _), b'\n') => State::Trailer(0),
            (State::Size(size, _), b'\n') => State::Data(size),
            (State::Size(size, _), b'\r' | b';' | b' ') => State::Size(size, true),
            (State::Size(size, true), _) => State::Size(size, true),
            (State::Size(size, false), digit) => {
                let digit = char::from(digit).to_digit(16).context("chunk size")?;
                State::Size((size << 4) | u64::from(digit), false)
            }
            (State::DataEnd, b'\n') => State::Size(0, false),
            (State::Trailer(0), b'\n') => State::Done,
            (State::Trailer(_), b'\n') => State::Trailer(0),
            (State::Trailer(length), b'\r') => State::Trailer(length),
            (State::Trailer(length), _) => State::Trailer(length + 1),
            (state, _) => state,
        };
        Ok(())
    }
}

/// The state after the head: how the body is delimited.
fn body_of(head: &[u8]) -> Result<State> {
    let mut state = State::Done;
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Ok(State::Size(0, false));
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let length: u64 = std::str::from_utf8(value)?.parse().context("length")?;
            if length > 0 {
                state = State::Fixed(length);
            }
        }
    }
    Ok(state)
}
