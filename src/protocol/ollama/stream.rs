//! A streamed answer of Ollama, line by line.

use super::super::{BrokenEvent, ReadStream, Stamp};
use super::answer::{self, Ids, Line, Spoken};
use crate::domain::chat::{Event, Thought};
use crate::domain::failure::Failure;

/// Reads lines.
#[derive(Debug)]
pub(super) struct Reader {
    ids: Ids,
    started: bool,
    /// The last line, or an error, has come: what follows is not looked at.
    ended: bool,
    /// Thoughts that have begun.
    thoughts: u32,
    /// Is the last of them still going on?
    thinking: bool,
    calls: u32,
    empty: bool,
}

impl Reader {
    /// A reader of the answer of `stamp`.
    pub(super) fn new(stamp: &Stamp) -> Reader {
        Reader {
            ids: Ids::new(stamp),
            started: false,
            ended: false,
            thoughts: 0,
            thinking: false,
            calls: 0,
            empty: true,
        }
    }

    fn speak(&mut self, spoken: Spoken<'_>, out: &mut Vec<Event>) -> Result<(), Failure> {
        self.empty &= spoken.is_empty();
        if let Some(text) = spoken.thinking.filter(|text| !text.is_empty()) {
            if !self.thinking {
                self.thinking = true;
                self.thoughts += 1;
            }
            out.push(Event::Thought { index: self.thoughts - 1, piece: Thought { text, ..Thought::default() } });
        }
        if let Some(text) = spoken.content.filter(|text| !text.is_empty()) {
            self.thinking = false;
            out.push(Event::Text(text));
        }
        for call in spoken.tool_calls.unwrap_or_default() {
            self.thinking = false;
            out.push(Event::CallStart { index: self.calls, call: call.read(&mut self.ids)? });
            self.calls += 1;
        }
        Ok(())
    }

    /// Nothing is read behind a failure.
    fn fail(&mut self, failure: Failure, out: &mut Vec<Event>) {
        self.ended = true;
        out.push(Event::Error(Box::new(failure)));
    }
}

impl ReadStream for Reader {
    fn read(&mut self, _name: Option<&str>, data: &[u8], out: &mut Vec<Event>) -> Result<(), BrokenEvent> {
        if self.ended || data.trim_ascii().is_empty() {
            return Ok(());
        }
        let mut line = Line::parse(data).map_err(BrokenEvent)?;
        if let Some(error) = line.error {
            self.fail(answer::failure(error, data), out);
            return Ok(());
        }
        if !self.started {
            self.started = true;
            out.push(Event::Start { model: line.model.take().unwrap_or_default().into() });
        }
        if let Some(Err(failure)) = line.message.take().map(|spoken| self.speak(spoken, out)) {
            self.fail(failure, out);
            return Ok(());
        }
        if line.done == Some(true) {
            self.ended = true;
            match line.finish(self.calls > 0, self.empty) {
                Ok(finish) => {
                    out.push(Event::Finish(finish));
                    out.extend(line.usage().map(Event::Usage));
                    out.push(Event::End);
                }
                Err(failure) => self.fail(failure, out),
            }
        }
        Ok(())
    }

    fn close(&mut self, _out: &mut Vec<Event>) {}

    /// Never: each call comes whole, in one line.
    fn in_tool_call(&self) -> bool {
        false
    }
}
