//! The gateway's own resources: `gateway://health`, `gateway://models`, `gateway://config`.

use rmcp::model::{ReadResourceResult, Resource, ResourceContents};
use serde_json::{Value, json};

use crate::domain::facts::Caller;
use crate::gateway::Gateway;

/// What all of them are.
const JSON: &str = "application/json";

/// One of the gateway's own resources.
struct Own {
    uri: &'static str,
    name: &'static str,
    title: &'static str,
    description: &'static str,
}

const HEALTH: &str = "gateway://health";
const MODELS: &str = "gateway://models";
const CONFIG: &str = "gateway://config";

/// Every one, in the order in which they are listed.
static ALL: [Own; 3] = [
    Own {
        uri: HEALTH,
        name: "health",
        title: "Health",
        description: "How each provider is believed to be, and the database and Redis.",
    },
    Own {
        uri: MODELS,
        name: "models",
        title: "Models",
        description: "The models and routes that can be asked for by name.",
    },
    Own {
        uri: CONFIG,
        name: "config",
        title: "Configuration",
        description: "Which providers are configured, the routes, and the limits of a request. No secrets.",
    },
];

/// All of them.
pub(super) fn listed() -> Vec<Resource> {
    let told = |own: &Own| {
        let resource = Resource::new(own.uri, own.name).with_title(own.title);
        resource.with_description(own.description).with_mime_type(JSON)
    };
    ALL.iter().map(told).collect()
}

/// One of them; `None` where it is not one of the gateway's own.
pub(super) async fn read(uri: &str, gateway: &Gateway, caller: &Caller) -> Option<ReadResourceResult> {
    let value = match uri {
        HEALTH => gateway.told_health(),
        MODELS => {
            let list = gateway.list_for(caller).await;
            let models = list.iter().map(|model| json!({"id": model.id, "owned_by": model.owner}));
            json!({"models": models.collect::<Vec<Value>>()})
        }
        CONFIG => gateway.settings(),
        _ => return None,
    };
    let contents = ResourceContents::text(value.to_string(), uri).with_mime_type(JSON);
    Some(ReadResourceResult::new(vec![contents]))
}
