//! Which file it is that SQLite has open: a name may come to stand for another one.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::StoreError;

/// A file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

impl FileId {
    /// The file that is to be had by this name now.
    pub(super) fn of(path: &Path) -> Result<FileId, StoreError> {
        let found = path.metadata().map_err(|error| StoreError::Away(format!("{}: {error}", path.display())))?;
        Ok(FileId(found.dev(), found.ino()))
    }
}

/// The file in use, and since when: connections that were opened before are no good any more.
#[derive(Clone, Default)]
pub(super) struct InUse(Arc<Mutex<Option<(FileId, Instant)>>>);

impl InUse {
    /// Notes the file that is in use from now on. Was there another one before?
    pub(super) fn is_another(&self, file: FileId) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.map(|(known, _)| known);
        if before != Some(file) {
            *known = Some((file, Instant::now()));
        }
        before.is_some_and(|before| before != file)
    }

    /// Is a connection of this age one to the file in use?
    pub(super) fn covers(&self, age: Duration) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.is_none_or(|(_, since)| since.elapsed() >= age)
    }
}
