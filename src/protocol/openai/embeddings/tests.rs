//! Requests for vectors, good and bad; answers as they come and as they were asked for.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::OpenAi;
use super::*;
use crate::domain::chat::Usage;
use crate::domain::failure::Class;
use crate::domain::vectors::{Answer, Encoding, Input, Request};
use crate::protocol::BadRequest;
use crate::protocol::scan::scan_for;

mod answers;
mod requests;

/// A request, as the front reads it.
fn request(body: &str) -> Result<Request, BadRequest> {
    read(&scan_for(&OpenAi, Bytes::from(body.to_owned()), facts)?)
}

/// A request for so many vectors.
fn ask(count: usize, encoding: Encoding) -> Request {
    let input = Input::Texts(vec!["x".to_owned(); count]);
    Request { input, dimensions: None, encoding, user: None, rest: Default::default() }
}
