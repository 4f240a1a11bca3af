//! Calls of modern clients to legacy servers that wait for their client's next word.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::ErrorData;
use rustls::crypto::ring;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::flight::Flight;

/// The most calls that wait.
const MOST: usize = 1024;
/// The most of them for one client key.
const MOST_OF_ONE: usize = 128;
/// How long a call waits.
const PATIENCE: Duration = Duration::from_secs(600);
/// Random bytes of a state: nobody guesses 128 bits.
const STATE: usize = 16;

/// Calls that wait for a modern client's next word, by the state that it has to give back.
#[derive(Default)]
pub(in crate::mcp) struct Parked(Arc<Mutex<All>>);

type All = HashMap<String, Waiting>;

struct Waiting {
    bond: Bond,
    flight: Flight,
    expiry: AbortHandle,
}

/// What a state is good for: the same request of the same client, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mcp) struct Bond {
    /// The name of the client's key.
    pub(in crate::mcp) key: Arc<str>,
    /// The server that is called.
    pub(in crate::mcp) server: Arc<str>,
    /// Was it called by way of its own path?
    pub(in crate::mcp) alone: bool,
    /// SHA-256 of method, name and arguments.
    pub(in crate::mcp) request: [u8; 32],
}

fn lock(all: &Mutex<All>) -> MutexGuard<'_, All> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Parked {
    /// Keeps `flight` until its client comes back with the state that this gives; `None` where too many wait already,
    /// or where there are no random numbers. The call is then over, as one that has waited too long is.
    pub(in crate::mcp) fn park(&self, runtime: &Handle, flight: Flight, bond: Bond) -> Option<String> {
        let mut random = [0; STATE];
        ring::default_provider().secure_random.fill(&mut random).ok()?;
        let state = random.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let expiry = {
            let (all, state) = (self.0.clone(), state.clone());
            runtime.spawn(async move {
                tokio::time::sleep(PATIENCE).await;
                lock(&all).remove(&state);
            })
        };
        let mut waiting = lock(&self.0);
        let of_one = waiting.values().filter(|other| other.bond.key == bond.key).count();
        if waiting.len() >= MOST || of_one >= MOST_OF_ONE {
            expiry.abort();
            return None;
        }
        waiting.insert(state.clone(), Waiting { bond, flight, expiry: expiry.abort_handle() });
        Some(state)
    }

    /// The call that `state` was given for, where `check` finds the answers in order. Otherwise it waits on.
    ///
    /// # Errors
    /// What `check` says, or that there is no such call, or no longer, in words for the client.
    pub(in crate::mcp) fn take(
        &self,
        state: &str,
        bond: &Bond,
        check: impl FnOnce(&Flight) -> Result<(), ErrorData>,
    ) -> Result<Flight, ErrorData> {
        let mut waiting = lock(&self.0);
        check(&waiting.get(state).filter(|waiting| waiting.bond == *bond).ok_or_else(unknown)?.flight)?;
        let found = waiting.remove(state).ok_or_else(unknown)?;
        found.expiry.abort();
        Ok(found.flight)
    }

    /// Was `state` given out here, and is its call still there?
    pub(in crate::mcp) fn knows(&self, state: &str) -> bool {
        lock(&self.0).contains_key(state)
    }
}

/// For a state that was given for nothing, for another request, or too long ago.
pub(in crate::mcp) fn unknown() -> ErrorData {
    let words = "requestState: not one that was given for this request, or older than 10 minutes; send the request \
                 again without requestState and inputResponses";
    ErrorData::invalid_params(words, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bond(key: &str) -> Bond {
        Bond { key: key.into(), server: "files".into(), alone: false, request: [7; 32] }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_for_its_own_client_and_not_for_ever() {
        let (parked, runtime) = (Parked::default(), Handle::current());
        let (flight, cancelled) = Flight::idle();
        let state = parked.park(&runtime, flight, bond("one")).unwrap();
        assert_eq!(state.len(), 2 * STATE);
        assert!(parked.take(&state, &bond("another"), |_| Ok(())).is_err());
        let wrong = |_: &Flight| Err(ErrorData::invalid_params("wrong", None));
        assert_eq!(parked.take(&state, &bond("one"), wrong).err().unwrap().message, "wrong");
        let flight = parked.take(&state, &bond("one"), |_| Ok(())).unwrap();
        assert!(parked.take(&state, &bond("one"), |_| Ok(())).is_err(), "a state is good once");

        let again = parked.park(&runtime, flight, bond("one")).unwrap();
        assert_ne!(again, state);
        tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
        assert!(parked.knows(&again) && !cancelled.is_cancelled());
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!parked.knows(&again));
        assert!(cancelled.is_cancelled(), "its server is told");
    }

    #[tokio::test]
    async fn nobody_lets_too_many_calls_wait() {
        let (parked, runtime) = (Parked::default(), Handle::current());
        let park = |key: &str| parked.park(&runtime, Flight::idle().0, bond(key));
        for _ in 0..MOST_OF_ONE {
            park("one").unwrap();
        }
        assert_eq!(park("one"), None);
        for at in MOST_OF_ONE..MOST {
            park(&format!("client {}", at / MOST_OF_ONE)).unwrap();
        }
        assert_eq!(park("the last"), None);
    }
}
