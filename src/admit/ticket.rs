//! Leave to make one request: what it holds is given back or settled, however the request ends.

use std::sync::Arc;

use super::account::Account;
use super::allowance::{Allowance, Estimate, Settled};
use super::refused::Refused;
use super::replicas::Seat;
use crate::clock::Clock;
use crate::domain::grant::Grant;
use crate::domain::money::Usd;
use crate::shared::Board;
use crate::store::Figures;

/// Leave to make one request. Dropped before it is settled, the request has used nothing.
pub struct Ticket {
    account: Arc<Account>,
    grant: Arc<Grant>,
    clock: Clock,
    estimate: Estimate,
    allowance: Allowance,
    /// What other replicas know of it.
    seat: Option<Seat>,
    /// Nothing is held any more.
    over: bool,
}

impl Ticket {
    pub(super) fn take(
        account: Arc<Account>,
        grant: &Arc<Grant>,
        estimate: Estimate,
        clock: &Clock,
    ) -> Result<Ticket, Refused> {
        let allowance = account.enter(grant, estimate, clock.now(), clock.wall())?;
        let (grant, clock) = (grant.clone(), clock.clone());
        Ok(Ticket { account, grant, clock, estimate, allowance, seat: None, over: false })
    }

    /// Asks all replicas for the same leave. Where they cannot be asked, what this process knows decides.
    pub(super) async fn agree(&mut self, board: &Board) -> Result<(), Refused> {
        let wall = self.clock.wall();
        // Not what is known here: of that a part may be on its way to the others, and would be counted twice.
        let recorded = self.account.recorded(self.grant.period(), wall);
        let seat = Seat::new(board, self.estimate, self.clock.clone());
        // Kept before the answer: a caller that hangs up meanwhile gives back what may have been taken.
        let answer = self.seat.insert(seat).take(&self.grant, wall, recorded).await;
        let Some(said) = answer else { return Ok(()) };
        if let Some(spent) = said.spent {
            self.account.learn(self.grant.period(), wall, spent);
        }
        match said.leave {
            Ok(allowance) => {
                self.allowance = allowance;
                Ok(())
            }
            Err(refused) => {
                self.account.undo(&self.grant, self.estimate);
                (self.over, self.seat) = (true, None);
                Err(refused)
            }
        }
    }

    /// What is left of the key's limits behind this request.
    pub fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// The request has ended, and has used so much.
    pub(super) fn settle(mut self, used: Figures) {
        let tokens = used.input_tokens.saturating_add(used.output_tokens);
        self.over = true;
        let (now, wall) = (self.clock.now(), self.clock.wall());
        self.account.settle(&self.grant, Settled { held: self.estimate, used, tokens }, now, wall);
        if let Some(seat) = self.seat.take() {
            seat.settle(&self.grant, used.spent, tokens);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.account.release(self.estimate);
        if let Some(seat) = self.seat.take() {
            seat.settle(&self.grant, Usd::default(), 0);
        }
    }
}
