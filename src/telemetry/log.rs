//! Where log lines go: stderr and a file that is rolled daily. Never stdout, which belongs to protocols.

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use file_rotate::compression::Compression;
use file_rotate::suffix::{AppendTimestamp, FileLimit};
use file_rotate::{ContentLimit, FileRotate, TimeFrequency};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// A JSON object on each line.
    Json,
}

/// What is logged, how, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A level or a filter directive of `tracing`.
    pub level: String,
    /// How lines look.
    pub format: Format,
    /// The file; `None` for stderr alone.
    pub file: Option<PathBuf>,
}

/// Writes out what is queued when it is dropped.
#[must_use]
pub struct Guard(#[expect(dead_code, reason = "held for its drop")] WorkerGuard);

/// Files of past days that are kept.
const KEPT: usize = 14;
/// Lines that may wait to be written; more are dropped rather than making requests wait.
const QUEUED: usize = 16_384;

/// Is this a level, or a filter directive that `tracing` takes?
///
/// `tracing` takes any word for the name of a module, and so would log nothing at all for a level that is misspelt.
pub fn is_level(text: &str) -> bool {
    const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "off"];
    let sane =
        |part: &str| part.contains(['=', '[']) || LEVELS.iter().any(|level| level.eq_ignore_ascii_case(part.trim()));
    text.split(',').all(sane) && EnvFilter::from_str(text).is_ok()
}

/// Starts logging. A file that cannot be written is said on stderr, and logging goes on without it.
pub fn start(options: &Options) -> Guard {
    let file = options.file.as_ref().and_then(|path| match open(path) {
        Ok(file) => Some(file),
        Err(error) => {
            eprintln!("the log file {} cannot be written: {error}", path.display());
            None
        }
    });
    let (writer, guard): (NonBlocking, WorkerGuard) =
        NonBlockingBuilder::default().buffered_lines_limit(QUEUED).lossy(true).finish(Both { file });
    let filter = EnvFilter::from_str(&filtered(&options.level)).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false).with_target(false);
    // A second start in one process (tests of the library) keeps the first one's settings.
    let started = match options.format {
        Format::Text => lines.try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    drop(started);
    Guard(guard)
}

/// The MCP SDK tells arguments and answers of tools, which belong into no log, unless it is named on purpose.
fn filtered(level: &str) -> String {
    if level.contains("rmcp") { level.to_owned() } else { format!("{level},rmcp=off") }
}

fn open(path: &PathBuf) -> std::io::Result<FileRotate<AppendTimestamp>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    let names = AppendTimestamp::default(FileLimit::MaxFiles(KEPT));
    Ok(FileRotate::new(path, names, ContentLimit::Time(TimeFrequency::Daily), Compression::None, None))
}

/// Every line to stderr and to the file. Runs on the logger's own thread.
struct Both {
    file: Option<FileRotate<AppendTimestamp>>,
}

impl Write for Both {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        // A closed stderr or a full disk must not stop the other.
        let shown = std::io::stderr().write_all(line);
        if let Some(file) = &mut self.file {
            file.write_all(line).or(shown).ok();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}
