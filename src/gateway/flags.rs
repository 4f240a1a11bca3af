//! What operators change while the gateway runs: rows of `feature_flags`, as far as they are in force here.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::plan::weights::{BadWeights, Weights};
use crate::store::{Flag, Store, Watched};
use crate::telemetry::metrics::{METRICS, label};

/// The row of `feature_flags`, and the variable that it wins over.
pub const WEIGHTS: &str = "GEN_PROVIDER_WEIGHTS";
/// The pause before rows that could not be read are read again.
const AGAIN_AFTER: Duration = Duration::from_millis(400);
/// The most characters of a bad row that a log repeats.
const MOST_REPEATED: usize = 200;

/// What is in force now.
pub struct Flags {
    weights: ArcSwap<LiveWeights>,
    /// The variable's, for as long as there is no row.
    of_variable: Weights,
}

/// The weights in force.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveWeights {
    /// The weights.
    pub weights: Weights,
    /// Where they come from.
    pub source: Source,
    /// A row that would be in force if it were valid.
    pub ignored: Option<Ignored>,
}

/// Where something in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A variable.
    Env,
    /// A row of `feature_flags`.
    Database,
}

/// A row that is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// Its text, shortened and escaped.
    pub text: String,
    /// What is wrong with it.
    pub why: BadWeights,
}

impl Flags {
    /// The variable's weights are in force until there is a row.
    pub fn new(of_variable: Weights) -> Flags {
        show(None, &of_variable);
        let live = LiveWeights { weights: of_variable.clone(), source: Source::Env, ignored: None };
        Flags { weights: ArcSwap::from_pointee(live), of_variable }
    }

    /// The weights of image providers.
    pub fn weights(&self) -> Arc<LiveWeights> {
        self.weights.load_full()
    }

    /// Takes over each change for as long as it is polled.
    pub async fn follow(&self, store: &Store) {
        let mut changes = store.changes(Watched::Flags);
        // The first look at the database is the first change.
        if changes.wait_for(|version| *version != 0).await.is_err() {
            return;
        }
        let mut told = false;
        loop {
            changes.borrow_and_update();
            let again = match store.flags().await {
                Ok(rows) => {
                    self.take(&rows);
                    told = false;
                    Duration::MAX
                }
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::error!(%error, "feature_flags cannot be read; what was in force stays so");
                    }
                    AGAIN_AFTER
                }
            };
            if let Ok(Err(_)) = tokio::time::timeout(again, changes.changed()).await {
                return;
            }
        }
    }

    /// Takes over what the rows say.
    fn take(&self, rows: &[Flag]) {
        let before = self.weights();
        let now = LiveWeights::of(rows, &self.of_variable, &before);
        if let Some(ignored) = now.ignored.as_ref().filter(|ignored| before.ignored.as_ref() != Some(ignored)) {
            tracing::error!(
                row = WEIGHTS,
                text = ignored.text,
                reason = %ignored.why,
                "a row of feature_flags is not valid; what was in force stays so"
            );
        }
        if (&now.weights, now.source) != (&before.weights, before.source) {
            show(Some(&before.weights), &now.weights);
            let (before, source) = (&before.weights, now.source.name());
            tracing::info!("image weights: {before} -> {} (source: {source})", now.weights);
        }
        self.weights.store(Arc::new(now));
    }
}

impl LiveWeights {
    /// What is in force by these rows, after what was in force `before`.
    pub fn of(rows: &[Flag], of_variable: &Weights, before: &LiveWeights) -> LiveWeights {
        let Some(row) = rows.iter().find(|row| row.key == WEIGHTS) else {
            return LiveWeights { weights: of_variable.clone(), source: Source::Env, ignored: None };
        };
        let text = row.text.as_deref().unwrap_or_default();
        match Weights::parse(text) {
            Ok(weights) => LiveWeights { weights, source: Source::Database, ignored: None },
            Err(why) => {
                let text = text.chars().take(MOST_REPEATED).flat_map(char::escape_debug).collect();
                LiveWeights { ignored: Some(Ignored { text, why }), ..before.clone() }
            }
        }
    }
}

impl Source {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Source::Env => "env",
            Source::Database => "database",
        }
    }
}

/// Shows weights in the metrics; who is named no more has none.
fn show(before: Option<&Weights>, now: &Weights) {
    let gone = before.into_iter().flat_map(Weights::shares).filter(|(name, _)| now.of(name).is_none());
    let gone = gone.map(|(name, _)| (*name, 0.0));
    for (name, share) in now.shares().iter().copied().chain(gone) {
        METRICS.weight.get_or_create(&label::Provider { provider: name.to_owned() }).set(share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Time;

    fn row(text: Option<&str>) -> Vec<Flag> {
        let row = |key: &str, text: Option<&str>| Flag {
            key: key.to_owned(),
            on: false,
            text: text.map(str::to_owned),
            description: None,
            updated_at: Time(jiff::Timestamp::UNIX_EPOCH),
        };
        vec![row("ANOTHER", Some("{}")), row(WEIGHTS, text)]
    }

    #[test]
    fn a_row_wins_over_the_variable_while_it_is_there_and_valid() {
        let flags = Flags::new(Weights::only("imagen"));
        let now = || {
            let live = flags.weights();
            (live.weights.to_string(), live.source, live.ignored.is_some())
        };
        let (variable, half) = (r#"{"imagen":1.0}"#.to_owned(), r#"{"fal":0.5,"runware":0.5}"#.to_owned());
        assert_eq!(now(), (variable.clone(), Source::Env, false));
        flags.take(&row(Some(r#"{"fal":-1}"#)));
        assert_eq!(now(), (variable.clone(), Source::Env, true), "the last good ones are the variable's");
        flags.take(&row(Some(r#"{"fal":5,"runware":5}"#)));
        assert_eq!(now(), (half.clone(), Source::Database, false));
        let long = "'; DROP TABLE feature_flags; --\0😀".repeat(4000);
        for bad in [None, Some(""), Some("{"), Some(r#"{"fal":0}"#), Some(long.as_str())] {
            flags.take(&row(bad));
            assert_eq!(now(), (half.clone(), Source::Database, true), "{bad:?}");
            let ignored = flags.weights().ignored.clone().unwrap();
            assert!(ignored.text.len() < 2000 && !ignored.text.contains('\0'), "{ignored:?}");
        }
        flags.take(&[]);
        assert_eq!(now(), (variable, Source::Env, false), "a row that is gone is in force no more");
    }
}
