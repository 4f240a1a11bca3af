//! What a plan must know of a Messages request, and the types of the fields that stand at its top.

use crate::domain::facts::Facts;
use crate::protocol::call::Call;
use crate::protocol::{BadRequest, own};

/// Reads the facts of a request.
pub(super) fn facts(call: &Call) -> Result<Facts, BadRequest> {
    Ok(Facts { model: own::model(call)?, fallbacks: own::fallbacks(call)?, choices: 1, ..Facts::default() })
}
