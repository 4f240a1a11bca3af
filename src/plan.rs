//! Who is asked, in which order, and why. Pure: facts and rules in, a chain out.

pub mod models;
mod names;
pub mod vectors;
pub mod weights;

use std::collections::BTreeMap;

use crate::provider::link::Chain;

/// The operator's rules for text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The model on OpenRouter that stands in for OpenAI's; `None` is the same model.
    pub replace_openai: Option<String>,
    /// The model on OpenRouter that stands in for Claude; `None` is the same model.
    pub replace_claude: Option<String>,
    /// The models on OpenRouter that stand in for every other, in order.
    pub fallback_models: Vec<String>,
    /// The local model.
    pub local_model: String,
    /// The local model that gives vectors, where it is known by name.
    pub embedding_model: Option<String>,
    /// Route names and their models.
    pub routes: BTreeMap<String, Vec<String>>,
}

/// The route that `auto` means.
pub const GENERAL: &str = "general";

/// No link could serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoChain {
    /// No provider is configured at all; these variables would help.
    #[error("No provider is configured: set {}.", .0.join(" or "))]
    NothingConfigured(Vec<&'static str>),
    /// Providers are configured, but none takes this model; these variables would help.
    #[error("No configured provider takes the model `{model}`{}.", would_help(.variables))]
    NoProvider {
        /// The model as the caller wrote it.
        model: String,
        /// Variables that would help; empty where none would.
        variables: Vec<&'static str>,
    },
    /// Vectors were asked for by a name that nobody is known to have vectors for.
    #[error(
        "Nobody is known to give vectors for `{model}`: name a model of OpenAI's (`text-embedding-3-small`), of \
         OpenRouter's (`vendor/model`), or of the local server's (`oss-local/model`, or the one of OSS_EMBEDDING_MODEL)."
    )]
    NoVectors {
        /// The model as the caller wrote it.
        model: String,
    },
}

fn would_help(variables: &[&str]) -> String {
    match variables {
        [] => "; name one of the models of `GET /v1/models`".to_owned(),
        some => format!(": set {}", some.join(" or ")),
    }
}

impl Chain {
    /// The links as `provider:model`, for people and tests.
    pub fn names(&self) -> Vec<String> {
        self.links.iter().map(|link| format!("{}:{}", link.provider.name(), link.model)).collect()
    }
}
