//! A request under way at another server: sent and watched on the runtime where connections live.

use std::sync::Arc;
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{ClientCapabilities, ClientRequest, ClientResult, LoggingLevel, RequestMetaObject, ServerResult};
use rmcp::service::{PeerRequestOptions, RequestHandle, RoleClient, ServiceError};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::failure::Failure;
use crate::mcp::upstream::ask::Ask;
use crate::mcp::upstream::notes::Notes;
use crate::mcp::upstream::relay::{Question, Underway};
use crate::mcp::upstream::{Era, Link};

/// Questions that may wait for a client at once.
const QUESTIONS: usize = 16;
/// How long a server may take to read that a request is cancelled.
const CANCELLING: Duration = Duration::from_secs(5);

/// What has come of a request.
pub(super) type Done = Result<Box<ServerResult>, Failure>;

/// A request under way. Dropping it cancels it.
pub(in crate::mcp) struct Flight {
    /// What its server wants of its client.
    pub(super) questions: mpsc::Receiver<Question>,
    /// What has come of it, once it is over.
    pub(super) done: oneshot::Receiver<Done>,
    pub(super) notes: Arc<Notes>,
    /// Questions that a modern client was asked, or is to be asked.
    pub(super) open: Vec<Open>,
    /// How many questions there were, which numbers them.
    pub(super) asked: usize,
    _cancel: DropGuard,
}

/// A question that waits for a modern client.
pub(super) struct Open {
    pub(super) key: String,
    pub(super) ask: Ask,
    pub(super) reply: oneshot::Sender<Result<ClientResult, ErrorData>>,
}

/// What is known of the client for which a request is sent.
#[derive(Clone)]
pub(super) struct Behalf {
    pub(super) era: Era,
    /// What it can be asked.
    pub(super) abilities: Arc<ClientCapabilities>,
    /// From which level on it hears log messages.
    pub(super) level: Option<LoggingLevel>,
    /// Does it want to know how far the call is?
    pub(super) wants_progress: bool,
}

impl Flight {
    /// Sends `request` over `link`, from a task of `runtime`. It may take `limit`, beside the time that the client
    /// takes for its answers. `None` where too many are under way there.
    pub(super) fn start(
        runtime: &Handle,
        link: Arc<Link>,
        request: ClientRequest,
        meta: RequestMetaObject,
        behalf: Behalf,
        limit: Duration,
    ) -> Option<Flight> {
        let place = link.relay.place()?;
        let (asking, questions) = mpsc::channel(QUESTIONS);
        let (telling, done) = oneshot::channel();
        let notes = Arc::new(Notes::default());
        let cancelled = CancellationToken::new();
        let underway = Underway {
            questions: asking,
            notes: notes.clone(),
            abilities: behalf.abilities,
            era: behalf.era,
            level: behalf.level,
            wants_progress: behalf.wants_progress,
            asking: watch::Sender::new(0),
        };
        let driving = drive(link, request, meta, underway, limit, cancelled.clone());
        runtime.spawn(async move {
            if let Some(done) = driving.await {
                telling.send(done).ok();
            }
            drop(place);
        });
        Some(Flight { questions, done, notes, open: Vec::new(), asked: 0, _cancel: cancelled.drop_guard() })
    }
}

#[cfg(test)]
impl Flight {
    /// A request of which nothing comes, and what tells that it was cancelled.
    pub(in crate::mcp) fn idle() -> (Flight, CancellationToken) {
        let cancelled = CancellationToken::new();
        let ((_, questions), (_, done)) = (mpsc::channel(1), oneshot::channel());
        let _cancel = cancelled.clone().drop_guard();
        (Flight { questions, done, notes: Arc::default(), open: Vec::new(), asked: 0, _cancel }, cancelled)
    }
}

/// Sends a request and waits for what comes of it; `None` where its client does not want to know any more.
async fn drive(
    link: Arc<Link>,
    request: ClientRequest,
    meta: RequestMetaObject,
    underway: Underway,
    limit: Duration,
    cancelled: CancellationToken,
) -> Option<Done> {
    let mut clock = Stopwatch { until: Instant::now() + limit, asking: underway.asking.subscribe() };
    let options = PeerRequestOptions::no_options().with_meta(meta);
    let sent = tokio::select! {
        biased;
        () = cancelled.cancelled() => return None,
        sent = link.peer.send_request_with_option(request, options) => sent,
        () = clock.run_out() => return Some(Err(Failure::Late(limit))),
    };
    let mut handle = match sent {
        Ok(handle) => handle,
        Err(error) => return Some(Err(Failure::Unsent(error.to_string().into()))),
    };
    let entered = link.relay.enter(handle.id.clone(), handle.progress_token.clone(), underway);
    let (done, why) = tokio::select! {
        biased;
        answer = &mut handle.rx => return Some(result(answer)),
        () = cancelled.cancelled() => (None, "the client has cancelled"),
        () = clock.run_out() => (Some(Err(Failure::Late(limit))), "it took too long"),
    };
    drop(entered);
    tokio::spawn(cancel(handle, why));
    done
}

async fn cancel(handle: RequestHandle<RoleClient>, reason: &'static str) {
    tokio::time::timeout(CANCELLING, handle.cancel(Some(reason.to_owned()))).await.ok();
}

fn result(answer: Result<Result<ServerResult, ServiceError>, oneshot::error::RecvError>) -> Done {
    match answer {
        Ok(Ok(result)) => Ok(Box::new(result)),
        Ok(Err(ServiceError::McpError(error))) => Err(Failure::Refused(error)),
        Ok(Err(ServiceError::TransportClosed)) | Err(_) => Err(Failure::Broken("it was closed".into())),
        // Its own words may hold the address, and that a key.
        Ok(Err(ServiceError::TransportSend(_))) => Err(Failure::Broken("it could not be delivered".into())),
        Ok(Err(error)) => Err(Failure::Broken(error.to_string().into())),
    }
}

/// Time that runs while no question to the client is open.
struct Stopwatch {
    until: Instant,
    asking: watch::Receiver<usize>,
}

impl Stopwatch {
    async fn run_out(&mut self) {
        loop {
            if *self.asking.borrow_and_update() == 0 {
                tokio::select! {
                    () = tokio::time::sleep_until(self.until) => return,
                    changed = self.asking.changed() => if changed.is_err() {
                        return tokio::time::sleep_until(self.until).await;
                    },
                }
            } else {
                let began = Instant::now();
                let stopped = self.asking.wait_for(|asking| *asking == 0).await.is_err();
                self.until += began.elapsed();
                if stopped {
                    return tokio::time::sleep_until(self.until).await;
                }
            }
        }
    }
}
