//! A link is one provider with one model; a chain is links in order.

use std::sync::Arc;

use tokio::time::Instant;

use super::Provider;

/// One provider with one model.
#[derive(Clone)]
pub struct Link {
    /// The provider, as configured.
    pub provider: Arc<Provider>,
    /// The model that is asked of it.
    pub model: Arc<str>,
    /// Why it cannot serve this request, where that is known beforehand.
    pub unfit: Option<String>,
}

/// Links in the order in which they are tried. Never empty.
#[derive(Clone)]
pub struct Chain {
    /// The links; the first one is what the caller asked for.
    pub links: Vec<Link>,
}

impl Chain {
    /// Why `link` of this chain is to be passed over, where another of its links seems fit. What is known of models may
    /// be wrong: where nobody seems fit, the providers themselves are to say so.
    pub fn unfit<'a>(&self, link: &'a Link) -> Option<&'a str> {
        let somebody_fits = self.links.iter().any(|link| link.unfit.is_none());
        link.unfit.as_deref().filter(|_| somebody_fits)
    }
}

impl Link {
    /// Are these the same provider and model?
    pub fn is(&self, other: &Link) -> bool {
        self.provider.name() == other.provider.name() && self.model == other.model
    }
}

/// What one call of a link goes by.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Is it the chain's first link?
    pub first: bool,
    /// Is there another link that would be called after this one?
    pub more: bool,
    /// When all of it must be over.
    pub deadline: Instant,
}
