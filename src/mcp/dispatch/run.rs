//! A request from its beginning to its end, in as many rounds as its server and its client need.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{InputRequiredResult, InputResponses, ServerResult};
use rmcp::service::{RequestContext, RoleServer};
use tokio::time::Instant;

use super::attend::{Attended, attend, put_all};
use super::client::Client;
use super::errand::Errand;
use super::failure::Failure;
use super::flight::Flight;
use super::gone::Patience;
use super::level;
use super::parked::{self, Bond};
use crate::domain::facts::Caller;
use crate::gateway::called::Called;
use crate::mcp::Scope;
use crate::mcp::upstream::{Era, Link, Server, Standing};
use crate::mcp::view::View;

/// The most rounds of questions and answers with a modern server for a legacy client.
const ROUNDS: u32 = 10;
/// How long a request waits for a server that is just being connected.
const CONNECTING: Duration = Duration::from_secs(10);

/// A request, by whom and of whom.
pub(super) struct Asked<'a> {
    pub(super) view: &'a View,
    pub(super) caller: &'a Caller,
    pub(super) context: &'a RequestContext<RoleServer>,
    pub(super) server: &'a Arc<Server>,
    pub(super) patience: Patience,
}

/// Does `errand`, or says why not; either way it is told in metrics and records.
pub(super) async fn run(asked: &Asked<'_>, errand: Errand) -> Result<ServerResult, Failure> {
    let (began, method, name) = (Instant::now(), errand.method(), errand.told_name());
    let done = rounds(asked, errand).await;
    if let Err(Failure::Broken(_) | Failure::Unsent(_)) = &done {
        // Whoever keeps the connection may not have seen yet that it is gone.
        asked.server.is_stale();
    }
    asked.view.gateway.called(&Called {
        caller: asked.caller,
        server: &asked.server.spec.name,
        method,
        name: &name,
        outcome: match &done {
            Ok(ServerResult::CallToolResult(result)) if result.is_error == Some(true) => "tool_error",
            Ok(ServerResult::InputRequiredResult(_)) => "input_required",
            Ok(_) => "ok",
            Err(failure) => failure.outcome(),
        },
        duration: began.elapsed(),
    });
    done
}

async fn rounds(asked: &Asked<'_>, mut errand: Errand) -> Result<ServerResult, Failure> {
    let client = Client::of(asked.context, asked.view.level());
    let mut flight = match resumed(asked, &client, &mut errand)? {
        Some(flight) => flight,
        None => asked.begin(&client, &mut errand).await?,
    };
    for round in 0..ROUNDS {
        let result = match attend(&mut flight, asked.context, &asked.patience, client.era).await {
            Attended::Done(result) => *result?,
            Attended::Asks => return asked.park(flight, &errand),
        };
        match result {
            ServerResult::InputRequiredResult(required) if client.era == Era::Legacy => {
                answer(asked, &client, &mut errand, required, round).await?;
                flight = asked.begin(&client, &mut errand).await?;
            }
            result => return Ok(result),
        }
    }
    Err(Failure::Unfit("asks without end".into()))
}

/// Why a server that is not connected is not.
pub(super) fn away(server: &Server) -> Failure {
    match server.standing() {
        Standing::Down { why, again } => Failure::Down { why, again },
        Standing::Starting | Standing::Up(_) => Failure::NotYet,
    }
}

impl<'a> Asked<'a> {
    /// A request that has just come.
    pub(super) fn new(
        view: &'a View,
        caller: &'a Caller,
        context: &'a RequestContext<RoleServer>,
        server: &'a Arc<Server>,
    ) -> Asked<'a> {
        Asked { view, caller, context, server, patience: Patience::of(view, context) }
    }

    async fn begin(&self, client: &Client, errand: &mut Errand) -> Result<Flight, Failure> {
        let link = self.link().await?;
        if link.era == Era::Legacy
            && let Some((responses, state)) = errand.brought()
        {
            // It knows neither. Answers to nothing are no harm; a state was given by somebody for something.
            *responses = None;
            if state.take().is_some() {
                return Err(parked::unknown().into());
            }
        }
        if let Some(level) = client.wish {
            level::ensure(self.server, &link, level).await;
        }
        let servers = self.view.mcp.servers();
        let runtime = servers.runtime().ok_or(Failure::NotYet)?;
        let meta = client.meta(self.context, link.era);
        let limit = self.server.spec.timeout;
        let started = Flight::start(runtime, link, errand.request(), meta, client.behalf.clone(), limit);
        started
            .ok_or_else(|| Failure::Unfit("was not sent: too many calls are under way there; try again shortly".into()))
    }

    /// The connection, for which a server that has just been started is given some time.
    async fn link(&self) -> Result<Arc<Link>, Failure> {
        let until = Instant::now() + CONNECTING.min(self.server.spec.timeout);
        let mut standing = self.server.watch();
        loop {
            match standing.borrow_and_update().clone() {
                Standing::Up(link) if !link.peer.is_transport_closed() => return Ok(link),
                Standing::Down { why, again } => return Err(Failure::Down { why, again }),
                Standing::Up(_) | Standing::Starting => {}
            }
            tokio::select! {
                changed = tokio::time::timeout_at(until, standing.changed()) => match changed {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return Err(away(self.server)),
                },
                () = self.patience.ends() => return Err(Failure::Gone),
            }
        }
    }

    fn bond(&self, errand: &Errand) -> Bond {
        Bond {
            key: self.caller.key.clone(),
            server: self.server.spec.name.clone(),
            alone: matches!(self.view.scope, Scope::One(_)),
            request: errand.digest(),
        }
    }

    /// Has a modern client answer: the request goes on when it comes back.
    fn park(&self, flight: Flight, errand: &Errand) -> Result<ServerResult, Failure> {
        let asks = flight.open.iter().map(|open| (open.key.clone(), open.ask.to_input())).collect();
        let mcp = &self.view.mcp;
        let runtime = mcp.servers().runtime().ok_or(Failure::NotYet)?;
        let state = mcp
            .parked
            .park(runtime, flight, self.bond(errand))
            .ok_or_else(|| Failure::Unfit("asks its client, and too many calls wait for their clients".into()))?;
        Ok(ServerResult::InputRequiredResult(InputRequiredResult::new(Some(asks), Some(state))))
    }
}

/// The call that a modern client comes back to, with its answers given.
fn resumed(asked: &Asked<'_>, client: &Client, errand: &mut Errand) -> Result<Option<Flight>, Failure> {
    let bond = asked.bond(errand);
    let waiting = &asked.view.mcp.parked;
    let Some((responses, state)) = errand.brought() else { return Ok(None) };
    let Some(state) = state.as_ref().filter(|state| client.era == Era::Modern && waiting.knows(state)) else {
        return Ok(None);
    };
    let mut given: InputResponses = responses.take().unwrap_or_default();
    let mut answers = HashMap::new();
    let mut flight = waiting.take(state, &bond, |flight| {
        for open in &flight.open {
            if let Some(answer) = given.remove(&open.key) {
                answers.insert(open.key.clone(), open.ask.read(&open.key, answer)?);
            }
        }
        Ok(())
    })?;
    for open in std::mem::take(&mut flight.open) {
        match answers.remove(&open.key) {
            Some(answer) => {
                open.reply.send(Ok(answer)).ok();
            }
            None => flight.open.push(open),
        }
    }
    Ok(Some(flight))
}

/// Has a legacy client answer what a modern server wants to know, for the next round.
async fn answer(
    asked: &Asked<'_>,
    client: &Client,
    errand: &mut Errand,
    required: InputRequiredResult,
    round: u32,
) -> Result<(), Failure> {
    let asks = required.input_requests.unwrap_or_default();
    if asks.is_empty() {
        // There is nothing to answer but a state to bring back: the server wants to be asked again later.
        tokio::time::sleep(Duration::from_millis(50 << round.min(3))).await;
    }
    let answers = put_all(asked.context, &asked.patience, &client.behalf.abilities, asks).await?;
    let Some((responses, state)) = errand.brought() else { return Err(Failure::Nonsense) };
    *responses = (!answers.is_empty()).then_some(answers);
    *state = required.request_state;
    Ok(())
}
