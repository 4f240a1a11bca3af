//! The product as an interface: what a front may ask for. Fronts call this, and nothing below it.

mod admission;
mod answer;
mod cached;
pub mod called;
mod chat;
mod checks;
mod count;
mod embed;
mod error;
pub mod events;
pub mod flags;
pub mod listing;
mod live;
mod record;
pub mod replicas;
mod resume;
pub mod route;
mod sessions;
mod settings;
pub mod status;
pub mod stream;
mod ties;
mod usage;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::admit::{Admit, Allowance};
use crate::cache::Cache;
use crate::chain::{Conditions, RetryBudget};
use crate::clock::Clock;
use crate::domain::attempt::Attempt;
use crate::domain::chat::Usage;
use crate::domain::facts::{Caller, Facts};
use crate::domain::money::Usd;
use crate::health::Health;
use crate::models::{Card, Models};
use crate::plan::models::{Candidates, chain_for};
use crate::plan::{NoChain, Rules};
use crate::provider::link::Chain;
use crate::provider::{Roster, mock};
use crate::record::Recorder;
use crate::shared::Board;
use crate::store::Store;
use crate::upstream::Upstream;
use crate::upstream::reply::Reply;
pub use error::GatewayError;
pub use flags::Flags;
pub use listing::Listings;
pub use stream::Stream;

/// The operator's bounds of one request.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// More tries on a link after a transient failure.
    pub retries: u32,
    /// The longest wait that a provider may ask for and be granted.
    pub longest_wait: Duration,
    /// The whole request, all links together.
    pub timeout: Duration,
    /// Does another link go on with a plain text whose stream broke?
    pub resume: bool,
}

/// What all workers of this process share.
pub struct Shared {
    /// The operator's rules for text.
    pub rules: Rules,
    /// The providers, configured or not.
    pub roster: Roster,
    /// What is known of models.
    pub models: Arc<Models>,
    /// What is believed of providers and links.
    pub health: Health,
    /// Bounds the retries of the whole process.
    pub budget: RetryBudget,
    /// The models that providers list.
    pub listings: Listings,
    /// The operator's bounds.
    pub options: Options,
    /// What operators change while it runs.
    pub flags: Flags,
    /// Keeps what happened.
    pub recorder: Recorder,
    /// The database, where there is one.
    pub store: Option<Store>,
    /// Answers kept for requests that ask the same.
    pub cache: Cache<GatewayError>,
    /// Client keys and their limits.
    pub admit: Admit,
    /// Tells the time.
    pub clock: Clock,
}

/// What a front may ask for. One for each worker; they share all but their connections.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    upstream: Arc<Upstream>,
    /// What replicas share, by this worker's own connection.
    board: Board,
}

/// An answer, and how it came about.
pub struct Answered {
    /// The answer, in the caller's protocol.
    pub reply: Reply<Stream>,
    /// Who served.
    pub provider: &'static str,
    /// The model that was asked of it.
    pub model: Arc<str>,
    /// Every link that took part.
    pub attempts: Vec<Attempt>,
    /// Why the chain's first link did not serve: `openai:auth`.
    pub fallback: Option<String>,
    /// What it cost, where that is known already.
    pub cost: Option<Usd>,
    /// Did the answer come from the cache? `None` where that took no part.
    pub cached: Option<bool>,
    /// What is left of the client key's limits, where it has any.
    pub allowance: Allowance,
    /// When the request began.
    pub began: Instant,
    /// Of the time since then, what was spent on providers.
    pub upstream: Duration,
}

/// A rule from facts to a chain.
type ChainFor = fn(&Candidates<'_>, &Facts) -> Result<Chain, NoChain>;

impl Shared {
    fn cost(&self, provider: &str, model: &str, usage: &Usage) -> Option<Usd> {
        if provider == mock::SPEC.name {
            return None;
        }
        let told = usage.cost.and_then(Usd::from_dollars);
        told.or_else(|| self.models.card(model).cost(usage))
    }
}

impl Gateway {
    /// A worker's own gateway.
    pub fn new(shared: Arc<Shared>, upstream: Upstream, board: Board) -> Gateway {
        Gateway { shared, upstream: Arc::new(upstream), board }
    }

    /// Tells the time.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// What is known of a model.
    pub fn card(&self, model: &str) -> Card {
        self.shared.models.card(model)
    }

    /// The chain that a request would take.
    ///
    /// # Errors
    /// Where nobody could serve it.
    fn plan(&self, facts: &Facts) -> Result<Chain, NoChain> {
        self.plan_by(chain_for, facts)
    }

    fn plan_by(&self, chain_for: ChainFor, facts: &Facts) -> Result<Chain, NoChain> {
        let shared = &self.shared;
        let local = shared.health.models("oss-local");
        let from = Candidates { rules: &shared.rules, roster: &shared.roster, models: &shared.models, local: &local };
        chain_for(&from, facts)
    }

    /// What `usage` of `model` cost: what `provider` says, else by the table. The mock costs nothing and is not counted.
    pub fn cost(&self, provider: &str, model: &str, usage: &Usage) -> Option<Usd> {
        self.shared.cost(provider, model, usage)
    }

    fn conditions<'a>(&'a self, caller: &'a Caller, began: Instant) -> Conditions<'a> {
        let Shared { health, budget, clock, options, .. } = &*self.shared;
        let shortened = caller.timeout.is_some_and(|timeout| timeout < options.timeout);
        let timeout = caller.timeout.unwrap_or(options.timeout).min(options.timeout);
        Conditions {
            health,
            budget,
            clock,
            deadline: began + timeout,
            shortened,
            retries: options.retries,
            longest_wait: options.longest_wait,
            request_id: &caller.request_id,
            onlooker: caller.onlooker.as_deref(),
        }
    }
}
