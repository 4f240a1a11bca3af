//! Who asks: the holder of a client key on HTTP, or of `GATEWAY_API_KEY` on stdio.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::Extensions;

use crate::admit::Stranger;
use crate::domain::facts::Caller;
use crate::domain::grant::Grant;
use crate::gateway::Gateway;
use crate::secret::Secret;

/// The name of stdio's requests in logs, metrics and records.
const STDIO: &str = "mcp";
/// How long a request on stdio waits for the keys of a database that has not been read yet.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause between two looks whether it has been.
const PAUSE: Duration = Duration::from_millis(20);

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
    pub(super) async fn caller(&self, gateway: &Gateway, extensions: &Extensions) -> Result<Caller, Stranger> {
        if let Some(caller) =
            extensions.get::<http::request::Parts>().and_then(|parts| parts.extensions.get::<Caller>())
        {
            return Ok(caller.clone());
        }
        let grant = match self {
            Door::Stdio(Some(key)) => holder(gateway, key).await?,
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
            onlooker: None,
        })
    }
}

/// Who holds `key`. A client talks as soon as the process has started, when its database may not have been read.
async fn holder(gateway: &Gateway, key: &Secret) -> Result<Option<Arc<Grant>>, Stranger> {
    let until = gateway.clock().now() + PATIENCE;
    loop {
        match gateway.who([key.expose()]) {
            Err(Stranger::Unreachable) if gateway.clock().now() < until => gateway.clock().sleep(PAUSE).await,
            known => return known,
        }
    }
}
