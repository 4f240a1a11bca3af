//! Leave to call a link, which may be the trial that others wait for.

use std::sync::Arc;

use super::rests::Rest;
use super::watch::Watch;

/// Leave to make one call. A trial ends when the permit is dropped, however the call ends.
pub struct Permit<'a> {
    provider: Option<&'a Watch>,
    rest: Option<Arc<Rest>>,
}

impl<'a> Permit<'a> {
    pub(super) fn new(provider: Option<&'a Watch>, rest: Option<Arc<Rest>>) -> Permit<'a> {
        Permit { provider, rest }
    }

    /// Is this call the trial after the link's rest?
    pub(super) fn is_trial_of_link(&self) -> bool {
        self.rest.is_some()
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(watch) = self.provider {
            watch.release();
        }
        if let Some(rest) = &self.rest {
            rest.release();
        }
    }
}
