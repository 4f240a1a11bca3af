//! Notes of progress to a client that wants them, at most four a second.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext, RoleServer};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::attempt::{Attempt, Onlooker, Outcome};

/// The least time between two notes.
const GAP: Duration = Duration::from_millis(250);
/// The longest: clients give up a request that says nothing for long, and wait on for one that does.
const BEAT: Duration = Duration::from_secs(10);
/// Words that may wait for the next note; older ones are worth less.
const MOST_WORDS: usize = 8;

/// The notes of one call.
pub(super) struct Progress {
    client: Peer<RoleServer>,
    token: ProgressToken,
    clock: Clock,
    seen: Arc<Seen>,
    began: Instant,
    last: Option<Instant>,
    told: u32,
}

/// What was seen of a chain while it ran.
#[derive(Debug, Default)]
struct Seen {
    words: Mutex<Words>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Words {
    fresh: Vec<String>,
    /// Who is asked now.
    asked: Option<&'static str>,
}

impl Progress {
    /// For a request that wants notes; `None` for all others.
    pub(super) fn of(context: &RequestContext<RoleServer>, clock: &Clock) -> Option<Progress> {
        let token = context.meta.get_progress_token()?;
        let (client, clock) = (context.peer.clone(), clock.clone());
        Some(Progress { client, token, began: clock.now(), clock, seen: Arc::default(), last: None, told: 0 })
    }

    /// Who looks on for it.
    pub(super) fn onlooker(&self) -> Arc<dyn Onlooker> {
        self.seen.clone()
    }

    /// The outcome of `work`, with notes while it goes on. None comes after it.
    pub(super) async fn along<T>(mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let words = tokio::select! {
                biased;
                done = &mut work => return done,
                words = self.next() => words,
            };
            let mut telling = pin!(self.tell(words));
            tokio::select! {
                biased;
                () = &mut telling => {}
                done = &mut work => {
                    // A note that is half told would come behind the result.
                    telling.await;
                    return done;
                }
            }
        }
    }

    /// The words of the next note, when there are any and it is time for them.
    async fn next(&self) -> String {
        if let Some(last) = self.last {
            self.clock.sleep_until(last + GAP).await;
        }
        let mut beat = self.last.unwrap_or(self.began) + BEAT;
        loop {
            if let Some(words) = self.seen.take() {
                return words;
            }
            if self.clock.until(beat, self.seen.news.notified()).await.is_err() {
                let now = self.clock.now();
                if let Some(asked) = self.seen.asked() {
                    return format!("{asked} has not answered yet, {} s", (now - self.began).as_secs());
                }
                beat = now + BEAT;
            }
        }
    }

    async fn tell(&mut self, words: String) {
        self.told += 1;
        self.last = Some(self.clock.now());
        let note = ProgressNotificationParam::new(self.token.clone(), f64::from(self.told)).with_message(words);
        // A client that has gone is found out elsewhere.
        self.client.notify_progress(note).await.ok();
    }
}

impl Seen {
    fn take(&self) -> Option<String> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        (!words.fresh.is_empty()).then(|| std::mem::take(&mut words.fresh).join("; "))
    }

    fn asked(&self) -> Option<&'static str> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).asked
    }
}

impl Onlooker for Seen {
    fn tries(&self, provider: &'static str, model: &str, after: Option<&Attempt>) {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        words.asked = Some(provider);
        let Some(after) = after else { return };
        if words.fresh.len() == MOST_WORDS {
            words.fresh.remove(0);
        }
        words.fresh.push(moved(after, provider, model));
        drop(words);
        self.news.notify_one();
    }
}

/// `openai failed (auth), trying openrouter`; within one provider its models' names.
fn moved(after: &Attempt, provider: &str, model: &str) -> String {
    let (from, to) = match after.provider == provider {
        true => (&*after.model, model),
        false => (after.provider, provider),
    };
    let ended = match after.outcome {
        Outcome::Skipped(_) => "was passed over",
        Outcome::Ok | Outcome::Failed(_) => "failed",
    };
    format!("{from} {ended} ({}), trying {to}", after.outcome.word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Passed;
    use crate::domain::failure::Class;

    fn ended(outcome: Outcome) -> Attempt {
        let (provider, model) = ("openai", Arc::from("gpt-4o"));
        Attempt { provider, model, outcome, status: None, duration_ms: 0, message: None }
    }

    #[test]
    fn words_wait_for_the_next_note_and_are_bounded() {
        let seen = Seen::default();
        seen.tries("openai", "gpt-4o", None);
        assert_eq!((seen.take(), seen.asked()), (None, Some("openai")));
        seen.tries("openrouter", "openai/gpt-4o", Some(&ended(Outcome::Failed(Class::Auth))));
        assert_eq!(seen.take().as_deref(), Some("openai failed (auth), trying openrouter"));
        seen.tries("openai", "gpt-4o-mini", Some(&ended(Outcome::Failed(Class::Auth))));
        assert_eq!(seen.take().as_deref(), Some("gpt-4o failed (auth), trying gpt-4o-mini"));
        for _ in 0..20 {
            seen.tries("mock", "mock-gpt", Some(&ended(Outcome::Skipped(Passed::Resting))));
        }
        let words = seen.take().unwrap_or_default();
        assert_eq!(words.matches("openai was passed over (resting), trying mock").count(), MOST_WORDS);
        assert_eq!(seen.take(), None);
    }
}
