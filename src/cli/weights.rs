//! `weights`: the live weights of image providers, shown and changed. Gateways that run take a change over at once.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{BAD_CONFIGURATION, runtime};
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::flags::{LiveWeights, Source, WEIGHTS};
use crate::plan::weights::{ACCEPTED, BadWeights, Weights as Shares};
use crate::store::{Flag, Store, Time};

#[derive(Subcommand)]
pub(super) enum Weights {
    /// Shows the weights that are in force, and where they come from.
    Get {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Sets the weights, for example '{"fal":0.9,"runware":0.1}'.
    Set {
        /// A JSON object of providers and their weights.
        weights: String,
        #[command(flatten)]
        note: Note,
    },
    /// Gives everything to one provider.
    Switch {
        /// The provider.
        provider: String,
        #[command(flatten)]
        note: Note,
    },
}

#[derive(Args)]
pub(super) struct Note {
    /// What is noted in the row's description; by default the weights in words.
    #[arg(long)]
    description: Option<String>,
}

pub(super) fn run(config: Config, command: Weights) -> anyhow::Result<ExitCode> {
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    let of_variable = &config.generation.weights;
    runtime()?.block_on(async {
        let store = Store::new(&config.storage.database)?;
        match command {
            Weights::Get { json } => {
                let rows = match &store {
                    Some(store) => read(store).await?,
                    None => Vec::new(),
                };
                show(&rows, of_variable, json);
                Ok(ExitCode::SUCCESS)
            }
            Weights::Set { weights: given, note } => match Shares::parse(&given) {
                Ok(weights) => change(store, of_variable, |_| Ok((weights, compact(&given))), note).await,
                Err(why) => Ok(refused(&why)),
            },
            Weights::Switch { provider, note } => {
                // Refused before the database is asked for anything.
                if let Err(why) = of_variable.switched_to(&provider) {
                    return Ok(refused(&why));
                }
                let to = |now: &Shares| now.switched_to(&provider).map(|is| (is.clone(), is.to_string()));
                change(store, of_variable, to, note).await
            }
        }
    })
}

fn refused(why: &BadWeights) -> ExitCode {
    eprintln!("error: these weights cannot be set: {why}\n  accepted: {ACCEPTED}");
    ExitCode::from(BAD_CONFIGURATION)
}

/// JSON as it was given, without the blanks.
fn compact(given: &str) -> String {
    serde_json::from_str(given).map_or_else(|_| given.to_owned(), |value: Value| value.to_string())
}

async fn read(store: &Store) -> anyhow::Result<Vec<Flag>> {
    store.open().await.context("the database cannot be had (DATABASE_URL)")?;
    store.flags().await.context("feature_flags cannot be read")
}

/// What is in force by these rows. What a running gateway still holds from before a row went bad is not known here.
fn live(rows: &[Flag], of_variable: &Shares) -> LiveWeights {
    let before = LiveWeights { weights: of_variable.clone(), source: Source::Env, ignored: None };
    LiveWeights::of(rows, of_variable, &before)
}

/// Writes the weights, and their text, that come after those in force.
async fn change(
    store: Option<Store>,
    of_variable: &Shares,
    to: impl FnOnce(&Shares) -> Result<(Shares, String), BadWeights>,
    note: Note,
) -> anyhow::Result<ExitCode> {
    let Some(store) = store else {
        bail!("there is no database (DATABASE_URL=off): set the variable {WEIGHTS} instead, and start the gateway anew")
    };
    let was = live(&read(&store).await?, of_variable);
    let (is, text) = match to(&was.weights) {
        Ok(is) => is,
        Err(why) => return Ok(refused(&why)),
    };
    let description = note.description.unwrap_or_else(|| format!("Provider weights: {}", is.percent()));
    let now = Time(Clock::real().wall());
    store.set_flag(WEIGHTS, &text, &description, now).await.context("the weights cannot be written")?;
    println!("was: {} (source: {})", was.weights, was.source.name());
    println!("is:  {is} (source: {})", Source::Database.name());
    Ok(ExitCode::SUCCESS)
}

fn show(rows: &[Flag], of_variable: &Shares, json: bool) {
    let live = live(rows, of_variable);
    if let Some(ignored) = &live.ignored {
        eprintln!("warning: the row {WEIGHTS} is not valid: {}: {}", ignored.why, ignored.text);
        eprintln!("  gateways that run keep what they had; one that starts takes the variable");
    }
    let row = rows.iter().find(|row| row.key == WEIGHTS);
    let description = row.and_then(|row| row.description.as_deref());
    let updated_at = row.map(|row| format!("{:.3}", row.updated_at.0));
    if json {
        let problem = live.ignored.map(|ignored| ignored.why.to_string());
        let whole: Value = json!({
            "weights": live.weights,
            "source": live.source.name(),
            "description": description,
            "updated_at": updated_at,
            "problem": problem,
        });
        println!("{whole}");
        return;
    }
    println!("{:<12} weight", "provider");
    for (name, share) in live.weights.shares() {
        println!("{name:<12} {share}");
    }
    println!("\nsource:      {}", live.source.name());
    if let Some(description) = description {
        println!("description: {}", description.chars().take(200).flat_map(char::escape_debug).collect::<String>());
    }
    if let Some(updated_at) = updated_at {
        println!("updated at:  {updated_at}");
    }
}
