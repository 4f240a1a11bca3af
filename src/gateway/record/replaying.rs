//! A request whose answer is a stream that another one has paid for.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::{By, CLIENT_GONE, Record};
use crate::cache::Told;
use crate::domain::facts::Learned;
use crate::domain::failure::Class;

/// A request whose answer is a stream that came from the cache.
pub(in crate::gateway) struct Replaying {
    record: Record,
    told: Arc<Told>,
    upstream: Duration,
    first_token: Duration,
}

impl Record {
    /// Its answer is a stream from the cache, for which it waited as long as `upstream`.
    pub(in crate::gateway) fn replaying(self, told: Arc<Told>, upstream: Duration) -> Replaying {
        let first_token = self.shared.clock.now().saturating_duration_since(self.began);
        Replaying { record: self, told, upstream, first_token }
    }
}

impl Replaying {
    /// It is over, broken by a failure of class `broke` where it is not whole.
    pub(in crate::gateway) fn end(&mut self, broke: Option<Class>, learned: &Learned) {
        self.tell(broke.map_or("ok", Class::name), 200, learned);
    }

    fn tell(&mut self, outcome: &str, status: u16, learned: &Learned) {
        let Replaying { record, told, upstream, first_token } = self;
        let (by, outcome) = (Some(By::kept(told)), Cow::Borrowed(outcome));
        record.tell(by, &[], outcome, status, learned, *upstream, Some(*first_token));
    }
}

impl Drop for Replaying {
    fn drop(&mut self) {
        if !self.record.told {
            self.tell(Class::ClientGone.name(), CLIENT_GONE, &Learned::default());
        }
    }
}
