//! What all replicas share, by Redis: marks, rests, counters, cached answers. The only room that names redis.
//!
//! Every call is bounded; after one that fails Redis is left aside, tried again in the background, and everything goes
//! on with what this process knows by itself.

mod address;
mod fault;
mod keep;
mod line;
mod notes;
mod script;
mod standing;

use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, Value};

use crate::secret::Secret;
use address::Address;
use fault::Fault;
use line::Line;
pub use notes::{Listener, Note};
use script::Ask;
pub use script::Script;
use standing::Standing;

/// Where the board is.
#[derive(Clone, Default)]
pub struct Options {
    /// The address, which may hold a password; `None` keeps everything in this process.
    pub url: Option<Secret>,
}

/// Is this an address of Redis?
pub fn is_address(url: &str) -> bool {
    address::parse(url).is_some()
}

/// The longest that a call may take, and so the most that Redis can cost a request.
const CALL: Duration = Duration::from_millis(50);
/// A larger value is not shared: it would hold up all calls behind it.
const LARGEST: usize = 1 << 20;

/// What all replicas read and write. Without Redis every question is answered with `None`.
///
/// Clones share one connection, which belongs to the thread that uses it first; [`Board::apart`] gives a board for
/// another thread.
#[derive(Clone, Default)]
pub struct Board(Option<Own>);

#[derive(Clone)]
struct Own {
    /// This thread's connection.
    line: Arc<Line>,
    /// How Redis is believed to be, in the whole process.
    standing: Arc<Standing>,
}

impl Board {
    /// The board at `options`; nothing is opened yet.
    pub fn new(options: &Options) -> Board {
        let Some(url) = &options.url else { return Board::default() };
        let Some(address) = Address::of(url.expose()) else { return Board::default() };
        Board(Some(Own { line: Arc::new(Line::new(address)), standing: Arc::default() }))
    }

    /// The same board with a connection of its own, for another thread.
    #[must_use]
    pub fn apart(&self) -> Board {
        let own = self.0.as_ref().map(|own| {
            let line = Arc::new(Line::new(own.line.address()));
            Own { line, standing: own.standing.clone() }
        });
        Board(own)
    }

    /// Is there a Redis to share by?
    pub fn is_configured(&self) -> bool {
        self.0.is_some()
    }

    /// Did the last call go well?
    pub fn is_up(&self) -> bool {
        self.0.as_ref().is_some_and(|own| own.standing.is_up())
    }

    /// Runs `script`; `None` where Redis is away.
    pub async fn run(&self, script: &'static Script, keys: &[&str], args: &[i64]) -> Option<Vec<i64>> {
        self.ask(&Ask::Script { script, keys, numbers: args, texts: &[] }).await
    }

    /// What is kept under `key`.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        let found: Option<Vec<u8>> = self.ask(&Ask::Plain(redis::cmd("GET").arg(key).take())).await?;
        found.map(Bytes::from)
    }

    /// Keeps `value` under `key` for `ttl`.
    pub async fn put(&self, key: &str, value: Bytes, ttl: Duration) {
        if value.len() > LARGEST || ttl < Duration::from_millis(1) {
            return;
        }
        let ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        self.ask::<Value>(&Ask::Plain(Cmd::set(key, &value[..]).arg("PX").arg(ms).take())).await;
    }

    /// Forgets what is kept under `key`.
    pub async fn remove(&self, key: &str) {
        self.ask::<Value>(&Ask::Plain(redis::cmd("DEL").arg(key).take())).await;
    }

    /// Asks once, where Redis is not left aside, and learns from what comes of it.
    async fn ask<T: FromRedisValue>(&self, ask: &Ask<'_>) -> Option<T> {
        let own = self.0.as_ref()?;
        if own.standing.is_away() {
            return None;
        }
        let came = own.line.ask(ask, own.standing.epoch(), CALL).await;
        let came = came.and_then(|value| T::from_redis_value(value).map_err(|error| Fault::Refused(error.to_string())));
        match came {
            Ok(value) => Some(value),
            Err(Fault::Away(error)) => {
                own.standing.call_failed(&error);
                None
            }
            Err(Fault::Refused(error)) => {
                own.standing.refused(&error);
                None
            }
            Err(Fault::Connecting) => None,
        }
    }
}

#[cfg(test)]
mod tests;
