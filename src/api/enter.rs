//! What every request of a client passes first: an id, its key, and a place among those under way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;

use super::error::{self, Refusal};
use super::headers::CACHE;
use super::{Api, Load, auth};
use crate::domain::facts::{Caching, Caller};
use crate::protocol::Front;
use crate::telemetry::metrics::METRICS;

/// The longest id that is taken over from a client.
const LONGEST_ID: usize = 128;

/// A request that was let in, and its place among those under way.
pub(super) struct Entered {
    pub(super) caller: Caller,
    pub(super) place: Place,
}

/// A place among the requests under way; given back when it is dropped.
pub(super) struct Place(Arc<Load>);

impl Drop for Place {
    fn drop(&mut self) {
        METRICS.inflight.dec();
        if self.0.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl Api {
    /// Lets a request in, or refuses it in the form of `front`.
    pub(super) fn enter(
        &self,
        headers: &HeaderMap,
        front: &'static dyn Front,
        endpoint: &'static str,
    ) -> Result<Entered, Box<Response>> {
        let began = self.gateway.clock().now();
        let (request_id, key) = (request_id(headers), Arc::from(""));
        let mut caller =
            Caller { request_id, key, grant: None, endpoint, timeout: None, caching: None, began, onlooker: None };
        let refuse = |caller: &Caller, refusal| Err(Box::new(error::refuse(front, caller, refusal)));
        match self.gateway.who(auth::shown(headers)) {
            Ok(Some(grant)) => (caller.key, caller.grant) = (grant.name.clone(), Some(grant)),
            Ok(None) => caller.key = auth::anonymous(),
            Err(stranger) => return refuse(&caller, stranger.into()),
        }
        caller.timeout = match timeout(headers) {
            Ok(timeout) => timeout,
            Err(()) => return refuse(&caller, Refusal::Timeout),
        };
        caller.caching = match caching(headers) {
            Ok(caching) => caching,
            Err(()) => return refuse(&caller, Refusal::Caching),
        };
        let under_way = self.load.under_way.fetch_add(1, Ordering::SeqCst);
        METRICS.inflight.inc();
        let place = Place(self.load.clone());
        if under_way >= self.options.most_requests {
            drop(place);
            return refuse(&caller, Refusal::Overloaded);
        }
        Ok(Entered { caller, place })
    }
}

/// The client's own id where it sent a sane one, else a new one.
fn request_id(headers: &HeaderMap) -> Arc<str> {
    let sane = |id: &&str| !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
    match headers.get("x-request-id").and_then(|id| id.to_str().ok()).filter(sane) {
        Some(id) => Arc::from(id),
        None => Arc::from(format!("req_{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))),
    }
}

/// The client's own deadline.
fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, ()> {
    let Some(value) = headers.get("x-gateway-timeout-ms") else { return Ok(None) };
    let ms = value.to_str().ok().and_then(|ms| ms.trim().parse::<u64>().ok()).filter(|ms| *ms > 0);
    ms.map(|ms| Some(Duration::from_millis(ms))).ok_or(())
}

/// What the client says of the response cache.
fn caching(headers: &HeaderMap) -> Result<Option<Caching>, ()> {
    let Some(value) = headers.get(&CACHE) else { return Ok(None) };
    let word = value.to_str().map_err(|_| ())?.trim().to_ascii_lowercase();
    Caching::named(&word).map(Some).ok_or(())
}
