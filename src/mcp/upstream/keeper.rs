//! The process that ends the children of a gateway that was killed.
//!
//! A gateway that ends in its own time ends its children itself. One that is killed cannot: for that there is a second
//! process, the same program, which knows every child's group from a pipe and does nothing until that is closed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The hidden command under which this program is the keeper.
pub const COMMAND: &str = "end-children";
/// How long children may take to end once they were asked to.
const ASKED: Duration = Duration::from_millis(500);
/// The pause between two looks whether they have ended.
const LOOK: Duration = Duration::from_millis(20);

/// What a keeper is started with, and children too.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// This program; `None` where it cannot be told, and nobody keeps children.
    pub program: Option<PathBuf>,
    /// What children have of the gateway's own environment: no keys.
    pub variables: Vec<(String, OsString)>,
}

/// The gateway's side of the pipe.
pub(super) struct Keeper {
    surroundings: Surroundings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    groups: BTreeSet<i32>,
    running: Option<(Child, PipeWriter)>,
}

/// A group that is kept for as long as this is.
pub(super) struct Kept {
    keeper: Arc<Keeper>,
    group: Pid,
}

impl Keeper {
    /// A keeper that is started with the first child.
    pub(super) fn new(surroundings: Surroundings) -> Keeper {
        Keeper { surroundings, state: Mutex::default() }
    }

    /// What children have of the gateway's own environment.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&String, &OsString)> {
        self.surroundings.variables.iter().map(|(name, value)| (name, value))
    }

    /// Has `group` ended if this process is killed.
    pub(super) fn keep(self: &Arc<Self>, group: Pid) -> Kept {
        let mut state = self.state();
        state.groups.insert(group.as_raw());
        self.tell(&mut state, &format!("+{group}\n"));
        drop(state);
        Kept { keeper: self.clone(), group }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the keeper run before the first child does, so that there is hardly a time in which nobody knows of it.
    pub(super) fn is_ready(&self) {
        let mut state = self.state();
        if state.running.is_none() {
            self.replace(&mut state);
        }
    }

    /// Replaces a keeper that has ended, or was ended by somebody.
    pub(super) fn look(&self) {
        let mut state = self.state();
        if state.running.as_mut().is_some_and(|(keeper, _)| !matches!(keeper.try_wait(), Ok(None))) {
            tracing::warn!("the keeper of MCP's children has ended; another one is started");
            self.replace(&mut state);
        }
    }

    /// Writes `line`. A keeper that has gone is replaced by one that learns everything anew.
    fn tell(&self, state: &mut State, line: &str) {
        let told = state.running.as_mut().is_some_and(|(_, pipe)| pipe.write_all(line.as_bytes()).is_ok());
        if !told && !state.groups.is_empty() {
            self.replace(state);
        }
    }

    fn replace(&self, state: &mut State) {
        if let Some((mut gone, _)) = state.running.take() {
            gone.kill().ok();
            gone.wait().ok();
        }
        match self.start(&state.groups) {
            Ok(running) => state.running = running,
            Err(error) => tracing::warn!(%error, "nobody ends the children of MCP if this process is killed"),
        }
    }

    fn start(&self, groups: &BTreeSet<i32>) -> io::Result<Option<(Child, PipeWriter)>> {
        let Some(program) = &self.surroundings.program else { return Ok(None) };
        let (reader, mut pipe) = io::pipe()?;
        // It knows everything from its first moment on. A pipe holds far more than that.
        let all: String = groups.iter().map(|group| format!("+{group}\n")).collect();
        pipe.write_all(all.as_bytes())?;
        let child = Command::new(program)
            .arg(COMMAND)
            .env_clear()
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Some((child, pipe)))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some((mut child, pipe)) = self.state().running.take() {
            drop(pipe);
            child.wait().ok();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut state = self.keeper.state();
        state.groups.remove(&self.group.as_raw());
        let line = format!("-{}\n", self.group);
        self.keeper.tell(&mut state, &line);
    }
}

/// The keeper's side: learns groups from `pipe`, and when that is closed ends those that are left.
pub async fn keep(pipe: impl AsyncRead + Unpin) {
    let mut groups = BTreeSet::new();
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        // Group 0 would be the keeper's own, and 1 everybody's.
        let group = line.get(1..).and_then(|group| group.parse::<i32>().ok()).filter(|group| *group > 1);
        match (line.as_bytes().first(), group) {
            (Some(b'+'), Some(group)) => groups.insert(group),
            (Some(b'-'), Some(group)) => groups.remove(&group),
            _ => false,
        };
    }
    let lives = |group: &i32| killpg(Pid::from_raw(*group), None).is_ok();
    let signal = |groups: &BTreeSet<i32>, signal| {
        for group in groups {
            killpg(Pid::from_raw(*group), signal).ok();
        }
    };
    signal(&groups, Signal::SIGTERM);
    let mut waited = Duration::ZERO;
    while groups.iter().any(lives) && waited < ASKED {
        tokio::time::sleep(LOOK).await;
        waited += LOOK;
    }
    signal(&groups, Signal::SIGKILL);
}
