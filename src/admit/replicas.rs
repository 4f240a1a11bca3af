//! Limits that all replicas hold together, by Redis: one step of it when a request comes, one when it has ended.

use std::time::Duration;

use jiff::Timestamp;

use super::allowance::{Allowance, Estimate};
use super::refused::Refused;
use crate::clock::Clock;
use crate::domain::grant::Grant;
use crate::domain::money::Usd;
use crate::shared::{Board, Script};

/// Checks every limit and takes from each, or takes nothing.
static ENTER: Script = Script::new(include_str!("replicas/enter.lua"));
/// Puts what was used in the place of what was held.
static SETTLE: Script = Script::new(include_str!("replicas/settle.lua"));

/// The longest that something is held for a request whose replica does not come back.
const HELD_FOR: Duration = Duration::from_secs(900);

/// A request's place among those under way of all replicas.
pub(super) struct Seat {
    board: Board,
    clock: Clock,
    number: i64,
    estimate: Estimate,
}

/// What the replicas' common state says.
pub(super) struct Said {
    /// May the request be made?
    pub(super) leave: Result<Allowance, Refused>,
    /// What all of them know to be spent in the period.
    pub(super) spent: Option<Usd>,
}

impl Seat {
    pub(super) fn new(board: &Board, estimate: Estimate, clock: Clock) -> Seat {
        Seat { board: board.clone(), clock, number: fastrand::i64(0..i64::MAX), estimate }
    }

    /// Asks for leave, where at least as much is spent as is `recorded`. `None` where Redis is away.
    pub(super) async fn take(&self, grant: &Grant, wall: Timestamp, recorded: Usd) -> Option<Said> {
        let limit = |limit: Option<u64>| limit.map_or(-1, number);
        let keys = keys(grant, wall);
        let arguments = [
            wall.as_millisecond(),
            limit(grant.rpm),
            limit(grant.tpm),
            grant.budget.map_or(-1, |budget| budget.limit.0),
            number(self.estimate.tokens),
            self.estimate.cost.0,
            recorded.0,
            self.number,
            number(u64::try_from(HELD_FOR.as_millis()).unwrap_or_default()),
        ];
        let answer = self.board.run(&ENTER, &keys.each_ref().map(String::as_str), &arguments).await?;
        let &[verdict, wait, requests, tokens, spent] = answer.as_slice() else { return None };
        let left = |limit: u64, used: i64| (limit, limit.saturating_sub(count(used)));
        let wait = Duration::from_millis(count(wait));
        let leave = match (verdict, grant.rpm, grant.tpm, grant.budget) {
            (1, Some(limit), ..) => Err(Refused::Requests { limit, wait }),
            (2, _, Some(limit), _) => Err(Refused::Tokens { limit, wait }),
            (3, _, _, Some(budget)) => Err(Refused::budget(budget, wall, Usd(spent))),
            _ => Ok(Allowance {
                requests: grant.rpm.map(|limit| left(limit, requests)),
                tokens: grant.tpm.map(|limit| left(limit, tokens)),
            }),
        };
        Some(Said { leave, spent: grant.budget.map(|_| Usd(spent)) })
    }

    /// The request has ended. Told behind it: nobody waits for this.
    pub(super) fn settle(self, grant: &Grant, spent: Usd, tokens: u64) {
        if grant.tpm.is_none() && grant.budget.is_none() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let wall = self.clock.wall();
        let keys = keys(grant, wall);
        let arguments = [
            wall.as_millisecond(),
            self.number,
            number(self.estimate.tokens),
            self.estimate.cost.0,
            number(if grant.tpm.is_some() { tokens } else { 0 }),
            if grant.budget.is_some() { spent.0 } else { 0 },
        ];
        runtime.spawn(async move {
            self.board.run(&SETTLE, &keys.each_ref().map(String::as_str), &arguments).await;
        });
    }
}

/// Where a key's state stands: in one slot of a cluster.
fn keys(grant: &Grant, wall: Timestamp) -> [String; 5] {
    let period = grant.period();
    let from = period.stretch(wall).from.strftime("%Y-%m-%d");
    let id = &grant.id;
    [
        format!("amg:limit:{{{id}}}:requests"),
        format!("amg:limit:{{{id}}}:tokens"),
        format!("amg:limit:{{{id}}}:under-way"),
        format!("amg:limit:{{{id}}}:held"),
        format!("amg:limit:{{{id}}}:spent:{}:{from}", period.name()),
    ]
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
