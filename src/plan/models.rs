//! From a model name to a chain.

use std::sync::Arc;

use super::names::{Named, Origin, claude_on_openrouter, named};
use super::{GENERAL, NoChain, Rules};
use crate::domain::Dialect;
use crate::domain::facts::Facts;
use crate::models::Models;
use crate::provider::link::{Chain, Link};
use crate::provider::{Roster, Standing};

/// What a plan is made from.
pub struct Candidates<'a> {
    /// The operator's rules.
    pub rules: &'a Rules,
    /// The providers, configured or not.
    pub roster: &'a Roster,
    /// What is known of models.
    pub models: &'a Models,
    /// The local server's models, as it listed them last.
    pub local: &'a [String],
}

/// The chain for a request: from its model's name, with its own `fallbacks` where it brings them.
///
/// # Errors
/// [`NoChain`], where no configured provider could serve it.
pub fn chain_for(from: &Candidates<'_>, facts: &Facts) -> Result<Chain, NoChain> {
    let mut links = Links::new(from)?;
    let asked = facts.model.as_str();
    match from.rules.routes.get(if asked == "auto" { GENERAL } else { asked }) {
        Some(models) => models.iter().for_each(|model| links.chain_of(model)),
        None => links.chain_of(asked),
    }
    if let Some(fallbacks) = &facts.fallbacks {
        links.truncate(1);
        fallbacks.iter().for_each(|name| links.one(name));
    }
    // An outspoken chain ends where its caller wants it to end.
    if facts.fallbacks.is_none() || links.is_empty() {
        links.mock(asked);
    }
    if links.is_empty() {
        let variables = from.key_variables(links.wanted(asked));
        return Err(NoChain::NoProvider { model: asked.to_owned(), variables });
    }
    links.note_unfit(facts);
    Ok(links.into_chain())
}

impl Candidates<'_> {
    /// Whose a model's name is.
    pub(super) fn named<'b>(&self, name: &'b str) -> Named<'b> {
        let is_local = |name: &str| self.local.iter().any(|id| id == name || id.strip_suffix(":latest") == Some(name));
        named(name, &self.rules.local_model, is_local)
    }

    /// The variables that would configure the providers of `names` (of all, where that is empty) which are not.
    pub(super) fn key_variables(&self, names: &[&str]) -> Vec<&'static str> {
        let missing = self.roster.entries.iter().filter(|entry| names.is_empty() || names.contains(&entry.spec.name));
        missing
            .filter_map(|entry| match entry.standing {
                Standing::Ready(_) => None,
                Standing::Unconfigured(variable) | Standing::Disabled(variable) => Some(variable),
            })
            .collect()
    }
}

/// Links in order, each once.
pub(super) struct Links<'a> {
    pub(super) from: &'a Candidates<'a>,
    links: Vec<Link>,
}

impl<'a> Links<'a> {
    /// None yet.
    ///
    /// # Errors
    /// [`NoChain`], where there can be none, since no provider is configured.
    pub(super) fn new(from: &'a Candidates<'a>) -> Result<Links<'a>, NoChain> {
        match from.roster.ready().next() {
            Some(_) => Ok(Links { from, links: Vec::with_capacity(4) }),
            None => Err(NoChain::NothingConfigured(from.key_variables(&[]))),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.links.truncate(length);
    }

    pub(super) fn into_chain(self) -> Chain {
        Chain { links: self.links }
    }

    /// Adds a link, where its provider is configured.
    pub(super) fn push(&mut self, provider: &str, model: &str) {
        let Some(provider) = self.from.roster.get(provider) else { return };
        let link = Link { provider: provider.clone(), model: Arc::from(model), unfit: None };
        if !self.links.iter().any(|known| known.is(&link)) {
            self.links.push(link);
        }
    }

    pub(super) fn has(&self, provider: &str) -> bool {
        self.from.roster.get(provider).is_some()
    }

    /// The links that a model's name brings: itself, its stand-ins, the local model.
    fn chain_of(&mut self, name: &str) {
        let rules = self.from.rules;
        let Named { origin, model, as_written } = self.from.named(name);
        match origin {
            Origin::OpenAi => {
                self.push("openai", &model);
                let replaced = if self.has("openai") { None } else { as_written.map(str::to_owned) };
                let stand_in = replaced.or_else(|| rules.replace_openai.clone());
                self.push("openrouter", &stand_in.unwrap_or_else(|| format!("openai/{model}")));
            }
            Origin::Anthropic => {
                self.push("anthropic", &model);
                let replaced = if self.has("anthropic") { None } else { as_written.map(str::to_owned) };
                let stand_in = replaced.or_else(|| rules.replace_claude.clone());
                self.push("openrouter", &stand_in.unwrap_or_else(|| claude_on_openrouter(&model)));
            }
            Origin::OpenRouter => {
                self.push("openrouter", &model);
                self.others();
            }
            Origin::Local => {
                self.push("oss-local", &model);
                self.others();
            }
            Origin::Mock => return self.push("mock", &model),
            Origin::Other => self.others(),
        }
        self.push("oss-local", &rules.local_model);
    }

    fn others(&mut self) {
        for model in &self.from.rules.fallback_models {
            self.push("openrouter", model);
        }
    }

    /// The one link that an entry of `fallbacks` names.
    fn one(&mut self, name: &str) {
        let Named { origin, model, as_written } = self.from.named(name);
        let (provider, spelled) = match origin {
            Origin::OpenAi => ("openai", as_written),
            Origin::Anthropic => ("anthropic", as_written),
            Origin::OpenRouter => ("openrouter", None),
            Origin::Local => ("oss-local", None),
            Origin::Mock => ("mock", None),
            Origin::Other => ("openrouter", None),
        };
        match spelled {
            Some(spelled) if !self.has(provider) => self.push("openrouter", spelled),
            _ => self.push(provider, &model),
        }
    }

    /// Adds the mock's link, where the mock is to end every chain.
    pub(super) fn mock(&mut self, asked: &str) {
        let Named { origin, model, .. } = self.from.named(asked);
        let model = if origin == Origin::Mock { model } else { format!("mock-{asked}").into() };
        self.push("mock", &model);
    }

    /// The providers that a name would have needed.
    fn wanted(&self, name: &str) -> &'static [&'static str] {
        match self.from.named(name).origin {
            Origin::OpenAi => &["openai", "openrouter", "oss-local"],
            Origin::Anthropic => &["anthropic", "openrouter", "oss-local"],
            Origin::OpenRouter | Origin::Other | Origin::Local => &["openrouter", "oss-local"],
            Origin::Mock => &["mock"],
        }
    }

    /// Says of each link what it cannot do of what the request needs, where that is known.
    fn note_unfit(&mut self, facts: &Facts) {
        if !facts.vision && !facts.tools && !facts.forced_tools {
            return;
        }
        for (at, link) in self.links.iter_mut().enumerate() {
            let card = self.from.models.card(&link.model);
            // What the very model that was asked for cannot do, its own provider says in the caller's own words.
            let answers_itself = at == 0 && speaks(link, facts.dialect);
            if facts.vision && card.vision == Some(false) {
                link.unfit = Some(format!("{} does not see pictures", link.model));
            } else if facts.tools && card.tools == Some(false) {
                link.unfit = Some(format!("{} does not call tools", link.model));
            } else if facts.forced_tools && !card.forced_tools && !answers_itself {
                link.unfit = Some(format!("{} cannot be made to call a tool", link.model));
            }
        }
    }
}

/// Does the provider of `link` speak `dialect`?
fn speaks(link: &Link, dialect: Dialect) -> bool {
    link.provider.spec.chat.is_some_and(|chat| chat.ways().iter().any(|way| way.back.dialect() == dialect))
}

#[cfg(test)]
mod tests;
