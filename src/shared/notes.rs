//! Notes on the board: each has a name, a text and an end, and is heard by all who listen.

use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::time::Instant;

use super::line::within;
use super::script::{Ask, Script};
use super::{Board, CALL};

/// A note that was found on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// How long it stays.
    pub left: Duration,
}

/// Hears each text when it is put up or taken down.
pub struct Listener {
    sink: PubSubSink,
    stream: PubSubStream,
}

/// The notes that are up, by their end.
const INDEX: &str = "amg:notes";
/// Where they are told.
const CHANNEL: &str = "amg:health";
/// The most notes that are up at once: names of models come from callers. Those that end first make room.
const MOST: i64 = 500;
/// A longer text is nobody's whom we know.
const LONGEST: usize = 8 * 1024;

/// Puts a note up. The order of its steps matters: who hears of a note finds it.
static PUT_UP: Script = Script::new(
    "local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[1])
redis.call('ZADD', KEYS[2], now + ARGV[1], KEYS[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
for _, old in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1 - ARGV[2])) do
  redis.call('DEL', old)
  redis.call('ZREM', KEYS[2], old)
end
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
if last[2] then redis.call('PEXPIRE', KEYS[2], math.max(1, last[2] - now)) end
redis.call('PUBLISH', ARGV[4], ARGV[3])
return {1}
",
);

/// Takes a note down: who hears of that finds it no more.
static TAKE_DOWN: Script = Script::new(
    "redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return {1}
",
);

/// Every note with the rest of its time. What somebody else has put there is passed over.
static READ: Script = Script::new(
    "local found = {}
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1])) do
  local text = redis.pcall('GET', key)
  if type(text) == 'string' then
    found[#found + 1] = text
    found[#found + 1] = tostring(redis.call('PTTL', key))
  end
end
return found
",
);

impl Board {
    /// Puts `text` up under `name` for `left`, and tells it to all who listen. Did that go well?
    pub async fn put_up(&self, name: &str, text: &str, left: Duration) -> bool {
        let left = i64::try_from(left.as_millis()).unwrap_or(i64::MAX).max(1);
        let key = format!("amg:{name}");
        let ask =
            Ask::Script { script: &PUT_UP, keys: &[&key, INDEX], numbers: &[left, MOST], texts: &[text, CHANNEL] };
        self.ask::<Vec<i64>>(&ask).await.is_some()
    }

    /// Takes down what is up under `name`, and tells `text` to all who listen. Did that go well?
    pub async fn take_down(&self, name: &str, text: &str) -> bool {
        let key = format!("amg:{name}");
        let ask = Ask::Script { script: &TAKE_DOWN, keys: &[&key, INDEX], numbers: &[], texts: &[text, CHANNEL] };
        self.ask::<Vec<i64>>(&ask).await.is_some()
    }

    /// Every note that is up; `None` where Redis is away.
    pub async fn notes(&self) -> Option<Vec<Note>> {
        let found: Vec<Vec<u8>> =
            self.ask(&Ask::Script { script: &READ, keys: &[INDEX], numbers: &[MOST], texts: &[] }).await?;
        let note = |pair: &[Vec<u8>]| {
            let [text, left] = pair else { return None };
            let left = std::str::from_utf8(left).ok()?.parse::<u64>().ok()?;
            Some(Note { text: text_of(text)?, left: Duration::from_millis(left) })
        };
        Some(found.chunks(2).filter_map(note).collect())
    }

    /// Listens from now on; `None` where Redis is away.
    pub async fn listen(&self) -> Option<Listener> {
        let own = self.0.as_ref()?;
        if !own.standing.is_up() {
            return None;
        }
        let (mut sink, stream) = own.line.listen().await.ok()?.split();
        within(Instant::now() + CALL, sink.subscribe(CHANNEL)).await?.ok()?;
        Some(Listener { sink, stream })
    }
}

impl Listener {
    /// The next text; `None` when the connection is lost.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            let message = self.stream.next().await?;
            if let Some(text) = text_of(message.get_payload_bytes()) {
                return Some(text);
            }
        }
    }

    /// Does the connection still answer?
    pub async fn is_alive(&mut self) -> bool {
        matches!(within(Instant::now() + CALL, self.sink.ping::<redis::Value>()).await, Some(Ok(_)))
    }
}

fn text_of(bytes: &[u8]) -> Option<String> {
    if bytes.len() > LONGEST {
        return None;
    }
    String::from_utf8(bytes.to_vec()).ok()
}
