//! Paths and methods that are not there.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;

use super::Api;
use super::error::{Refusal, refuse};
use crate::protocol::openai::OpenAi;

/// Any path that is not there.
pub(super) async fn no_such_path(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap) -> Response {
    turn_away(&api, &headers, Refusal::NoSuchPath(uri.path().to_owned()))
}

/// Any method that a path does not take.
pub(super) async fn no_such_method(
    State(api): State<Arc<Api>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    turn_away(&api, &headers, Refusal::NoSuchMethod(uri.path().to_owned(), method))
}

fn turn_away(api: &Api, headers: &HeaderMap, refusal: Refusal) -> Response {
    match api.enter(headers, &OpenAi, "other") {
        Ok(entered) => refuse(&OpenAi, &entered.caller, refusal),
        Err(refused) => *refused,
    }
}
