//! What a server says beside its answers, passed on to those whom it concerns.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::handler::client::ClientHandler;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ClientResult, CreateMessageRequestParams, CreateMessageResult,
    ElicitRequestParams, ElicitResult, ElicitationCapability, FormElicitationCapability, Implementation,
    ListRootsResult, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ProgressToken,
    ProtocolVersion, RequestId, ResourceUpdatedNotificationParam, RootsCapabilities, SamplingCapability,
    UrlElicitationCapability,
};
use rmcp::service::{InboundStreamOrigin, NotificationContext, RequestContext, RoleClient};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::ask::Ask;
use super::notes::Notes;
use super::{Era, Server, What};

/// The most calls under way at one server, whatever their clients do with their connections.
const MOST: usize = 2048;
/// How long a server waits for a client's word.
const PATIENCE: Duration = Duration::from_secs(600);
/// Notes of progress that may come before it is known which call they belong to.
const EARLY: usize = 64;
/// What a server is told whose question nobody can be asked.
const UNDECLARED: &str = "the client of this call has not declared it";

/// What a server says beside its answers, passed on to those whom it concerns.
pub struct Relay {
    server: Arc<Server>,
    calls: Mutex<Calls>,
    places: Arc<Semaphore>,
    /// The level of log messages that the server was told last.
    pub(in crate::mcp) level: Mutex<Option<LoggingLevel>>,
}

/// The calls that are under way at one connection.
#[derive(Default)]
struct Calls {
    by_id: HashMap<RequestId, Underway>,
    by_token: HashMap<ProgressToken, RequestId>,
    early: VecDeque<ProgressNotificationParam>,
}

/// What a server wants of the client whose call it is.
pub(in crate::mcp) enum Question {
    /// To know something first.
    Ask(Ask, oneshot::Sender<Result<ClientResult, ErrorData>>),
    /// To know something that the client has not declared.
    Lacks(Box<ClientCapabilities>),
}

/// One of them, as far as its server's other words concern it.
#[derive(Clone)]
pub(in crate::mcp) struct Underway {
    pub(in crate::mcp) questions: mpsc::Sender<Question>,
    pub(in crate::mcp) notes: Arc<Notes>,
    pub(in crate::mcp) era: Era,
    /// What its client can be asked.
    pub(in crate::mcp) abilities: Arc<ClientCapabilities>,
    /// From which level on it hears log messages; none where there is no level.
    pub(in crate::mcp) level: Option<LoggingLevel>,
    /// Does it want to know how far the call is?
    pub(in crate::mcp) wants_progress: bool,
    /// How many questions to its client are open.
    pub(in crate::mcp) asking: watch::Sender<usize>,
}

/// A call's place; it is given back when it is dropped.
pub(in crate::mcp) struct Entered<'a> {
    relay: &'a Relay,
    id: RequestId,
    token: ProgressToken,
}

/// A question that is open.
struct Asking(watch::Sender<usize>);

impl Relay {
    /// For one connection to `server`.
    pub fn new(server: Arc<Server>) -> Relay {
        let places = Arc::new(Semaphore::new(MOST));
        Relay { server, calls: Mutex::default(), places, level: Mutex::new(None) }
    }

    /// A place for one more call; `None` where too many are under way.
    pub(in crate::mcp) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Is no call under way?
    pub fn is_idle(&self) -> bool {
        self.calls().by_id.is_empty()
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a call that was sent under `id` and `token`.
    pub(in crate::mcp) fn enter(&self, id: RequestId, token: ProgressToken, underway: Underway) -> Entered<'_> {
        let mut calls = self.calls();
        let (own, others) = calls.early.drain(..).partition(|note| note.progress_token == token);
        calls.early = others;
        let own: VecDeque<ProgressNotificationParam> = own;
        own.into_iter().for_each(|note| underway.hear(note));
        calls.by_token.insert(token.clone(), id.clone());
        calls.by_id.insert(id.clone(), underway);
        drop(calls);
        Entered { relay: self, id, token }
    }

    /// Whose question it is. On HTTP it comes with its call; over a pipe nobody can know, unless there is one call
    /// alone whose client can be asked this.
    fn whose(&self, ask: &Ask, origin: Option<&InboundStreamOrigin>) -> Result<Underway, ErrorData> {
        let calls = self.calls();
        let own = match origin {
            Some(InboundStreamOrigin::OutboundRequest(id)) => calls.by_id.get(id),
            _ => None,
        };
        let of_one = own.or_else(|| calls.by_id.values().next().filter(|_| calls.by_id.len() == 1));
        if let Some(call) = of_one {
            return if ask.suits(&call.abilities) { Ok(call.clone()) } else { Err(call.lacks(ask)) };
        }
        let mut able = calls.by_id.values().filter(|call| ask.suits(&call.abilities));
        let why = match (able.next(), able.next()) {
            (Some(call), None) => return Ok(call.clone()),
            (None, _) if calls.by_id.is_empty() => "no call is under way that this could belong to",
            (None, _) => UNDECLARED,
            (Some(_), Some(_)) => "several calls are under way, and nothing says whose this is",
        };
        Err(ErrorData::invalid_request(format!("{}: {why}", ask.method()), None))
    }

    async fn ask(&self, ask: Ask, context: RequestContext<RoleClient>) -> Result<ClientResult, ErrorData> {
        let call = self.whose(&ask, context.extensions.get())?;
        let (reply, answer) = oneshot::channel();
        let _asking = Asking::begin(&call.asking);
        if call.questions.try_send(Question::Ask(ask, reply)).is_err() {
            return Err(ErrorData::invalid_request("too many questions are open, or the call is over", None));
        }
        tokio::select! {
            answer = answer => answer.unwrap_or_else(|_| Err(ErrorData::invalid_request("the call is over", None))),
            () = context.ct.cancelled() => Err(ErrorData::invalid_request("cancelled", None)),
            () = tokio::time::sleep(PATIENCE) => {
                Err(ErrorData::invalid_request("the client did not answer within 10 minutes", None))
            }
        }
    }

    /// The call that is alone under way.
    fn alone(&self) -> Option<Underway> {
        let calls = self.calls();
        calls.by_id.values().next().filter(|_| calls.by_id.len() == 1).cloned()
    }
}

impl Underway {
    /// Its client cannot be asked this: a modern one is told what it would have to declare.
    fn lacks(&self, ask: &Ask) -> ErrorData {
        if self.era == Era::Modern {
            self.questions.try_send(Question::Lacks(Box::new(ask.needs()))).ok();
        }
        ErrorData::invalid_request(format!("{}: {UNDECLARED}", ask.method()), None)
    }

    fn hear(&self, note: ProgressNotificationParam) {
        if self.wants_progress {
            self.notes.progress(note);
        }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut calls = self.relay.calls();
        calls.by_id.remove(&self.id);
        calls.by_token.remove(&self.token);
    }
}

impl Asking {
    fn begin(count: &watch::Sender<usize>) -> Asking {
        count.send_modify(|count| *count += 1);
        Asking(count.clone())
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl ClientHandler for Relay {
    fn get_info(&self) -> ClientConfig {
        let mut abilities = ClientCapabilities::default();
        // What the client of a call cannot do is refused call by call: a legacy server is told once for all of them.
        abilities.roots = Some(RootsCapabilities::default());
        let mut sampling = SamplingCapability::default();
        sampling.tools = Some(Default::default());
        abilities.sampling = Some(sampling);
        abilities.elicitation = Some(
            ElicitationCapability::new()
                .with_form(FormElicitationCapability::default())
                .with_url(UrlElicitationCapability::default()),
        );
        let name = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        // The version that `initialize` names; a modern server is told another one in each request.
        ClientConfig::new(abilities, name).with_protocol_version(ProtocolVersion::V_2025_11_25)
    }

    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        match self.ask(Ask::Message(Box::new(params)), context).await? {
            ClientResult::CreateMessageResult(result) => Ok(*result),
            _ => Err(nonsense()),
        }
    }

    async fn list_roots(&self, context: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        match self.ask(Ask::Roots, context).await? {
            ClientResult::ListRootsResult(result) => Ok(result),
            _ => Err(nonsense()),
        }
    }

    async fn create_elicitation(
        &self,
        params: ElicitRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        match self.ask(Ask::Elicit(Box::new(params)), context).await? {
            ClientResult::ElicitResult(result) => Ok(result),
            _ => Err(nonsense()),
        }
    }

    async fn on_progress(&self, note: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let mut calls = self.calls();
        match calls.by_token.get(&note.progress_token).and_then(|id| calls.by_id.get(id)) {
            Some(call) => call.hear(note),
            None => {
                if calls.early.len() >= EARLY {
                    calls.early.pop_front();
                }
                calls.early.push_back(note);
            }
        }
    }

    async fn on_logging_message(&self, note: LoggingMessageNotificationParam, _: NotificationContext<RoleClient>) {
        match self.alone() {
            Some(call) => {
                if call.level.is_some_and(|level| note.level as u8 >= level as u8) {
                    call.notes.log(note);
                }
            }
            // It may hold anything: nothing of it is written down.
            None => tracing::debug!(server = %self.server.spec.name, level = ?note.level, "a log message of nobody"),
        }
    }

    async fn on_resource_updated(&self, note: ResourceUpdatedNotificationParam, _: NotificationContext<RoleClient>) {
        self.server.tell(What::Resource(Arc::from(note.uri)));
    }

    async fn on_resource_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.server.is_stale();
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.server.is_stale();
    }

    async fn on_prompt_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.server.is_stale();
    }
}

fn nonsense() -> ErrorData {
    ErrorData::invalid_request("the client answered something else", None)
}
