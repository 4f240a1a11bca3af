//! MCP from outside: the official conformance suite, inspector and Python client, against what the gateway has itself,
//! and through it against a server that has everything (`tests/mcp/everything.mjs`).

mod client;
mod conformance;
mod everything;
mod inspector;
mod readme;
mod tasks;

use super::client::variable;
use super::skipped;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Some packages are thousands of files, and machines that run tests are busy.
const LOADING: Duration = Duration::from_secs(180);

/// A script for Node, in a home of its own: the tools of MCP keep files where they are.
fn node(script: &Path, home: &Path) -> Command {
    let mut command = Command::new(variable("SDK_NODE_22", "node"));
    command.arg(script).env_clear().env("PATH", variable("PATH", "/usr/bin:/bin"));
    command.env("HOME", home).env("SDK_NODE_FOLDER", variable("SDK_NODE_FOLDER", ".")).current_dir(home);
    command
}

/// A script for Python, among the tests.
fn python(script: &str) -> Command {
    let mut command = Command::new(variable("SDK_PYTHON", "python3"));
    command.arg(ours("sdk/python").join(script)).env_clear().env("PATH", variable("PATH", "/usr/bin:/bin"));
    command.env("PYTHONPATH", variable("PYTHONPATH", "")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A file of one of the installed packages.
fn packaged(path: &str) -> PathBuf {
    Path::new(&variable("SDK_NODE_FOLDER", ".")).join("node_modules").join(path)
}

/// A file of the tests.
fn ours(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}
