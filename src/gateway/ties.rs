//! What a request that others read along with and its record tell each other, though neither waits for the other.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use crate::cache::Finale;
use crate::domain::facts::Learned;
use crate::domain::failure::Class;
use crate::upstream::stream::StreamEnd;

/// What became of the one who asked first, while its answer was being got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there.
    Stayed,
    /// It hung up.
    Left,
    /// Its own deadline passed before there was an answer.
    Late,
    /// Its own deadline passed in mid-stream.
    Cut,
}

/// What they tell each other.
#[derive(Default)]
pub(super) struct Ties {
    fate: AtomicU8,
    seamed: AtomicBool,
    finale: OnceLock<Finale>,
}

impl Ties {
    /// What became of the one who asked.
    pub(super) fn fate(&self) -> Fate {
        let fates = [Fate::Stayed, Fate::Left, Fate::Late, Fate::Cut];
        fates[usize::from(self.fate.load(Ordering::Acquire)).min(fates.len() - 1)]
    }

    /// The first thing that becomes of it is what is told.
    fn becomes(&self, fate: Fate) {
        self.fate.compare_exchange(Fate::Stayed as u8, fate as u8, Ordering::AcqRel, Ordering::Acquire).ok();
    }

    /// Another link has gone on with the stream.
    pub(super) fn seamed(&self) {
        self.seamed.store(true, Ordering::Release);
    }

    /// The stream has ended.
    pub(super) fn ended(&self, end: &StreamEnd, learned: &Learned) {
        let broke = match end {
            StreamEnd::Complete => None,
            StreamEnd::Failed(failure) => Some(failure.class),
            StreamEnd::ClientGone => Some(Class::ClientGone),
        };
        self.finale.set(Finale { broke, learned: learned.clone() }).ok();
    }

    /// How the stream ended, and is it all of one piece?
    pub(super) fn finale(&self) -> (Finale, bool) {
        let unknown = || Finale { broke: Some(Class::Malformed), learned: Learned::default() };
        (self.finale.get().cloned().unwrap_or_else(unknown), !self.seamed.load(Ordering::Acquire))
    }
}

/// The one who asked. Dropped before its answer was got, it has hung up.
pub(super) struct Leaving(pub(super) Arc<Ties>);

impl Leaving {
    /// Its own deadline has passed before there was an answer.
    pub(super) fn late(&self) {
        self.0.becomes(Fate::Late);
    }

    /// Its own deadline has passed in mid-stream.
    pub(super) fn cut(&self) {
        self.0.becomes(Fate::Cut);
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.becomes(Fate::Left);
    }
}
