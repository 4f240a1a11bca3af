//! Rows on disk, for as long as the database does not take them: `outbox.jsonl`, one row a line.
//!
//! Several processes may share the file: each appends under its lock. To be written to the database, the file is given
//! another name, which begins in the same way; a process that ends half-way leaves it to the next one, and rows that were
//! written already are passed over by their ids.

use std::fs::{File, OpenOptions, create_dir_all, read_dir, remove_file, rename};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::domain::row::Row;
use crate::telemetry::metrics::METRICS;

/// The file that rows are put into.
const NAME: &str = "outbox.jsonl";
/// What the names of files begin with that are being written to the database.
const LEAVING: &str = "outbox-";
/// Rows that are handed over at a time.
const CHUNK: usize = 500;

/// Rows on disk.
pub(super) struct Outbox {
    folder: PathBuf,
    /// The file that is being handed over.
    leaving: Option<(PathBuf, BufReader<File>)>,
    /// Where in it the rows begin that were handed over last, in bytes.
    begin: u64,
    /// May there be a file to hand over?
    any: bool,
}

impl Outbox {
    /// What earlier processes left in `folder` counts too.
    pub(super) fn new(folder: PathBuf) -> Outbox {
        Outbox { folder, leaving: None, begin: 0, any: true }
    }

    /// May there be rows on disk?
    pub(super) fn any(&self) -> bool {
        self.any
    }

    /// Puts rows on disk, all or none of them.
    ///
    /// # Errors
    /// Where the disk does not take them.
    pub(super) fn put(&mut self, rows: &[Row]) -> io::Result<()> {
        let mut lines = Vec::with_capacity(rows.len() * 512);
        for row in rows {
            serde_json::to_writer(&mut lines, row)?;
            lines.push(b'\n');
        }
        create_dir_all(&self.folder)?;
        let mut file = open_locked(&self.folder.join(NAME))?;
        let length = file.metadata()?.len();
        // A line that a killed process left half-written ends here, so that it spoils no other.
        let mut last = [b'\n'];
        if length > 0 {
            file.read_exact_at(&mut last, length - 1)?;
        }
        if last != *b"\n" {
            lines.insert(0, b'\n');
        }
        if let Err(error) = file.write_all(&lines) {
            // What a full disk has taken in part is taken back, and tried again as a whole.
            file.set_len(length).ok();
            return Err(error);
        }
        self.any = true;
        METRICS.records_spilled.inc_by(rows.len() as u64);
        Ok(())
    }

    /// The next rows to hand over; empty where there are none.
    ///
    /// # Errors
    /// Where the disk cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Vec<Row>> {
        if self.leaving.is_none() {
            self.leaving = self.take_file()?;
        }
        let Some((_, reader)) = &mut self.leaving else {
            self.any = false;
            return Ok(Vec::new());
        };
        self.begin = reader.stream_position()?;
        let mut rows = Vec::new();
        let mut line = Vec::new();
        while rows.len() < CHUNK {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    METRICS.records_lost.inc();
                    tracing::error!(%error, "a row on disk cannot be read; a process was killed while it wrote it");
                }
            }
        }
        if rows.is_empty() {
            // All of the file is in the database.
            if let Some((path, _)) = self.leaving.take() {
                remove_file(path)?;
            }
        }
        Ok(rows)
    }

    /// The rows that were handed over last are not in the database: they come again.
    pub(super) fn again(&mut self) {
        let begin = self.begin;
        if self.leaving.as_mut().is_some_and(|(_, reader)| reader.seek(SeekFrom::Start(begin)).is_err()) {
            self.leaving = None;
        }
    }

    /// The oldest file of which nobody else takes care.
    fn take_file(&self) -> io::Result<Option<(PathBuf, BufReader<File>)>> {
        let entries = match read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with(LEAVING)
                && name.ends_with(".jsonl")
                && let Some(found) = claim(self.folder.join(name))?
            {
                return Ok(Some(found));
            }
        }
        let current = self.folder.join(NAME);
        if !current.metadata().is_ok_and(|file| file.len() > 0) {
            return Ok(None);
        }
        let locked = open_locked(&current)?;
        let path = self.folder.join(format!("{LEAVING}{:016x}.jsonl", fastrand::u64(..)));
        let renamed = rename(&current, &path);
        drop(locked);
        match renamed {
            Ok(()) => claim(path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The file at `path`, to be handed over by this process alone; `None` where another one does, or has done so.
fn claim(path: PathBuf) -> io::Result<Option<(PathBuf, BufReader<File>)>> {
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Kept until the file is closed.
    match file.try_lock() {
        Ok(()) => Ok(path.exists().then(|| (path, BufReader::new(file)))),
        Err(_) => Ok(None),
    }
}

/// The file at `path`, locked, and still the one of that name.
fn open_locked(path: &Path) -> io::Result<File> {
    loop {
        let file = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(path)?;
        file.lock()?;
        let same = |named: std::fs::Metadata| file.metadata().is_ok_and(|open| open.ino() == named.ino());
        if path.metadata().is_ok_and(same) {
            return Ok(file);
        }
    }
}
