//! Who may ask, how fast, and for how much.
//!
//! Keys are looked up in memory, and so are their limits: what a request costs is reserved when it comes in and settled
//! when it has ended. Replicas agree by Redis where there is one; without it each holds the limits by itself.

mod account;
mod allowance;
mod follow;
mod keys;
mod ledger;
mod mint;
mod refused;
mod replicas;
mod ticket;
mod usage;
mod window;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::domain::grant::Grant;
use crate::shared::Board;
use crate::store::{Figures, Store};
use account::Account;
pub use allowance::{Allowance, Estimate};
pub use keys::{Digest, Stranger, digest, hex};
use keys::{Known, env_grants};
pub use mint::{Minted, mint};
pub use refused::Refused;
pub use ticket::Ticket;
pub use usage::KeyUsage;

/// The operator's settings.
#[derive(Clone, Default)]
pub struct Options {
    /// The most requests in 60 seconds of a key that has no limit of its own.
    pub rpm: Option<u64>,
    /// The keys of the environment, as digests.
    pub keys: Vec<Digest>,
    /// Can strangers reach this process, although nobody has allowed that everybody may ask?
    pub exposed: bool,
}

/// A file whose presence says that there are, or were, keys in the database: what a process goes by that cannot ask it.
const MARKER: &str = "client-keys-required";

/// Knows every key, and what each has used.
pub struct Admit {
    options: Options,
    clock: Clock,
    store: Option<Store>,
    marker: PathBuf,
    keys: ArcSwap<Known>,
    accounts: RwLock<HashMap<Arc<str>, Arc<Account>>>,
}

impl Admit {
    /// Knows the keys of the environment; those of `store` are read later ([`Admit::load`]). `folder` is where this
    /// process keeps what it has to remember.
    pub fn new(options: Options, folder: PathBuf, store: Option<Store>, clock: Clock) -> Admit {
        let marker = folder.join(MARKER);
        let admit = Admit { options, clock, store, marker, keys: ArcSwap::default(), accounts: RwLock::default() };
        let known = Known::new(env_grants(&admit.options), Vec::new(), |id| admit.account(id));
        let known = known.required(admit.options.exposed);
        let known = match admit.store {
            Some(_) => known.required(admit.marker.exists()).unread(),
            None => known,
        };
        admit.keys.store(Arc::new(known));
        admit
    }

    /// Lets a request in that will use about as much as `estimate`. Replicas agree on that by `board`.
    ///
    /// # Errors
    /// Which of its key's limits stands against it.
    pub async fn enter(&self, grant: &Arc<Grant>, estimate: Estimate, board: &Board) -> Result<Ticket, Refused> {
        let account = self.account(&grant.id);
        let mut ticket = Ticket::take(account, grant, estimate, &self.clock)?;
        if grant.is_limited() && board.is_configured() {
            ticket.agree(board).await?;
        }
        Ok(ticket)
    }

    /// A request of `grant` has ended, and has used so much.
    pub fn ended(&self, grant: Option<&Arc<Grant>>, ticket: Option<Ticket>, used: Figures) {
        match (ticket, grant) {
            (Some(ticket), _) => ticket.settle(used),
            (None, Some(grant)) => self.account(&grant.id).count(grant.period(), self.clock.wall(), used),
            (None, None) => {}
        }
    }

    /// The account of a key, which is opened where there is none.
    fn account(&self, id: &Arc<str>) -> Arc<Account> {
        if let Some(account) = self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return account.clone();
        }
        self.accounts.write().unwrap_or_else(PoisonError::into_inner).entry(id.clone()).or_default().clone()
    }
}
