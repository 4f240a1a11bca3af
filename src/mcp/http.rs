//! MCP over streamable HTTP: one service for all, and one for each other server (docs: protocols/mcp.md, 3).

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::combinators::BoxBody;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::tower::StreamableHttpService;
use tokio_util::sync::CancellationToken;

use super::caller::Door;
use super::handler::Handler;
use super::remembered::Remembered;
use super::sessions::Sessions;
use super::upstream::Server;
use super::{Mcp, Scope};
use crate::domain::facts::Caller;
use crate::gateway::Gateway;

/// What answers requests to one path.
pub struct Service {
    streamable: StreamableHttpService<Handler, Sessions>,
    sessions: Arc<Sessions>,
}

/// The operator's settings of this front.
#[derive(Clone)]
pub struct Options {
    /// The longest request body, in bytes.
    pub longest_body: usize,
    /// Ends every session and stream when it is cancelled.
    pub end: CancellationToken,
}

/// One worker's services: sessions are shared by all workers, and belong to one path each.
pub struct Services {
    all: Service,
    each: Vec<(Arc<Server>, Service)>,
}

impl Services {
    /// The services of one worker.
    pub fn new(mcp: &Arc<Mcp>, gateway: &Arc<Gateway>, options: &Options) -> Services {
        let remembered = Remembered::by(gateway);
        let service = |scope: Scope, sessions: &Arc<Sessions>| {
            let (mcp, gateway) = (mcp.clone(), gateway.clone());
            let factory = move || Ok(Handler::new(mcp.clone(), gateway.clone(), scope.clone(), Door::Http));
            // Hosts and origins are checked before, in words that name the variables to set.
            let mut config = StreamableHttpServerConfig::default()
                .disable_allowed_hosts()
                .with_max_request_body_bytes(options.longest_body)
                .with_cancellation_token(options.end.clone());
            config.session_store = remembered.clone();
            let streamable = StreamableHttpService::new(factory, sessions.clone(), config);
            Service { streamable, sessions: sessions.clone() }
        };
        let each = mcp.servers().all().iter().map(|server| {
            let scope = Scope::One(server.clone());
            (server.clone(), service(scope.clone(), mcp.sessions.of(&scope)))
        });
        Services { each: each.collect(), all: service(Scope::All, mcp.sessions.all()) }
    }

    /// What answers `/mcp`.
    pub fn all(&self) -> &Service {
        &self.all
    }

    /// What answers `/mcp/{name}`; `None` where no server has that name or alias.
    pub fn of(&self, name: &str) -> Option<&Service> {
        self.each.iter().find(|(server, _)| server.spec.is_called(name)).map(|(_, service)| service)
    }
}

/// The header of a legacy session's id (docs: protocols/mcp.md, 3).
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

impl Service {
    /// Answers a request, whose [`Caller`] goes with it. A session of another caller is as unknown as one that never
    /// was.
    pub async fn handle<B>(&self, mut request: Request<B>) -> Response<BoxBody<Bytes, Infallible>>
    where
        B: Body + Send + 'static,
        B::Error: Display,
    {
        let id = request.headers().get(SESSION).and_then(|id| id.to_str().ok());
        let caller = request.extensions().get::<Caller>();
        if id.zip(caller).is_some_and(|(id, caller)| self.sessions.is_anothers(id, caller)) {
            request.headers_mut().insert(SESSION, HeaderValue::from_static("unknown"));
        }
        self.streamable.handle(request).await
    }
}
