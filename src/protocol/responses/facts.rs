//! What a plan must know of a Responses request, and the types of the fields that stand at its top.

use super::super::call::Call;
use super::super::{BadRequest, own};
use crate::domain::facts::Facts;

/// Reads the facts of a request.
pub(super) fn facts(call: &Call) -> Result<Facts, BadRequest> {
    Ok(Facts { model: own::model(call)?, fallbacks: own::fallbacks(call)?, choices: 1, ..Facts::default() })
}
