//! What happens while nothing comes: the caller gets a sign of life, and in the end the stream is given up.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use super::Course;
use crate::clock::Clock;
use crate::domain::failure::{Class, Failure};

/// The longest silence after an answer that is complete but for its terminal event
/// (docs: protocols/translation.md, 3.2).
const AFTER_FINISH: Duration = Duration::from_secs(5);
/// The longest silence on the caller's side, where its protocol has a sign of life (the same page).
const PING_EVERY: Duration = Duration::from_secs(15);

/// The alarm of one stream.
pub(super) struct Alarm {
    clock: Clock,
    /// The longest silence of the provider.
    idle: Duration,
    /// When all of it must be over.
    deadline: Instant,
    /// Does the caller want signs of life?
    pings: bool,
    /// Since when the provider's next bytes are waited for; `None` while it is the caller who is waited for.
    waiting: Option<Instant>,
    /// When the caller last got something.
    spoke: Instant,
    rings: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Why it rang.
pub(super) enum Rang {
    /// The caller should get a sign of life.
    Ping,
    /// The silence has lasted too long, or the time is up.
    GiveUp(Failure),
}

impl Alarm {
    pub(super) fn new(course: &Course) -> Alarm {
        let (clock, idle, deadline) = (course.clock.clone(), course.idle, course.deadline);
        let (spoke, pings) = (clock.now(), !course.ping.is_empty());
        let first = if pings { idle.min(PING_EVERY) } else { idle };
        let rings = at(&clock, (spoke + first).min(deadline));
        Alarm { clock, idle, deadline, pings, waiting: None, spoke, rings }
    }

    /// The provider has sent something.
    pub(super) fn heard(&mut self) {
        self.waiting = None;
    }

    /// The caller gets something.
    pub(super) fn spoke(&mut self) {
        self.waiting = None;
        if self.pings {
            self.spoke = self.clock.now();
        }
    }

    /// Waits on for the provider, whose answer may be `finished` but for its terminal event.
    pub(super) fn poll(&mut self, finished: bool, cx: &mut Context<'_>) -> Poll<Rang> {
        let silence = if finished { self.idle.min(AFTER_FINISH) } else { self.idle };
        let since = match self.waiting {
            Some(since) => since,
            None => {
                let now = self.clock.now();
                // The alarm that is set rings in time for a wait that began later, but not for a shorter one.
                if finished {
                    self.set(now + silence);
                }
                *self.waiting.insert(now)
            }
        };
        loop {
            ready!(self.rings.as_mut().poll(cx));
            let now = self.clock.now();
            if now >= self.deadline {
                let why = "the deadline passed in mid-stream";
                return Poll::Ready(Rang::GiveUp(Failure::after_sending(Class::Timeout, why)));
            }
            if now >= since + silence {
                let why = format!("the stream was silent for {} ms", silence.as_millis());
                return Poll::Ready(Rang::GiveUp(Failure::after_sending(Class::Timeout, why)));
            }
            if !self.pings {
                self.set(since + silence);
            } else if now < self.spoke + PING_EVERY {
                self.set((since + silence).min(self.spoke + PING_EVERY));
            } else {
                self.spoke = now;
                self.set((since + silence).min(now + PING_EVERY));
                return Poll::Ready(Rang::Ping);
            }
        }
    }

    fn set(&mut self, when: Instant) {
        self.rings = at(&self.clock, when.min(self.deadline));
    }
}

fn at(clock: &Clock, when: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let clock = clock.clone();
    Box::pin(async move { clock.sleep_until(when).await })
}
