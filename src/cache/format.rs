//! An entry as replicas share it: a head with lengths and a digest, what is told, the answer's bytes.
//!
//! Whatever is not exactly that is no entry: an older version's, somebody else's, half of one.

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Entry, Told};
use crate::domain::attempt::{Attempt, Outcome, Passed};
use crate::domain::chat::Usage;
use crate::domain::facts::Learned;
use crate::domain::failure::Class;
use crate::provider;

/// What every entry begins with; the last letter is the form's version.
const MARK: &[u8; 8] = b"amgcach1";
/// Mark, the length of what is told, the length of the answer, and a digest of both.
const HEAD: usize = 8 + 4 + 8 + 32;

/// What is told beside the answer's bytes.
#[derive(Serialize, Deserialize)]
struct Meta {
    /// When it ends, in milliseconds since 1970.
    until: i64,
    provider: String,
    model: Arc<str>,
    stream: bool,
    headers: Vec<(String, String)>,
    dropped: Vec<String>,
    attempts: Vec<Tried>,
    answering: Option<String>,
    usage: Option<Tokens>,
}

/// An attempt.
#[derive(Serialize, Deserialize)]
struct Tried {
    provider: String,
    model: Arc<str>,
    /// `ok`, a class, or why it was passed over.
    outcome: String,
    /// Why it could not serve, where that was so.
    unfit: Option<String>,
    status: Option<u16>,
    duration_ms: u64,
    message: Option<String>,
}

/// Tokens.
#[derive(Serialize, Deserialize)]
struct Tokens {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
    tells_cache: bool,
    output: u64,
    reasoning: Option<u64>,
    cost: Option<f64>,
    estimated: bool,
}

/// Writes `entry`, which is kept for `ttl` from `now`.
pub(super) fn write(entry: &Entry, ttl: Duration, now: Timestamp) -> Bytes {
    let ttl = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
    let meta = Meta::of(entry, now.as_millisecond().saturating_add(ttl));
    let meta = serde_json::to_vec(&meta).unwrap_or_default();
    let mut out = BytesMut::with_capacity(HEAD + meta.len() + entry.bytes.len());
    out.put_slice(MARK);
    out.put_u32_le(u32::try_from(meta.len()).unwrap_or(u32::MAX));
    out.put_u64_le(entry.bytes.len() as u64);
    out.put_slice(&digest(&meta, &entry.bytes));
    out.put_slice(&meta);
    out.put_slice(&entry.bytes);
    out.freeze()
}

/// Reads an entry and how long it still holds; `None` where it is none, or does not hold any more.
pub(super) fn read(bytes: &Bytes, now: Timestamp) -> Option<(Entry, Duration)> {
    let head = bytes.get(..HEAD)?;
    let (mark, rest) = head.split_at(8);
    let (meta, rest) = rest.split_at(4);
    let (answer, check) = rest.split_at(8);
    let meta = usize::try_from(u32::from_le_bytes(meta.try_into().ok()?)).ok()?;
    let answer = usize::try_from(u64::from_le_bytes(answer.try_into().ok()?)).ok()?;
    if mark != MARK || HEAD.checked_add(meta)?.checked_add(answer)? != bytes.len() {
        return None;
    }
    let (meta, answer) = (&bytes[HEAD..HEAD + meta], bytes.slice(HEAD + meta..));
    if check != digest(meta, &answer) {
        return None;
    }
    let meta: Meta = serde_json::from_slice(meta).ok()?;
    let left = u64::try_from(meta.until.saturating_sub(now.as_millisecond())).ok().filter(|left| *left > 0)?;
    Some((meta.entry(answer)?, Duration::from_millis(left)))
}

fn digest(meta: &[u8], answer: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(meta).chain_update(answer).finalize().into()
}

impl Meta {
    fn of(entry: &Entry, until: i64) -> Meta {
        let Entry { told, stream, learned, .. } = entry;
        let header = |(name, value): &(HeaderName, HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        Meta {
            until,
            provider: told.provider.to_owned(),
            model: told.model.clone(),
            stream: *stream,
            headers: told.headers.iter().filter_map(header).collect(),
            dropped: told.dropped.clone(),
            attempts: told.attempts.iter().map(Tried::of).collect(),
            answering: learned.model.clone(),
            usage: learned.usage.map(Tokens::of),
        }
    }

    fn entry(self, bytes: Bytes) -> Option<Entry> {
        let header = |(name, value): (String, String)| Some((name.parse().ok()?, value.parse().ok()?));
        let told = Told {
            provider: named(&self.provider)?,
            model: self.model,
            headers: self.headers.into_iter().map(header).collect::<Option<_>>()?,
            dropped: self.dropped,
            attempts: self.attempts.into_iter().map(Tried::attempt).collect::<Option<_>>()?,
        };
        let learned = Learned { model: self.answering, usage: self.usage.map(Tokens::usage), finish: None };
        Some(Entry { told: Arc::new(told), stream: self.stream, bytes, learned })
    }
}

/// The provider of this name, as this process calls it.
fn named(name: &str) -> Option<&'static str> {
    provider::ALL.iter().map(|spec| spec.name).find(|known| *known == name)
}

impl Tried {
    fn of(attempt: &Attempt) -> Tried {
        let (outcome, unfit) = match &attempt.outcome {
            Outcome::Skipped(Passed::RateLimited) => ("asked to rest", None),
            Outcome::Skipped(Passed::Unfit(reason)) => ("unfit", Some(reason.clone())),
            other => (other.word(), None),
        };
        Tried {
            provider: attempt.provider.to_owned(),
            model: attempt.model.clone(),
            outcome: outcome.to_owned(),
            unfit,
            status: attempt.status,
            duration_ms: attempt.duration_ms,
            message: attempt.message.clone(),
        }
    }

    fn attempt(self) -> Option<Attempt> {
        let outcome = match (&*self.outcome, self.unfit) {
            ("ok", _) => Outcome::Ok,
            ("unfit", Some(reason)) => Outcome::Skipped(Passed::Unfit(reason)),
            ("unhealthy", _) => Outcome::Skipped(Passed::Unhealthy),
            ("resting", _) => Outcome::Skipped(Passed::Resting),
            ("asked to rest", _) => Outcome::Skipped(Passed::RateLimited),
            (name, _) => Outcome::Failed(Class::ALL.into_iter().find(|class| class.name() == name)?),
        };
        Some(Attempt {
            provider: named(&self.provider)?,
            model: self.model,
            outcome,
            status: self.status,
            duration_ms: self.duration_ms,
            message: self.message,
        })
    }
}

impl Tokens {
    fn of(usage: Usage) -> Tokens {
        let Usage { input, cache_read, cache_write, cache_write_1h, tells_cache, output, reasoning, cost, estimated } =
            usage;
        Tokens { input, cache_read, cache_write, cache_write_1h, tells_cache, output, reasoning, cost, estimated }
    }

    fn usage(self) -> Usage {
        let Tokens { input, cache_read, cache_write, cache_write_1h, tells_cache, output, reasoning, cost, estimated } =
            self;
        Usage { input, cache_read, cache_write, cache_write_1h, tells_cache, output, reasoning, cost, estimated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let attempt = |provider, outcome| Attempt {
            provider,
            model: Arc::from("m"),
            outcome,
            status: Some(200),
            duration_ms: 7,
            message: Some("words".to_owned()),
        };
        let outcomes = [
            Outcome::Skipped(Passed::Unfit("no pictures".to_owned())),
            Outcome::Skipped(Passed::RateLimited),
            Outcome::Skipped(Passed::Resting),
            Outcome::Skipped(Passed::Unhealthy),
            Outcome::Failed(Class::Auth),
            Outcome::Ok,
        ];
        let told = Told {
            provider: "openai",
            model: Arc::from("gpt-4o"),
            headers: vec![("x-provider-request-id".parse().unwrap(), "req_1".parse().unwrap())],
            dropped: vec!["seed".to_owned()],
            attempts: outcomes.into_iter().map(|outcome| attempt("openrouter", outcome)).collect(),
        };
        let usage = Usage { input: 9, output: 12, reasoning: Some(3), cost: Some(0.25), ..Usage::default() };
        let learned = Learned { model: Some("gpt-4o-2024".to_owned()), usage: Some(usage), finish: None };
        Entry { told: Arc::new(told), stream: true, bytes: Bytes::from_static(b"data: {}\n\n"), learned }
    }

    fn now() -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let packed = write(&entry(), Duration::from_secs(60), now());
        let (read, left) = read(&packed, now() + Duration::from_secs(20)).unwrap();
        assert_eq!(left, Duration::from_secs(40));
        assert_eq!(format!("{read:?}"), format!("{:?}", entry()));
    }

    #[test]
    fn an_entry_that_has_ended_is_none() {
        let packed = write(&entry(), Duration::from_secs(60), now());
        assert!(read(&packed, now() + Duration::from_millis(59_999)).is_some());
        assert!(read(&packed, now() + Duration::from_secs(60)).is_none());
    }

    #[test]
    fn garbage_is_none() {
        let packed = write(&entry(), Duration::from_secs(60), now());
        for at in 0..packed.len() {
            assert!(read(&packed.slice(..at), now()).is_none(), "cut at {at}");
            let mut wrong = packed.to_vec();
            wrong[at] ^= 1;
            assert!(read(&Bytes::from(wrong), now()).is_none(), "another byte at {at}");
        }
        let longer = [&packed[..], b"x"].concat();
        assert!(read(&Bytes::from(longer), now()).is_none());
        assert!(read(&Bytes::from_static(b"OK"), now()).is_none());
    }

    #[test]
    fn a_provider_that_is_not_known_here_makes_it_none() {
        let mut entry = entry();
        entry.told = Arc::new(Told { provider: "elsewhere", ..(*entry.told).clone() });
        assert!(read(&write(&entry, Duration::from_secs(60), now()), now()).is_none());
    }
}
