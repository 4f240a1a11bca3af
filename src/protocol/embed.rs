//! The provider's side of vectors, where it is not OpenAI's form, which their callers speak; and what no answer of any
//! form may be.

use super::{Unwritable, Written};
use crate::domain::Dialect;
use crate::domain::failure::{Class, Failure};
use crate::domain::vectors::{Answer, Request};

/// What a provider of vectors speaks.
pub trait EmbedBack: Send + Sync {
    /// Its language.
    fn dialect(&self) -> Dialect;

    /// A request for `model`, written.
    ///
    /// # Errors
    /// [`Unwritable`] where it cannot be carried without changing its meaning.
    fn write_request(&self, request: &Request, model: &str) -> Result<Written, Unwritable>;

    /// An answer to a request for `wanted` vectors, read. An error inside an answer of 200 was looked for before.
    ///
    /// # Errors
    /// A [`Failure`] of class `malformed`.
    fn read_answer(&self, body: &[u8], wanted: usize) -> Result<Answer, Failure>;
}

/// A vector that has numbers, and numbers alone.
pub(super) fn sound(vector: Vec<f32>) -> Result<Vec<f32>, Failure> {
    let is_sound = !vector.is_empty() && vector.iter().all(|number| number.is_finite());
    if is_sound { Ok(vector) } else { Err(not_numbers()) }
}

pub(super) fn not_numbers() -> Failure {
    malformed("a vector is empty, or holds what is no number")
}

/// An answer with more or fewer vectors than were asked for: nobody can tell which belongs to what.
pub(super) fn wrong_count(wanted: usize, came: usize) -> Failure {
    malformed(format!("{wanted} vectors were asked for, and {came} came"))
}

pub(super) fn malformed(why: impl Into<String>) -> Failure {
    Failure::after_sending(Class::Malformed, why)
}
