//! What replicas tell one another of providers and links.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::watch::Watch;
use super::{Health, LONGEST_REST};
use crate::provider::link::Link;
use crate::telemetry;

/// Something that was learned of a provider or a link, and is worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A provider is unhealthy.
    Marked {
        /// Its name.
        provider: String,
        /// For how much longer it is passed over.
        left: Duration,
        /// Why, for people.
        error: String,
    },
    /// A provider that was unhealthy is well again.
    Well {
        /// Its name.
        provider: String,
    },
    /// A link rests.
    Rests {
        /// Its provider's name.
        provider: String,
        /// Its model.
        model: Arc<str>,
        /// For how much longer.
        left: Duration,
        /// How long this rest is as a whole: a failing trial doubles it.
        length: Duration,
        /// Did the provider ask for it?
        asked: bool,
    },
    /// A link that rested serves again.
    Ended {
        /// Its provider's name.
        provider: String,
        /// Its model.
        model: Arc<str>,
    },
}

/// The most news that wait to be told. What finds no room is not told: nobody waits for that.
const MOST: usize = 256;

/// After so long, that somebody served is no news any more.
const FRESH: Duration = Duration::from_secs(2);

/// Tells what happens here to whoever listens.
#[derive(Default)]
pub(super) struct Telling(OnceLock<mpsc::Sender<(Instant, News)>>);

impl Telling {
    pub(super) fn marked(&self, watch: &Watch, left: Duration) {
        let error = watch.error().unwrap_or_default();
        self.tell(|| News::Marked { provider: watch.name().to_owned(), left, error });
    }

    pub(super) fn well(&self, watch: &Watch) {
        self.tell(|| News::Well { provider: watch.name().to_owned() });
    }

    pub(super) fn rests(&self, link: &Link, length: Duration, asked: bool) {
        let (provider, model) = (link.provider.name().to_owned(), link.model.clone());
        self.tell(|| News::Rests { provider, model, left: length, length, asked });
    }

    pub(super) fn ended(&self, link: &Link) {
        self.tell(|| News::Ended { provider: link.provider.name().to_owned(), model: link.model.clone() });
    }

    fn tell(&self, news: impl FnOnce() -> News) {
        if let Some(sender) = self.0.get() {
            sender.try_send((Instant::now(), news())).ok();
        }
    }
}

impl Health {
    /// What happens here from now on, and when (in real time); `None` where somebody listens already.
    pub fn news(&self) -> Option<mpsc::Receiver<(Instant, News)>> {
        let (sender, receiver) = mpsc::channel(MOST);
        self.telling.0.set(sender).ok().map(|()| receiver)
    }

    /// Another replica has seen this, as it was known at `since`. It counts as if a call of this process had, but it is
    /// not told on; a provider or a model that nobody here asks is nothing to us.
    pub fn learn(&self, news: &News, since: Instant) {
        let (now, ttl) = (self.clock.now(), self.options.ttl);
        let Some(watch) = self.watches.iter().find(|watch| watch.name() == news.provider()) else { return };
        match news {
            News::Marked { left, error, .. } => {
                watch.learn_mark(now, now + (*left).min(ttl), since, error, self.clock.wall());
            }
            News::Well { .. } => watch.learn_well(now, ttl),
            News::Rests { model, left, length, asked, .. } => {
                let (left, length) = ((*left).min(LONGEST_REST), (*length).min(LONGEST_REST));
                let late = watch.was_alive(since) || watch.is_absent();
                if !late && self.rests.learn((watch.name(), model.clone()), now, left, length, *asked) {
                    telemetry::link_rests(watch.name(), model, length, "seen by another replica");
                }
            }
            News::Ended { model, .. } => {
                self.rests.end_of(&(watch.name(), model.clone()), now);
            }
        }
    }
}

impl News {
    /// What is left of it after `age`; `None` where it is over. That somebody was well for a moment is soon over.
    pub fn aged(mut self, age: Duration) -> Option<News> {
        match &mut self {
            News::Marked { left, .. } | News::Rests { left, .. } => {
                *left = left.checked_sub(age).filter(|left| !left.is_zero())?;
            }
            News::Well { .. } | News::Ended { .. } if age > FRESH => return None,
            News::Well { .. } | News::Ended { .. } => {}
        }
        Some(self)
    }

    /// Of whom this is.
    pub fn provider(&self) -> &str {
        match self {
            News::Marked { provider, .. }
            | News::Well { provider }
            | News::Rests { provider, .. }
            | News::Ended { provider, .. } => provider,
        }
    }

    /// Of which of its models; `None` where it is of the provider.
    pub fn model(&self) -> Option<&str> {
        match self {
            News::Marked { .. } | News::Well { .. } => None,
            News::Rests { model, .. } | News::Ended { model, .. } => Some(model),
        }
    }
}
