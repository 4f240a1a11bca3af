//! A child process as a transport: in its own group, its stderr read, ended and reaped.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::keeper::{Keeper, Kept};
use super::{Reach, Server, stderr};

/// How long a child may take to end once its stdin is closed.
const BY_ITSELF: Duration = Duration::from_millis(500);
/// How long it may take once it was asked to end.
const ASKED: Duration = Duration::from_secs(2);

/// A child that runs.
pub(super) struct Child {
    process: tokio::process::Child,
    group: Pid,
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
        let mut process = starting.process_group(0).kill_on_drop(true).spawn()?;
        let id = process.id().and_then(|id| i32::try_from(id).ok());
        let group = Pid::from_raw(id.ok_or_else(|| io::Error::other("it has ended at once"))?);
        let kept = keeper.keep(group);
        let pipes = (process.stdout.take(), process.stdin.take(), process.stderr.take());
        let (Some(stdout), Some(stdin), Some(errors)) = pipes else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        tokio::spawn(stderr::read(server.clone(), errors));
        Ok((Child { process, group, _kept: kept }, stdout, stdin))
    }

    /// Ends it; its pipes are closed already. It is reaped in any case. Its status is given where it has ended by
    /// itself.
    pub(super) async fn end(mut self) -> Option<ExitStatus> {
        let by_itself = timeout(BY_ITSELF, self.process.wait()).await;
        if by_itself.is_err() {
            self.signal(Signal::SIGTERM);
            if timeout(ASKED, self.process.wait()).await.is_err() {
                self.signal(Signal::SIGKILL);
                self.process.wait().await.ok();
            }
        }
        by_itself.ok()?.ok()
    }

    fn signal(&self, signal: Signal) {
        // A group without members is no fault.
        killpg(self.group, signal).ok();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // What it has started and left behind is of its group, and so is it, should it still run.
        self.signal(Signal::SIGKILL);
    }
}
