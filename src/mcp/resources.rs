//! The gateway's own resources: `gateway://health`, `gateway://models`, `gateway://config`.

use rmcp::model::{ReadResourceResult, Resource};

use crate::domain::facts::Caller;
use crate::gateway::Gateway;

/// All of them.
pub(super) fn listed() -> Vec<Resource> {
    Vec::new()
}

/// One of them; `None` where it is not one of the gateway's own.
pub(super) async fn read(_uri: &str, _gateway: &Gateway, _caller: &Caller) -> Option<ReadResourceResult> {
    None
}
