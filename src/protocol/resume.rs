//! What a front can do about a stream that broke after its first content, so that another model goes on with it.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::call::Call;
use super::scan::scan;
use super::splice::{Edits, splice};
use super::{ReadStream, Stamp, WriteStream};

/// A front whose streams another link may go on with.
pub trait Resume: Send + Sync {
    /// Is the answer to `call` one text and nothing else, so that another model can go on with it?
    fn is_plain(&self, call: &Call) -> bool;

    /// Reads the front's own streams.
    fn reader(&self) -> Box<dyn ReadStream>;

    /// Notes what an event of a stream tells of the place that the stream has come to.
    fn note(&self, name: Option<&str>, data: &[u8], place: &mut Place);

    /// The same request with `text` as its last turn, to be continued by the model. `None` where it ends in a turn of
    /// the model already.
    fn with_answer(&self, call: &Call, text: &str) -> Option<Call>;

    /// Writes the chunk that marks a seam, and gives the writer of what follows.
    fn go_on(&self, seam: &Seam<'_>, include_usage: bool, out: &mut BytesMut) -> Box<dyn WriteStream>;
}

/// The place that a stream has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The stream's id, whole, and its time; `None` until it has told them.
    pub stamp: Option<Stamp>,
    /// How far its blocks have come.
    pub blocks: Blocks,
}

/// How far the blocks of an answer have come, in a protocol that counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Blocks {
    /// How many have begun.
    pub begun: u32,
    /// Of what kind the one under way is.
    pub open: Option<Kind>,
}

/// A kind of block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, which can be gone on with.
    Text,
    /// A thought.
    Other,
}

/// Where one link's part of a stream ends and the next one's begins.
#[derive(Debug, Clone)]
pub struct Seam<'a> {
    /// The stream's id, whole, and its time.
    pub stamp: Stamp,
    /// How far its blocks have come.
    pub blocks: Blocks,
    /// The model that goes on, as its provider names it.
    pub answering: &'a str,
    /// The provider that goes on.
    pub provider: &'static str,
    /// The model that was asked of it.
    pub model: &'a str,
    /// How it was brought to go on.
    pub by: By,
    /// The class of the failure that broke the stream.
    pub after: &'static str,
}

/// How a model is brought to go on with what another one has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// It was given the beginning, and continues it.
    Prefill,
    /// Its own answer begins with the same words.
    Repeat,
}

/// The request of `call` with `text` as its last turn, to be continued by the model, and without the fields `cut`, which
/// ask for thought: the model has thought already, and a turn to be continued leaves no room for another thought. `None`
/// where the conversation ends in a turn of the model already.
pub fn with_turn(call: &Call, text: &str, cut: &[&'static str]) -> Option<Call> {
    #[derive(Deserialize)]
    struct Turn<'a> {
        #[serde(borrow)]
        role: Cow<'a, str>,
    }
    let turns = call.field("messages")?;
    let last = *serde_json::from_slice::<Vec<&RawValue>>(turns).ok()?.last()?;
    if serde_json::from_str::<Turn<'_>>(last.get()).ok()?.role == "assistant" {
        return None;
    }
    let turns = std::str::from_utf8(turns).ok()?.trim_end().strip_suffix(']')?;
    let turn = json!({"role": "assistant", "content": text});
    let mut edits = Edits::default();
    edits.set("messages", format!("{turns},{turn}]"));
    cut.iter().for_each(|name| edits.cut(name));
    let begun = scan(call.front, Bytes::from(splice(call, &edits).concat())).ok()?;
    Some(Call { headers: call.headers.clone(), ..begun })
}

impl Blocks {
    /// These, when text goes on: in the block under way where that is text, else in one of its own.
    pub fn in_text(self) -> Blocks {
        let more = u32::from(self.open != Some(Kind::Text));
        Blocks { begun: self.begun + more, open: Some(Kind::Text) }
    }
}

impl Seam<'_> {
    /// What `x_gateway` says of it.
    pub fn mark(&self) -> Value {
        let Seam { provider, model, by, after, .. } = self;
        json!({"resumed": {"provider": provider, "model": model, "by": by.name(), "after": after}})
    }
}

impl By {
    /// The name in `x_gateway` and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            By::Prefill => "prefill",
            By::Repeat => "repeat",
        }
    }
}
