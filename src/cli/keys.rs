//! `keys`: makes, lists and revokes client keys.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::table::Table;
use super::{options, with_store};
use crate::admit::mint;
use crate::config::Config;
use crate::domain::grant::{Budget, Grant, Period};
use crate::domain::money::Usd;
use crate::store::{KeyRow, NewKey, Revoked, Store};

#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Makes a key and prints it, once: it is kept nowhere.
    Create(CreateArgs),
    /// Lists every key that was ever made.
    List {
        /// Prints one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Revokes a key; within a second it is good nowhere.
    Revoke {
        /// The key's name, or its id.
        #[arg(value_name = "NAME OR ID")]
        which: String,
    },
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// The key's name in logs and figures, which no other key has.
    #[arg(long, value_parser = options::name)]
    name: String,
    /// The most requests in 60 seconds.
    #[arg(long, allow_negative_numbers = true, value_parser = options::count)]
    rpm: Option<u64>,
    /// The most tokens in 60 seconds, of prompts and answers.
    #[arg(long, allow_negative_numbers = true, value_parser = options::count)]
    tpm: Option<u64>,
    /// The most money in a period, in USD.
    #[arg(long, value_name = "USD", allow_negative_numbers = true, value_parser = options::money)]
    budget: Option<Usd>,
    /// The period of the budget, by the calendar in UTC: day, week, month or total.
    #[arg(long, requires = "budget", default_value = "month", value_parser = options::period)]
    period: Period,
    /// The models that it may ask for, between commas; * stands for any letters. Routes count by their own names.
    #[arg(long, value_parser = options::models)]
    models: Option<options::Models>,
    /// When it ends: in 90d, 12h or 30m, or on a day such as 2027-01-31.
    #[arg(long, value_parser = options::expiry)]
    expires: Option<options::Expiry>,
    /// Prints one JSON object, the key in it.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: Config, command: KeysCommand) -> anyhow::Result<ExitCode> {
    with_store(config, async |store| match command {
        KeysCommand::Create(args) => create(store, args).await,
        KeysCommand::List { json } => list(store, json).await,
        KeysCommand::Revoke { which } => revoke(store, &which).await,
    })
}

async fn create(store: &Store, args: CreateArgs) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let minted = mint().context("the operating system gives no random numbers")?;
    let grant = Grant {
        id: minted.id.as_str().into(),
        name: args.name.as_str().into(),
        models: args.models.map(|models| models.0).unwrap_or_default(),
        rpm: args.rpm,
        tpm: args.tpm,
        budget: args.budget.map(|limit| Budget { limit, period: args.period }),
        expires_at: args.expires.map(|expiry| expiry.from(now)),
    };
    let key = NewKey { grant, hash: minted.hash, prefix: minted.prefix, created_at: now };
    if !store.insert_key(&key).await? {
        bail!("there is a key named `{}` already, or was one: give this one another --name", args.name);
    }
    if args.json {
        let mut out = described(&key.grant, &key.prefix, Some(now));
        out["key"] = minted.key.expose().into();
        println!("{out}");
        return Ok(());
    }
    println!("{}", minted.key.expose());
    eprintln!("This is the key `{}` ({}). It is shown this once, and kept nowhere.", args.name, key.grant.id);
    eprintln!("It allows {}.", allowed(&key.grant));
    Ok(())
}

async fn list(store: &Store, json: bool) -> anyhow::Result<()> {
    let rows = store.keys().await?;
    if json {
        println!("{}", Value::Array(rows.iter().map(listed).collect()));
        return Ok(());
    }
    let mut table = Table::new(["NAME", "ID", "KEY", "ALLOWS", "STATE", "LAST USED"]);
    for row in &rows {
        let key = format!("{}…", row.prefix);
        let used = row.last_used_at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
        let state = state(row, Timestamp::now());
        table.row([row.grant.name.to_string(), row.grant.id.to_string(), key, allowed(&row.grant), state.into(), used]);
    }
    println!("{table}");
    Ok(())
}

async fn revoke(store: &Store, which: &str) -> anyhow::Result<()> {
    match store.revoke_key(which, Timestamp::now()).await? {
        Some(Revoked::Now) => eprintln!("The key `{which}` is revoked."),
        Some(Revoked::Before) => eprintln!("The key `{which}` was revoked before."),
        None => bail!("there is no key of the name or id `{which}`; `keys list` shows those that there are"),
    }
    Ok(())
}

fn state(row: &KeyRow, now: Timestamp) -> &'static str {
    match (row.revoked_at, row.grant.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "expired",
        _ => "good",
    }
}

fn listed(row: &KeyRow) -> Value {
    let mut out = described(&row.grant, &row.prefix, row.created_at);
    out["state"] = state(row, Timestamp::now()).into();
    out["revoked_at"] = time(row.revoked_at);
    out["last_used_at"] = time(row.last_used_at);
    out
}

fn described(grant: &Grant, prefix: &str, created_at: Option<Timestamp>) -> Value {
    json!({
        "id": &*grant.id,
        "name": &*grant.name,
        "prefix": prefix,
        "models": (!grant.models.is_empty()).then_some(&grant.models),
        "rpm": grant.rpm,
        "tpm": grant.tpm,
        "budget_usd": grant.budget.map(|budget| budget.limit.dollars()),
        "budget_period": grant.budget.map(|budget| budget.period.name()),
        "expires_at": time(grant.expires_at),
        "created_at": time(created_at),
    })
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| format!("{at:.3}").into())
}

/// What a key allows, in words.
fn allowed(grant: &Grant) -> String {
    let models = if grant.models.is_empty() { "every model".to_owned() } else { grant.models.join(", ") };
    let rpm = grant.rpm.map(|rpm| format!("{rpm} requests/min"));
    let tpm = grant.tpm.map(|tpm| format!("{tpm} tokens/min"));
    let budget = grant.budget.map(|Budget { limit, period }| match period {
        Period::Total => format!("{limit} USD in total"),
        period => format!("{limit} USD/{}", period.name()),
    });
    let until = grant.expires_at.map(|end| format!("until {end:.0}"));
    std::iter::once(models).chain(rpm).chain(tpm).chain(budget).chain(until).collect::<Vec<_>>().join("; ")
}

impl options::Expiry {
    fn from(self, now: Timestamp) -> Timestamp {
        match self {
            options::Expiry::After(seconds) => now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now),
            options::Expiry::At(at) => at,
        }
    }
}
