//! A child process whose output is collected, and which is killed and reaped when the test is over.

use super::wait::{PATIENCE, eventually, in_time};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

/// A running process.
pub struct Process {
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    stdout: Arc<Output>,
    stderr: Arc<Output>,
}

/// What a process that has ended left behind.
#[derive(Clone, Debug)]
pub struct Finished {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// One of its outputs, as far as it has come.
struct Output {
    text: Mutex<String>,
    /// True when the output has ended.
    ended: watch::Sender<bool>,
}

impl Process {
    /// Starts it with all three streams piped.
    pub fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdout = Output::collect(child.stdout.take().expect("a pipe"));
        let stderr = Output::collect(child.stderr.take().expect("a pipe"));
        let stdin = Mutex::new(child.stdin.take());
        Self { child: Mutex::new(child), stdin, stdout, stderr }
    }

    /// Writes a line to its stdin.
    pub fn write_line(&self, line: &str) {
        let mut stdin = self.stdin.lock().expect("no panic in here");
        let stdin = stdin.as_mut().expect("stdin is open");
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).expect("the process reads its stdin");
    }

    /// Closes its stdin.
    pub fn close_stdin(&self) {
        self.stdin.lock().expect("no panic in here").take();
    }

    /// What it wrote to stdout so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it wrote to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until stdout is so.
    pub async fn wait_for_stdout(&self, what: &str, so: impl Fn(&str) -> bool) {
        self.wait_for(what, &self.stdout, PATIENCE, so).await;
    }

    /// The same for what may take longer than anything else.
    pub async fn wait_long_for_stdout(&self, what: &str, patience: Duration, so: impl Fn(&str) -> bool) {
        self.wait_for(what, &self.stdout, patience, so).await;
    }

    /// Waits until stderr is so.
    pub async fn wait_for_stderr(&self, what: &str, so: impl Fn(&str) -> bool) {
        self.wait_for(what, &self.stderr, PATIENCE, so).await;
    }

    async fn wait_for(&self, what: &str, output: &Output, patience: Duration, so: impl Fn(&str) -> bool) {
        let mut changes = output.ended.subscribe();
        let found = async {
            loop {
                let ended = *changes.borrow_and_update();
                if so(&output.text()) {
                    return true;
                }
                if ended || changes.changed().await.is_err() {
                    return false;
                }
            }
        };
        if tokio::time::timeout(patience, found).await != Ok(true) {
            panic!("no {what}\n--- stdout\n{}\n--- stderr\n{}", self.stdout(), self.stderr());
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.nix_pid(), signal).expect("the process is there");
    }

    /// Its lines on stdout, as they come.
    pub fn lines(&self) -> Lines {
        Lines { changes: self.stdout.ended.subscribe(), output: Arc::clone(&self.stdout), read: 0 }
    }

    /// Waits until it has ended and all its output is here.
    pub async fn exit(&mut self) -> ExitStatus {
        self.ended().await
    }

    /// The same for a process that several share.
    pub async fn ended(&self) -> ExitStatus {
        let mut status = None;
        eventually("the process to end", || {
            status = self.child().try_wait().expect("a child of this process");
            status.is_some()
        })
        .await;
        for output in [&self.stdout, &self.stderr] {
            let mut ended = output.ended.subscribe();
            let _ = in_time("the end of its output", ended.wait_for(|ended| *ended)).await;
        }
        status.expect("it has ended")
    }

    /// Closes stdin, waits for the end and gives everything.
    pub async fn finish(self) -> Finished {
        self.close_stdin();
        let status = self.ended().await;
        Finished { code: status.code(), stdout: self.stdout(), stderr: self.stderr() }
    }

    /// Has it not ended yet?
    pub fn is_running(&mut self) -> bool {
        self.child().try_wait().expect("a child of this process").is_none()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child().id()
    }

    /// Memory it holds now, in KiB.
    pub fn rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a process of Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a live process");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().expect("no panic in here")
    }

    fn nix_pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.pid()).expect("a process id"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The lines of an output, read as they come.
pub struct Lines {
    output: Arc<Output>,
    changes: watch::Receiver<bool>,
    /// Bytes that were given already.
    read: usize,
}

impl Lines {
    /// The next line, without its end; `None` when the output has ended.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            let has_ended = *self.changes.borrow_and_update();
            let line =
                self.output.text.lock().expect("no panic in here")[self.read..].lines().next().map(str::to_owned);
            if let Some(line) = line {
                self.read += line.len() + 1;
                return Some(line);
            }
            if has_ended || self.changes.changed().await.is_err() {
                return None;
            }
        }
    }
}

impl Output {
    /// Reads line by line on a thread of its own, until the end.
    fn collect(source: impl Read + Send + 'static) -> Arc<Self> {
        let output = Arc::new(Self { text: Mutex::default(), ended: watch::Sender::new(false) });
        let shared = Arc::clone(&output);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(source);
            let mut line = Vec::new();
            while matches!(reader.read_until(b'\n', &mut line), Ok(read) if read > 0) {
                shared.text.lock().expect("no panic in here").push_str(&String::from_utf8_lossy(&line));
                shared.ended.send_replace(false);
                line.clear();
            }
            shared.ended.send_replace(true);
        });
        output
    }

    fn text(&self) -> String {
        self.text.lock().expect("no panic in here").clone()
    }
}
