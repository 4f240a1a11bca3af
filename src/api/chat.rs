//! Asking a model: one handler for every protocol, and for what is asked beside an answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use axum::response::Response;

use super::enter::Entered;
use super::{Api, body, error, reply};
use crate::protocol::Front;
use crate::protocol::anthropic::{self, Anthropic};
use crate::protocol::openai::{OpenAi, embeddings};
use crate::protocol::responses::Responses;
use crate::protocol::scan::{scan, scan_for};

/// An endpoint that asks a model.
pub(super) struct Endpoint {
    /// Its path.
    pub(super) path: &'static str,
    /// What is spoken there.
    front: &'static dyn Front,
    /// What is wanted.
    wanted: Wanted,
}

/// What is wanted of a model.
enum Wanted {
    /// An answer.
    Answer,
    /// The number of the request's tokens.
    Count,
    /// Vectors.
    Vectors,
}

/// Every endpoint that asks a model.
pub(super) static ENDPOINTS: [Endpoint; 5] = [
    Endpoint { path: "/v1/chat/completions", front: &OpenAi, wanted: Wanted::Answer },
    Endpoint { path: "/v1/responses", front: &Responses, wanted: Wanted::Answer },
    Endpoint { path: "/v1/messages", front: &Anthropic, wanted: Wanted::Answer },
    Endpoint { path: "/v1/messages/count_tokens", front: &Anthropic, wanted: Wanted::Count },
    Endpoint { path: "/v1/embeddings", front: &OpenAi, wanted: Wanted::Vectors },
];

/// Answers a request in the protocol of its endpoint.
pub(super) async fn ask(State(api): State<Arc<Api>>, request: Request<Body>, endpoint: &'static Endpoint) -> Response {
    let Endpoint { path, front, wanted } = endpoint;
    let Entered { caller, place } = match api.enter(request.headers(), *front, path) {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let headers = passed(*front, request.headers());
    let bytes = match body::read(request, api.options.longest_body, api.gateway.clock()).await {
        Ok(bytes) => bytes,
        Err(refusal) => return error::turn_away(&api.gateway, *front, &caller, refusal),
    };
    let scanned = match wanted {
        Wanted::Answer => scan(*front, bytes),
        Wanted::Count => scan_for(*front, bytes, anthropic::front::count_facts),
        Wanted::Vectors => scan_for(*front, bytes, embeddings::facts),
    };
    let mut call = match scanned {
        Ok(call) => call,
        Err(bad) => return error::turn_away(&api.gateway, *front, &caller, bad.into()),
    };
    call.headers = headers;
    let answered = match wanted {
        Wanted::Answer => api.gateway.chat(&call, &caller).await,
        Wanted::Count => api.gateway.count(&call, &caller).await,
        Wanted::Vectors => api.gateway.embed(&call, &caller).await,
    };
    match answered {
        Ok(answered) => reply::respond(answered, *front, &caller, place, api.gateway.clock().now()),
        Err(failed) if matches!(wanted, Wanted::Count) => {
            error::respond(*front, &caller, &failed, api.gateway.clock().now())
        }
        Err(failed) => error::unanswered(&api.gateway, &call, *front, &caller, &failed),
    }
}

/// The headers that a provider of the same language gets as they came.
fn passed(front: &dyn Front, headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let all =
        |name: &HeaderName| headers.get_all(name).iter().map(|value| (name.clone(), value.clone())).collect::<Vec<_>>();
    front.passes().iter().flat_map(all).collect()
}
