//! A child process as a transport: in its own group, its stderr read, ended and reaped.

use std::io;
use std::process::Stdio;

use tokio::process::{ChildStdin, ChildStdout, Command};

use super::{Reach, Spec};

/// Starts the child of `spec`.
pub(super) fn start(spec: &Spec) -> io::Result<(ChildStdout, ChildStdin)> {
    let Reach::Child { command, args, env, .. } = &spec.reach else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut child = Command::new(command)
        .args(args)
        .envs(env.iter().map(|(name, value)| (name, value.expose())))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .process_group(0)
        .spawn()?;
    let (Some(stdout), Some(stdin)) = (child.stdout.take(), child.stdin.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    Ok((stdout, stdin))
}
