//! Who asks: the holder of a client key on HTTP, or of `GATEWAY_API_KEY` on stdio.

use std::sync::Arc;

use rmcp::model::Extensions;

use crate::admit::Stranger;
use crate::domain::facts::Caller;
use crate::gateway::Gateway;
use crate::secret::Secret;

/// The name of stdio's requests in logs, metrics and records.
const STDIO: &str = "mcp";

/// How clients of a front are known.
#[derive(Clone)]
pub enum Door {
    /// Each request was let in before; its [`Caller`] goes with it.
    Http,
    /// One client, which acts for this key; without one nothing bounds it but the operator.
    Stdio(Option<Secret>),
}

impl Door {
    /// Who asks this request.
    ///
    /// # Errors
    /// Why the holder of the key is not let in.
    pub(super) fn caller(&self, gateway: &Gateway, extensions: &Extensions) -> Result<Caller, Stranger> {
        if let Some(caller) =
            extensions.get::<http::request::Parts>().and_then(|parts| parts.extensions.get::<Caller>())
        {
            return Ok(caller.clone());
        }
        let grant = match self {
            Door::Stdio(Some(key)) => gateway.who([key.expose()])?,
            Door::Stdio(None) => None,
            // Nobody is let in who has not passed the door.
            Door::Http => return Err(Stranger::Unknown),
        };
        Ok(Caller {
            request_id: Arc::from(format!("req_{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))),
            key: grant.as_ref().map_or_else(|| Arc::from("stdio"), |grant| grant.name.clone()),
            grant,
            endpoint: STDIO,
            timeout: None,
            caching: None,
            began: gateway.clock().now(),
        })
    }
}
