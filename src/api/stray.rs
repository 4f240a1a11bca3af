//! Paths and methods that are not there.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;

use super::Api;
use super::error::{Refusal, refuse};
use crate::protocol::Front;
use crate::protocol::anthropic::Anthropic;
use crate::protocol::openai::OpenAi;

/// Any path that is not there.
pub(super) async fn no_such_path(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap) -> Response {
    turn_away(&api, &headers, uri.path(), Refusal::NoSuchPath(uri.path().to_owned()))
}

/// Any method that a path does not take.
pub(super) async fn no_such_method(
    State(api): State<Arc<Api>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    turn_away(&api, &headers, uri.path(), Refusal::NoSuchMethod(uri.path().to_owned(), method))
}

fn turn_away(api: &Api, headers: &HeaderMap, path: &str, refusal: Refusal) -> Response {
    let is_claudes = path == "/v1/messages" || path.starts_with("/v1/messages/");
    let front = if is_claudes { &Anthropic as &dyn Front } else { spoken(headers) };
    match api.enter(headers, front, "other") {
        Ok(entered) => refuse(front, &entered.caller, refusal),
        Err(refused) => *refused,
    }
}

/// What the caller of a path that several protocols share speaks: Anthropic's clients always say their version
/// (docs: protocols/translation.md, 6).
pub(super) fn spoken(headers: &HeaderMap) -> &'static dyn Front {
    if headers.contains_key("anthropic-version") { &Anthropic } else { &OpenAi }
}
