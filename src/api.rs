//! The HTTP front: every route in one function, grouped by who calls it.

pub mod accept;
mod auth;
mod body;
mod chat;
mod enter;
mod error;
mod events;
mod headers;
mod health;
mod linger;
mod mcp;
mod models;
mod patient;
mod reply;
mod route;
mod stray;
mod usage;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::http::HeaderValue;
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use tokio::sync::Notify;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use crate::gateway::Gateway;
use crate::mcp::http::Services;
use crate::telemetry::metrics::METRICS;
pub use mcp::Visitors;

/// The operator's settings of this front.
#[derive(Clone)]
pub struct Options {
    /// The longest request body, in bytes.
    pub longest_body: usize,
    /// The most requests under way at once, over all workers.
    pub most_requests: usize,
    /// Origins that browsers may call from.
    pub cors: Cors,
    /// Who may call `/mcp`.
    pub visitors: Visitors,
}

/// Origins that browsers may call from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// None: no CORS headers are sent.
    Off,
    /// Every one.
    Any,
    /// These.
    Only(Vec<HeaderValue>),
}

/// What all workers' fronts share.
#[derive(Default)]
pub struct Load {
    /// Requests under way.
    under_way: AtomicUsize,
    /// The last request under way has ended.
    idle: Notify,
    /// Is this process about to end?
    draining: AtomicBool,
}

impl Load {
    /// From now on this process is about to end: `/health/ready` says so, and no connection is kept after its answer.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Waits until no request is under way.
    pub async fn idle(&self) {
        loop {
            let mut idle = pin!(self.idle.notified());
            idle.as_mut().enable();
            if self.under_way.load(Ordering::SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// One worker's front.
struct Api {
    gateway: Arc<Gateway>,
    mcp: Services,
    options: Options,
    load: Arc<Load>,
}

/// Every route.
pub fn router(gateway: Arc<Gateway>, mcp: Services, options: Options, load: Arc<Load>) -> Router {
    let cors = cors(&options.cors);
    let api = Arc::new(Api { gateway, mcp, options, load });
    let asking = chat::ENDPOINTS.iter().fold(Router::new(), |routes, endpoint| {
        routes.route(endpoint.path, post(|api, request| chat::ask(api, request, endpoint)))
    });
    let routes = asking
        // clients of models
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::one))
        .route("/v1/route", post(route::route))
        .route("/api/events", post(events::take))
        .route("/v1/usage", get(usage::own))
        // clients of MCP
        .route("/mcp", any(mcp::all))
        .route("/mcp/{server}", any(mcp::one))
        // those who watch over the process
        .route("/health", get(health::whole))
        .route("/health/ready", get(health::ready))
        .route("/health/readiness", get(health::ready))
        .route("/readyz", get(health::ready))
        .route("/health/live", get(health::live))
        .route("/health/liveliness", get(health::live))
        .route("/healthz", get(health::live))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(description))
        // nobody
        .fallback(stray::no_such_path)
        .method_not_allowed_fallback(stray::no_such_method)
        .with_state(api);
    // Outermost, so that errors too carry what a browser needs to show them.
    match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    }
}

async fn metrics() -> impl IntoResponse {
    const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(axum::http::header::CONTENT_TYPE, KIND)], METRICS.text())
}

/// All of the above in a machine's words.
async fn description() -> impl IntoResponse {
    ([(axum::http::header::CONTENT_TYPE, "application/json")], include_str!("api/openapi.json"))
}

fn cors(cors: &Cors) -> Option<CorsLayer> {
    let origins = match cors {
        Cors::Off => return None,
        Cors::Any => AllowOrigin::any(),
        Cors::Only(origins) => AllowOrigin::list(origins.iter().cloned()),
    };
    // `*` would leave out `Authorization`, which browsers want named.
    let headers = AllowHeaders::mirror_request();
    Some(CorsLayer::new().allow_origin(origins).allow_methods(Any).allow_headers(headers).expose_headers(Any))
}
