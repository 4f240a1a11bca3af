//! Client keys: who is let in, how fast, and for how much.

/// The database goes, or was never there.
mod away;
/// `keys` and `usage`, as an operator types them.
mod commands;
/// Who is let in.
mod entry;
/// Requests and tokens by the minute, budgets, models.
mod limits;
/// Limits that replicas hold together.
mod replicas;
/// What a key, and the operator, learn of what was used.
mod usage;

use std::time::Duration;

use serde_json::Value;

use crate::kit::*;

/// A key that was made.
struct Made {
    key: String,
    id: String,
    all: Value,
}

/// Runs a command of the operator on a database.
async fn command(database: &Database, args: &[&str]) -> Finished {
    args.iter().fold(gateway().command([]), |command, arg| command.arg(arg)).database(database).run().await
}

/// The same, which must go well.
async fn good_command(database: &Database, args: &[&str]) -> Finished {
    let finished = command(database, args).await;
    assert_eq!(finished.code, Some(0), "{args:?}: {finished:?}");
    finished
}

/// Makes a key by the command.
async fn make(database: &Database, name: &str, args: &[&str]) -> Made {
    let args = [&["keys", "create", "--json", "--name", name], args].concat();
    let all: Value = serde_json::from_str(&good_command(database, &args).await.stdout).expect("one JSON object");
    let text = |field: &str| all[field].as_str().expect("text").to_owned();
    Made { key: text("key"), id: text("id"), all }
}

/// A chat with this key.
async fn chat_by(caller: &Caller, key: &str, model: &str) -> Answer {
    caller.request("POST", "/v1/chat/completions").bearer(key).json(&chat(model, "hi")).send().await
}

/// Asks until the answer has this status, which must be soon.
async fn soon(what: &str, status: u16, ask: impl AsyncFn() -> Answer) -> Answer {
    in_time(what, async {
        loop {
            let answer = ask().await;
            if answer.status == status {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}
