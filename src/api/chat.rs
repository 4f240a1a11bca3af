//! A chat: one handler for every chat protocol.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::response::Response;

use super::enter::Entered;
use super::{Api, body, error, reply};
use crate::protocol::Front;
use crate::protocol::scan::scan;

/// Answers a chat in the protocol of `front`.
pub(super) async fn chat(
    State(api): State<Arc<Api>>,
    request: Request<Body>,
    front: &'static dyn Front,
    endpoint: &'static str,
) -> Response {
    let Entered { caller, place } = match api.enter(request.headers(), front, endpoint) {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let bytes = match body::read(request, api.options.longest_body, api.gateway.clock()).await {
        Ok(bytes) => bytes,
        Err(refusal) => return error::refuse(front, &caller, refusal),
    };
    let call = match scan(front, bytes) {
        Ok(call) => call,
        Err(bad) => return error::refuse(front, &caller, bad.into()),
    };
    match api.gateway.chat(&call, &caller).await {
        Ok(answered) => reply::respond(answered, &caller, place, api.gateway.clock().now()),
        Err(failed) => error::respond(front, &caller, &failed, api.gateway.clock().now()),
    }
}
