//! The command line.

mod check;
mod keeper;
mod keys;
mod mcp;
mod options;
mod serve;
mod table;
mod usage;
mod weights;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigFault, Vars};
use crate::mcp::upstream::keeper::COMMAND;
use crate::store::Store;

/// One binary between your AI clients and every provider: it keeps answering when one of them fails.
#[derive(Parser)]
#[command(name = "ai-mcp-gateway", version, about, propagate_version = true, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
    /// Works in this folder, where `.env`, `mcp.json`, `data` and `logs` then are; for clients that start programs
    /// wherever they like.
    #[arg(long, global = true, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves HTTP (the default).
    Serve(ServeArgs),
    /// Serves one MCP client on stdin and stdout.
    Mcp(MockArg),
    /// Reads the configuration, asks every provider, the database and Redis, and says whether a request could be served.
    Check(MockArg),
    /// Shows or changes the live weights of image providers, which the database keeps.
    #[command(subcommand)]
    Weights(weights::Weights),
    /// Ends the children of a gateway that was killed; started by the gateway itself.
    #[command(name = COMMAND, hide = true)]
    Keeper,
    /// Makes, lists and revokes client keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Tells what was asked in the last hours, by provider, model and client key.
    Usage(usage::UsageArgs),
}

#[derive(Args)]
struct ServeArgs {
    #[command(flatten)]
    mock: MockArg,
    /// For tests: lines `advance <ms>` on stdin step the clock, each answered by `advanced`; the end of stdin ends the
    /// process.
    #[arg(long, hide = true)]
    clock_from_stdin: bool,
}

#[derive(Args)]
struct MockArg {
    /// Adds the built-in mock provider at the end of every chain, so that everything can be tried with no key.
    #[arg(long)]
    mock: bool,
}

/// The exit code of a bad command line or configuration.
const BAD_CONFIGURATION: u8 = 2;

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // Made where it is missing, as `data` and `logs` are.
    let enter = |folder: &PathBuf| std::fs::create_dir_all(folder).and_then(|()| std::env::set_current_dir(folder));
    if let Some(folder) = &cli.folder
        && let Err(error) = enter(folder)
    {
        eprintln!("error: --folder {}: {error}", folder.display());
        return ExitCode::from(BAD_CONFIGURATION);
    }
    let done = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => with_config(args.mock.mock, |config| serve::run(config, args.clock_from_stdin)),
        Command::Mcp(args) => with_config(args.mock, mcp::run),
        Command::Check(args) => with_config(args.mock, check::run),
        Command::Keeper => keeper::run(),
        Command::Weights(command) => with_config(false, |config| weights::run(config, command)),
        Command::Keys(command) => with_config(false, |config| keys::run(config, command)),
        Command::Usage(args) => with_config(false, |config| usage::run(config, args)),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn with_config(mock: bool, run: impl FnOnce(Config) -> anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    match Vars::from_process(Path::new(".")).map_err(|fault| vec![fault]).and_then(|vars| Config::read(&vars, mock)) {
        Ok(config) => run(config),
        Err(faults) => Ok(tell(&faults)),
    }
}

/// Runs a command on the database, which is opened first.
fn with_store(config: Config, run: impl AsyncFnOnce(&Store) -> anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async {
        let Some(store) = Store::new(&config.storage.database)? else {
            bail!("DATABASE_URL=off leaves nothing to keep keys and records in: name a file or a server, or unset it");
        };
        store.open().await.context("the database cannot be had; see that it runs and that DATABASE_URL names it")?;
        run(&store).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn tell(faults: &[ConfigFault]) -> ExitCode {
    eprintln!("The configuration has {} fault{}:", faults.len(), if faults.len() == 1 { "" } else { "s" });
    for fault in faults {
        eprintln!("  {}={}\n    accepted: {}", fault.variable, fault.value, fault.accepted);
    }
    ExitCode::from(BAD_CONFIGURATION)
}

/// A runtime for one thread, which is all that a command needs beside the workers.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
