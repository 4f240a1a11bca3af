//! Marks and rests over replicas: what is seen here is put up on the board, and what others have put up is learned.
//!
//! No request waits for any of this: `Health` decides by what it knows, and this runs beside.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, interval, sleep};

use super::Shared;
use crate::health::{Health, News};
use crate::shared::{Board, Listener};

/// The pause after Redis did not let us listen, or not any more.
const PAUSE: Duration = Duration::from_millis(500);
/// The pause between two readings of all that is put up, for what was missed.
const READING: Duration = Duration::from_secs(5);
/// The most news that are taken at a time.
const BATCH: usize = 64;
/// The most that wait while Redis is away.
const MOST_WAITING: usize = 256;
/// A model of a longer name is not told of; names come from callers.
const LONGEST_MODEL: usize = 512;
/// The most letters of a provider's words that are told.
const LONGEST_ERROR: usize = 300;

/// Shares what is believed of providers and links with other replicas, for as long as it is polled.
pub async fn share(shared: Arc<Shared>, board: Board) {
    if !board.is_configured() {
        return;
    }
    let Some(mut news) = shared.health.news() else { return };
    let own = format!("{:016x}", fastrand::u64(..));
    let replica = Replica { own, health: &shared.health, board };
    let mut waiting = Waiting::new();
    loop {
        tokio::select! {
            () = replica.board.up() => {
                if let Some(listener) = replica.board.listen().await {
                    replica.take_part(listener, &mut news, &mut waiting).await;
                }
                sleep(PAUSE).await;
            }
            _ = news.recv_many(&mut waiting, BATCH) => {
                let over = waiting.len().saturating_sub(MOST_WAITING);
                waiting.drain(..over);
            }
        }
    }
}

/// One of several processes that serve as one.
struct Replica<'a> {
    /// By which it knows its own words again.
    own: String,
    health: &'a Health,
    board: Board,
}

/// News that are still to be told, and when they were new.
type Waiting = Vec<(Instant, News)>;

/// News as they travel. Times are what is left of them, since no two clocks agree.
#[derive(Serialize, Deserialize)]
struct Said {
    by: String,
    #[serde(flatten)]
    word: Word,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Word {
    Marked { provider: String, left_ms: u64, error: String },
    Well { provider: String },
    Rests { provider: String, model: Arc<str>, left_ms: u64, length_ms: u64, asked: bool },
    Ended { provider: String, model: Arc<str> },
}

impl Replica<'_> {
    /// Tells and learns until Redis is lost.
    async fn take_part(&self, mut listener: Listener, news: &mut Receiver<(Instant, News)>, waiting: &mut Waiting) {
        let mut reading = interval(READING);
        loop {
            // Before anything is read, so that nothing is learned that is known better here.
            if !self.tell(waiting).await {
                return;
            }
            tokio::select! {
                biased;
                _ = news.recv_many(waiting, BATCH) => {}
                said = listener.next() => match said {
                    Some(said) => self.hear(&said, None, self.health.now()),
                    None => return,
                },
                // Its first tick is at once: what was put up before this replica came.
                _ = reading.tick() => {
                    if !listener.is_alive().await || !self.read().await {
                        return;
                    }
                }
            }
        }
    }

    /// Tells what waits, of each provider and link only the last. False, and the rest waits on, where Redis is away.
    async fn tell(&self, waiting: &mut Waiting) -> bool {
        let of = |news: &News| (news.provider().to_owned(), news.model().map(str::to_owned));
        while let Some((since, news)) = waiting.first() {
            let outdated = waiting[1..].iter().any(|(_, later)| of(later) == of(news));
            let told = match news.clone().aged(since.elapsed()) {
                Some(news) if !outdated => self.put_up(&news).await,
                _ => true,
            };
            // What Redis refuses to take is not tried again.
            if !told && !self.board.is_up() {
                return false;
            }
            waiting.remove(0);
        }
        true
    }

    async fn put_up(&self, news: &News) -> bool {
        if news.model().is_some_and(|model| model.len() > LONGEST_MODEL) {
            return true;
        }
        let said = Said { by: self.own.clone(), word: Word::of(news) };
        let Ok(text) = serde_json::to_string(&said) else { return true };
        match news {
            News::Marked { left, .. } | News::Rests { left, .. } => self.board.put_up(&name(news), &text, *left).await,
            News::Well { .. } | News::Ended { .. } => self.board.take_down(&name(news), &text).await,
        }
    }

    /// Learns all that is put up. False where Redis is away.
    async fn read(&self) -> bool {
        let since = self.health.now();
        let Some(notes) = self.board.notes().await else { return false };
        for note in notes {
            self.hear(&note.text, Some(note.left), since);
        }
        true
    }

    /// Learns what another replica has said; `left` where that is known better than by its words.
    fn hear(&self, text: &str, left: Option<Duration>, since: Instant) {
        match serde_json::from_str::<Said>(text) {
            Ok(said) if said.by != self.own => self.health.learn(&said.word.news(left), since),
            _ => {}
        }
    }
}

impl Word {
    fn of(news: &News) -> Word {
        let ms = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        match news.clone() {
            News::Marked { provider, left, error } => {
                Word::Marked { provider, left_ms: ms(&left), error: error.chars().take(LONGEST_ERROR).collect() }
            }
            News::Well { provider } => Word::Well { provider },
            News::Rests { provider, model, left, length, asked } => {
                Word::Rests { provider, model, left_ms: ms(&left), length_ms: ms(&length), asked }
            }
            News::Ended { provider, model } => Word::Ended { provider, model },
        }
    }

    fn news(self, left: Option<Duration>) -> News {
        let time = |ms: u64| left.unwrap_or(Duration::from_millis(ms));
        match self {
            Word::Marked { provider, left_ms, error } => News::Marked { provider, left: time(left_ms), error },
            Word::Well { provider } => News::Well { provider },
            Word::Rests { provider, model, left_ms, length_ms, asked } => {
                let (left, length) = (time(left_ms), Duration::from_millis(length_ms));
                News::Rests { provider, model, left, length, asked }
            }
            Word::Ended { provider, model } => News::Ended { provider, model },
        }
    }
}

/// The name under which it is put up: a model's own name where that is a plain word, else what it hashes to.
fn name(news: &News) -> String {
    let provider = news.provider();
    let Some(model) = news.model() else { return format!("mark:{provider}") };
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-._/:@+".contains(&letter);
    if model.len() <= 100 && model.bytes().all(plain) {
        return format!("rest:{provider}:{model}");
    }
    let hash = Sha256::digest(model);
    format!("rest:{provider}:#{}", hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rests(model: &str) -> News {
        let (left, length) = (Duration::from_millis(14_000), Duration::from_secs(30));
        News::Rests { provider: "openai".into(), model: model.into(), left, length, asked: true }
    }

    #[test]
    fn names_are_plain_and_short_whatever_a_caller_writes() {
        assert_eq!(name(&rests("gpt-4o")), "rest:openai:gpt-4o");
        assert_eq!(name(&rests("meta/llama-3:8b")), "rest:openai:meta/llama-3:8b");
        assert_eq!(name(&News::Well { provider: "openai".into() }), "mark:openai");
        for hostile in ["a b", "a\r\nFLUSHALL\r\n", "ä", "#0", &"x".repeat(101), ""] {
            let name = name(&rests(hostile));
            assert!(name.len() < 120 && name.bytes().all(|letter| letter.is_ascii_graphic()), "{name}");
            assert!(hostile.is_empty() || name.starts_with("rest:openai:#"), "{name}");
        }
        assert_ne!(name(&rests("a b")), name(&rests("a  b")));
    }

    #[test]
    fn news_are_the_same_after_their_way() {
        let error = "401 no".to_owned();
        for news in [
            rests("gpt-4o"),
            News::Marked { provider: "openai".into(), left: Duration::from_secs(60), error },
            News::Well { provider: "openai".into() },
            News::Ended { provider: "openai".into(), model: "\0\u{2028}".into() },
        ] {
            let text = serde_json::to_string(&Said { by: "me".into(), word: Word::of(&news) }).unwrap();
            let said: Said = serde_json::from_str(&text).unwrap();
            assert_eq!((said.by.as_str(), said.word.news(None)), ("me", news), "{text}");
        }
    }
}
