//! A child process as a transport: in its own group, its stderr read, ended and reaped.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::keeper::{Keeper, Kept};
use super::{Reach, Server, stderr};

/// How long a child may take to end once its stdin is closed.
const BY_ITSELF: Duration = Duration::from_millis(500);
/// How long it may take once it was asked to end.
const ASKED: Duration = Duration::from_secs(2);

/// How long the news of its end may take, once its pipes are closed.
const MOMENT: Duration = Duration::from_millis(200);

/// A child that runs.
pub(super) struct Child {
    process: tokio::process::Child,
    group: Pid,
    /// Reads its stderr.
    hearing: JoinHandle<()>,
    _kept: Kept,
}

impl Child {
    /// Starts the child that is `server`. Its two pipes are the transport.
    ///
    /// # Errors
    /// Where there is no such program, or it cannot be started.
    pub(super) fn start(server: &Arc<Server>, keeper: &Arc<Keeper>) -> io::Result<(Child, ChildStdout, ChildStdin)> {
        let Reach::Child { command, args, env, folder } = &server.spec.reach else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut starting = Command::new(command);
        starting.args(args).env_clear().envs(keeper.variables());
        starting.envs(env.iter().map(|(name, value)| (name, value.expose())));
        if let Some(folder) = folder {
            starting.current_dir(folder);
        }
        starting.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        keeper.is_ready();
        let process = starting.process_group(0).kill_on_drop(true).spawn();
        let mut process = process.map_err(|error| told(error, command, folder.as_deref()))?;
        let id = process.id().and_then(|id| i32::try_from(id).ok());
        let group = Pid::from_raw(id.ok_or_else(|| io::Error::other("it has ended at once"))?);
        let kept = keeper.keep(group);
        let pipes = (process.stdout.take(), process.stdin.take(), process.stderr.take());
        let (Some(stdout), Some(stdin), Some(errors)) = pipes else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let hearing = tokio::spawn(stderr::read(server.clone(), errors));
        Ok((Child { process, group, hearing, _kept: kept }, stdout, stdin))
    }

    /// Waits until it has ended, and a moment more for what it has said before that.
    pub(super) async fn gone(&mut self) {
        self.process.wait().await.ok();
        sleep(MOMENT).await;
    }

    /// In which way it has ended, where it has.
    pub(super) async fn has_ended(&mut self) -> Option<String> {
        let status = timeout(MOMENT, self.process.wait()).await.ok()?.ok()?;
        // Its last words are a part of it.
        timeout(MOMENT, &mut self.hearing).await.ok();
        Some(match (status.code(), status.signal()) {
            (Some(code), _) => format!("it has ended with exit code {code}"),
            (None, Some(signal)) => format!("it was ended by signal {signal}"),
            (None, None) => "it has ended".to_owned(),
        })
    }

    /// Ends it, where it has not ended by itself; its pipes are closed already. It is reaped in any case.
    pub(super) async fn end(mut self) {
        if timeout(BY_ITSELF, self.process.wait()).await.is_err() {
            self.signal(Signal::SIGTERM);
            if timeout(ASKED, self.process.wait()).await.is_err() {
                self.signal(Signal::SIGKILL);
                self.process.wait().await.ok();
            }
        }
    }

    fn signal(&self, signal: Signal) {
        // A group without members is no fault.
        killpg(self.group, signal).ok();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // What it has started and left behind is of its group; and so is it, where nobody has ended it.
        self.signal(Signal::SIGKILL);
    }
}

/// Why a program cannot be started, in words that say what to change.
fn told(error: io::Error, command: &str, folder: Option<&str>) -> io::Error {
    let words = match error.kind() {
        _ if folder.is_some_and(|folder| !Path::new(folder).is_dir()) => "`cwd` names no folder".to_owned(),
        io::ErrorKind::NotFound => {
            format!("there is no program `{command}`; see that it is installed, or write its whole path")
        }
        io::ErrorKind::PermissionDenied => format!("`{command}` is no program that may be run"),
        _ => return error,
    };
    io::Error::new(error.kind(), words)
}
