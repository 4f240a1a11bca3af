//! How Redis is believed to be, in the whole process: after a failure it is left aside.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// It answers.
const UP: u8 = 1;
/// It is left aside.
const AWAY: u8 = 2;

/// The pause between two lines about requests that Redis refuses.
const QUIET: Duration = Duration::from_secs(60);

/// How Redis is believed to be.
#[derive(Default)]
pub(super) struct Standing {
    /// [`UP`], [`AWAY`], or 0 while nobody has asked yet.
    word: AtomicU8,
    /// How often it was lost.
    epoch: AtomicU64,
    lost: Notify,
    back: Notify,
    refusal_told: Mutex<Option<Instant>>,
}

impl Standing {
    pub(super) fn is_up(&self) -> bool {
        self.word.load(Ordering::Acquire) == UP
    }

    pub(super) fn is_away(&self) -> bool {
        self.word.load(Ordering::Acquire) == AWAY
    }

    /// Connections of an earlier epoch are not trusted.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// It answers as it should.
    pub(super) fn answers(&self) {
        if self.word.swap(UP, Ordering::AcqRel) != UP {
            tracing::info!("Redis is ready: replicas share what they know");
            self.back.notify_waiters();
        }
    }

    /// Waits until it answers.
    pub(super) async fn up(&self) {
        loop {
            let back = self.back.notified();
            if self.is_up() {
                return;
            }
            back.await;
        }
    }

    /// It cannot be worked with.
    pub(super) fn failed(&self, error: &str) -> bool {
        // Before the word, so that nobody who sees it come back trusts an old connection.
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let news = self.word.swap(AWAY, Ordering::AcqRel) != AWAY;
        if news {
            tracing::warn!(error, "Redis cannot be had; requests go on with what this process knows");
        }
        news
    }

    /// The same, found by a call and told to whoever tries it again.
    pub(super) fn call_failed(&self, error: &str) {
        if self.failed(error) {
            self.lost.notify_one();
        }
    }

    /// Waits until a call has failed.
    pub(super) async fn lost(&self) {
        self.lost.notified().await;
    }

    /// It refused one request, which is no reason to leave it aside.
    pub(super) fn refused(&self, error: &str) {
        let mut told = self.refusal_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| told.elapsed() < QUIET) {
            return;
        }
        *told = Some(Instant::now());
        drop(told);
        tracing::error!(error, "Redis refused a request of ours");
    }
}
