//! The models on offer: what the healthy providers list, and the route names.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use moka::sync::Cache;

use super::Gateway;
use crate::domain::facts::Caller;
use crate::provider::Provider;

/// How long a provider's list is served before it is asked again.
const FRESH: Duration = Duration::from_secs(300);

/// One model on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name to ask for.
    pub id: String,
    /// The provider that offers it; `gateway` for a route name.
    pub owner: &'static str,
}

/// The lists of providers as they came last.
pub struct Listings(Cache<&'static str, Arc<[String]>>);

impl Default for Listings {
    fn default() -> Listings {
        Listings(Cache::builder().time_to_live(FRESH).max_capacity(64).build())
    }
}

impl Gateway {
    /// The same as far as the caller's key allows it.
    pub async fn list_for(&self, caller: &Caller) -> Vec<Listed> {
        let mut list = self.list().await;
        if let Some(grant) = &caller.grant {
            list.retain(|listed| grant.allows(&listed.id));
        }
        list
    }

    /// What can be asked for by name. A provider that does not answer in time is left out, not waited for.
    pub async fn list(&self) -> Vec<Listed> {
        let routes = self.shared.rules.routes.keys().map(|route| Listed { id: route.clone(), owner: "gateway" });
        let mut list: Vec<Listed> = routes.collect();
        let reports = self.providers();
        let serves = |name| reports.iter().any(|report| report.name == name && report.status.serves());
        let providers: Vec<&Arc<Provider>> =
            self.shared.roster.ready().filter(|provider| serves(provider.name())).collect();
        let offers = join_all(providers.iter().map(|provider| self.offered(provider))).await;
        for (provider, ids) in providers.iter().zip(offers) {
            // An id alone would mean another provider's model, so OpenRouter's and the local ones keep their prefix.
            let listed = ids.iter().map(|id| Listed { id: self.askable(provider, id), owner: provider.name() });
            // A route that bears a model's name stands for it.
            let new: Vec<Listed> = listed.filter(|new| !list.iter().any(|known| known.id == new.id)).collect();
            list.extend(new);
        }
        list
    }

    async fn offered(&self, provider: &Provider) -> Arc<[String]> {
        let known = self.shared.health.models(provider.name());
        if !known.is_empty() {
            return known;
        }
        if let Some(ids) = self.shared.listings.0.get(provider.name()) {
            return ids;
        }
        match self.upstream.list_models(provider).await {
            Ok(ids) => {
                let ids: Arc<[String]> = ids.into();
                self.shared.listings.0.insert(provider.name(), ids.clone());
                ids
            }
            Err(failure) => {
                tracing::warn!(provider = provider.name(), error = failure.message, "the models could not be listed");
                Arc::default()
            }
        }
    }

    /// The name under which `id` is asked of this provider first.
    fn askable(&self, provider: &Provider, id: &str) -> String {
        let facts = crate::domain::facts::Facts { model: id.to_owned(), ..Default::default() };
        let goes_there = self.plan(&facts).ok().and_then(|chain| {
            chain.links.first().map(|link| link.provider.name() == provider.name() && *link.model == *id)
        });
        if goes_there == Some(true) { id.to_owned() } else { format!("{}/{id}", provider.name()) }
    }
}
