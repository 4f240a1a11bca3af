//! Keys as the database has them, and what they have spent wherever it was spent.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Admit;
use super::keys::{Digest, Known, env_grants, unhex};
use crate::domain::grant::{Grant, Period};
use crate::store::{KeyRow, Store, StoreError, Watched};

/// The pause between two looks at what was spent.
const PAUSE: Duration = Duration::from_secs(1);
/// How long all that is asked at once may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Admit {
    /// Follows the database for as long as it is polled: a key that is made, changed or revoked is so here within a
    /// second.
    pub async fn keep(&self) {
        let Some(store) = &self.store else { return };
        store.ready().await;
        let mut changes = store.changes(Watched::Keys);
        let mut stale = true;
        loop {
            // A connection that hangs may hang for ever, and is let go of.
            if stale {
                stale = !matches!(timeout(PATIENCE, self.load()).await, Ok(Ok(_)));
            } else if store.answers() {
                timeout(PATIENCE, self.look(store)).await.ok();
            }
            tokio::select! {
                changed = changes.changed() => stale |= changed.is_ok(),
                () = sleep(PAUSE) => {}
            }
        }
    }

    /// Reads every key. Says whether callers need one.
    ///
    /// # Errors
    /// Why they cannot be read; those that are known stay in force.
    pub async fn load(&self) -> Result<bool, StoreError> {
        let Some(store) = &self.store else { return Ok(!self.options.keys.is_empty()) };
        let (rows, had) = (store.keys().await?, store.had_keys().await?);
        let rows: Vec<(Digest, KeyRow)> = rows.into_iter().filter_map(|row| self.readable(row)).collect();
        let known = Known::new(env_grants(&self.options), rows, |id| self.account(id));
        let known = known.required(had);
        // Before the keys can be used: a budget that is spent is spent after a new start as well.
        self.spent(store, &known).await?;
        self.mark(had);
        let required = known.is_required();
        self.forget_others(&known);
        self.keys.store(Arc::new(known.required(self.options.exposed)));
        Ok(required)
    }

    /// A key of the database with its digest. Without a limit of its own it has everybody's.
    fn readable(&self, mut row: KeyRow) -> Option<(Digest, KeyRow)> {
        let digest = unhex(&row.hash);
        if digest.is_none() {
            tracing::warn!(key = &*row.grant.name, "a client key's hash is no SHA-256 in hexadecimal digits");
        }
        row.grant.rpm = row.grant.rpm.or(self.options.rpm);
        digest.map(|digest| (digest, row))
    }

    /// Looks at what was spent, and notes what was used.
    async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let known = self.keys.load_full();
        self.spent(store, &known).await?;
        let used = known.all().filter_map(|key| Some((key.grant().id.to_string(), key.kept()?.unnoted()?)));
        let used: Vec<_> = used.collect();
        if used.is_empty() {
            return Ok(());
        }
        store.touch_keys(&used).await?;
        for (id, at) in &used {
            self.account(&Arc::from(id.as_str())).note(*at);
        }
        Ok(())
    }

    /// What each key has spent, as the database knows it, is the least that it has.
    async fn spent(&self, store: &Store, known: &Known) -> Result<(), StoreError> {
        let grants: Vec<Arc<Grant>> = known.all().map(|key| key.grant().clone()).collect();
        for period in Period::ALL {
            let mine = grants.iter().filter(|grant| grant.period() == period);
            let mine: HashSet<Arc<str>> = mine.map(|grant| grant.id.clone()).collect();
            if mine.is_empty() {
                continue;
            }
            let wall = self.clock.wall();
            for (id, figures) in store.spent(period, wall).await? {
                if let Some(id) = mine.get(id.as_str()) {
                    self.account(id).floor(period, wall, figures);
                }
            }
        }
        Ok(())
    }

    /// Accounts of keys that are no more are closed.
    fn forget_others(&self, known: &Known) {
        let ids: HashSet<&Arc<str>> = known.all().map(|key| &key.grant().id).collect();
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        accounts.retain(|id, _| ids.contains(id));
    }

    /// Remembers beside the database whether it has keys, for a start at which it cannot be asked.
    fn mark(&self, had: bool) {
        let done = match (had, self.marker.exists()) {
            (true, false) => write(&self.marker),
            (false, true) => std::fs::remove_file(&self.marker),
            _ => Ok(()),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "{} cannot be kept up to date", self.marker.display());
        }
    }
}

fn write(marker: &Path) -> std::io::Result<()> {
    if let Some(folder) = marker.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(marker, "The database has client keys: while it cannot be asked, nobody is let in without one.\n")
}
