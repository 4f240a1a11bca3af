//! Notes of a call on their way to its client: in order, bounded, and not too many at once.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::{LoggingMessageNotificationParam, ProgressNotificationParam};
use tokio::sync::Notify;
use tokio::time::Instant;

/// So many notes of progress may follow one another at once.
const BURST: u32 = 20;
/// After that, one each.
const EVERY: Duration = Duration::from_millis(250);
/// Log messages that wait for a client; of more, the oldest are lost.
const LOGS: usize = 64;

/// Notes that wait.
#[derive(Default)]
pub(in crate::mcp) struct Notes {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Default)]
struct Waiting {
    progress: VecDeque<ProgressNotificationParam>,
    logs: VecDeque<LoggingMessageNotificationParam>,
}

/// A note.
pub(in crate::mcp) enum Note {
    /// How far a call is.
    Progress(ProgressNotificationParam),
    /// What its server says beside it.
    Log(LoggingMessageNotificationParam),
}

/// How many notes of progress may go out now, and which value was told last.
pub(in crate::mcp) struct Pace {
    left: u32,
    filled: Instant,
    last: f64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { left: BURST, filled: Instant::now(), last: f64::NEG_INFINITY }
    }
}

impl Pace {
    /// When the next note may go out; `None` for now.
    fn wait(&mut self) -> Option<Instant> {
        while self.left < BURST && self.filled + EVERY <= Instant::now() {
            self.filled += EVERY;
            self.left += 1;
        }
        (self.left == 0).then_some(self.filled + EVERY)
    }

    fn spend(&mut self) {
        if self.left == BURST {
            self.filled = Instant::now();
        }
        self.left = self.left.saturating_sub(1);
    }

    /// Is this value higher than all before it? Others are not told (docs: protocols/mcp.md, 5).
    pub(in crate::mcp) fn rises(&mut self, value: f64) -> bool {
        let rises = value > self.last;
        if rises {
            self.last = value;
        }
        rises
    }
}

impl Notes {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a note of progress; where too many wait, the one before it is lost.
    pub(in crate::mcp) fn progress(&self, note: ProgressNotificationParam) {
        let mut waiting = self.lock();
        if waiting.progress.len() >= BURST as usize {
            waiting.progress.pop_back();
        }
        waiting.progress.push_back(note);
        drop(waiting);
        self.came.notify_one();
    }

    /// Adds a log message; where too many wait, the oldest is lost.
    pub(in crate::mcp) fn log(&self, note: LoggingMessageNotificationParam) {
        let mut waiting = self.lock();
        if waiting.logs.len() >= LOGS {
            waiting.logs.pop_front();
        }
        waiting.logs.push_back(note);
        drop(waiting);
        self.came.notify_one();
    }

    /// The next note, when it may go out. Nothing is lost where this is given up before its end.
    pub(in crate::mcp) async fn next(&self, pace: &mut Pace) -> Note {
        let mut has_waited = false;
        loop {
            let came = self.came.notified();
            if let Some(log) = self.lock().logs.pop_front() {
                return Note::Log(log);
            }
            if self.lock().progress.is_empty() {
                came.await;
                continue;
            }
            if let Some(until) = pace.wait() {
                has_waited = true;
                tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = came => {}
                }
                continue;
            }
            let mut waiting = self.lock();
            // What came while there was to wait is told by its end alone.
            let old = if has_waited { waiting.progress.len().saturating_sub(1) } else { 0 };
            waiting.progress.drain(..old);
            if let Some(note) = waiting.progress.pop_front() {
                pace.spend();
                return Note::Progress(note);
            }
        }
    }

    /// What is left when the call is over: as much as may go out, and the last note in any case.
    pub(in crate::mcp) fn rest(&self, pace: &mut Pace) -> Vec<Note> {
        pace.wait();
        let mut waiting = self.lock();
        let over = waiting.progress.len().saturating_sub(pace.left.max(1) as usize);
        let mut rest: Vec<Note> = waiting.logs.drain(..).map(Note::Log).collect();
        rest.extend(waiting.progress.drain(..).skip(over).map(Note::Progress));
        rest
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{NumberOrString, ProgressToken};

    use super::*;

    fn note(value: u32) -> ProgressNotificationParam {
        ProgressNotificationParam::new(ProgressToken(NumberOrString::Number(1)), f64::from(value))
    }

    async fn next(notes: &Notes, pace: &mut Pace) -> f64 {
        match notes.next(pace).await {
            Note::Progress(note) => note.progress,
            Note::Log(_) => panic!("a log message"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_told_by_its_beginning_its_pace_and_its_end() {
        let (notes, mut pace, mut told) = (Notes::default(), Pace::default(), Vec::new());
        let began = Instant::now();
        for value in 0..BURST {
            notes.progress(note(value));
            told.push(next(&notes, &mut pace).await);
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        for value in 100..1000 {
            notes.progress(note(value));
        }
        assert_eq!(next(&notes, &mut pace).await, 999.0);
        assert_eq!(began.elapsed(), EVERY);
        notes.progress(note(1000));
        notes.progress(note(1001));
        let rest: Vec<f64> = notes
            .rest(&mut pace)
            .into_iter()
            .map(|note| match note {
                Note::Progress(note) => note.progress,
                Note::Log(_) => panic!("a log message"),
            })
            .collect();
        assert_eq!(rest, [1001.0]);
        assert_eq!(told.len(), BURST as usize);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_not_lost_when_nobody_waits_for_it() {
        let (notes, mut pace) = (Notes::default(), Pace::default());
        notes.progress(note(1));
        notes.progress(note(2));
        assert_eq!(notes.rest(&mut pace).len(), 2);
        notes.progress(note(3));
        assert_eq!(next(&notes, &mut pace).await, 3.0);
    }

    #[test]
    fn only_values_that_rise_are_told() {
        let mut pace = Pace::default();
        let told: Vec<bool> = [0.0, 1.0, 1.0, 0.5, 2.0, f64::NAN, 3.0].into_iter().map(|at| pace.rises(at)).collect();
        assert_eq!(told, [true, true, false, false, true, false, true]);
    }
}
