//! Changes of the tables that are kept in memory, wherever they were made: within a second they are in force everywhere.

use std::time::Duration;

use tokio::sync::watch;

use super::{Store, StoreError, on};

/// A table that is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// `feature_flags`.
    Flags,
    /// `gateway_keys`.
    Keys,
}

/// How often each has changed, as far as is known here; 0 before the first look.
#[derive(Default)]
pub(super) struct Versions {
    flags: watch::Sender<i64>,
    keys: watch::Sender<i64>,
}

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(400);

impl Store {
    /// Tells of each change of a table. The first value other than 0 says that the table can be read.
    pub fn changes(&self, of: Watched) -> watch::Receiver<i64> {
        self.0.versions.of(of).subscribe()
    }

    /// Looks for changes for as long as it is polled.
    pub(super) async fn follow(&self) {
        loop {
            let seen = self.look().await;
            self.note(&seen);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        const LOOK: &str = "SELECT name, version FROM watched_tables";
        let versions: Vec<(String, i64)> = on!(&self.0.pool, db => sqlx::query_as(LOOK).fetch_all(db).await)?;
        for (name, version) in versions {
            let Some(of) = Watched::ALL.into_iter().find(|of| of.table() == name) else { continue };
            // From 1, so that a table that has never changed is told of as well.
            self.0.versions.of(of).send_if_modified(|known| std::mem::replace(known, version + 1) != version + 1);
        }
        Ok(())
    }
}

impl Watched {
    const ALL: [Watched; 2] = [Watched::Flags, Watched::Keys];

    fn table(self) -> &'static str {
        match self {
            Watched::Flags => "feature_flags",
            Watched::Keys => "gateway_keys",
        }
    }
}

impl Versions {
    fn of(&self, of: Watched) -> &watch::Sender<i64> {
        match of {
            Watched::Flags => &self.flags,
            Watched::Keys => &self.keys,
        }
    }
}
