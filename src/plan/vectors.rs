//! From a model's name to a chain for vectors. Two models' vectors cannot be compared, so nobody stands in for a model
//! unless somebody has said that it is the same.

use super::models::{Candidates, Links};
use super::names::{Named, Origin};
use super::{GENERAL, NoChain};
use crate::domain::facts::Facts;
use crate::provider::link::Chain;

/// The chain for a request: the one provider of its model; each model of a route, or of the request's own `fallbacks`,
/// which say that they are equal.
///
/// # Errors
/// [`NoChain`], where no configured provider could serve it.
pub fn chain_for(from: &Candidates<'_>, facts: &Facts) -> Result<Chain, NoChain> {
    let mut links = Links::new(from)?;
    let asked = facts.model.as_str();
    let route = from.rules.routes.get(if asked == "auto" { GENERAL } else { asked });
    let mut names: Vec<&str> = route.map_or(vec![asked], |models| models.iter().map(String::as_str).collect());
    names.iter().for_each(|name| links.of_vectors(name));
    if let Some(fallbacks) = &facts.fallbacks {
        links.truncate(1);
        fallbacks.iter().for_each(|name| links.of_vectors(name));
        names.extend(fallbacks.iter().map(String::as_str));
    }
    // An outspoken chain ends where its caller wants it to end.
    if facts.fallbacks.is_none() || links.is_empty() {
        links.mock(asked);
    }
    if links.is_empty() {
        return Err(from.nobody(asked, &names));
    }
    Ok(links.into_chain())
}

impl Links<'_> {
    /// The one link that a name brings, if it brings any.
    fn of_vectors(&mut self, name: &str) {
        let Named { origin, model, .. } = self.from.named_for_vectors(name);
        match origin {
            Origin::OpenAi if !self.has("openai") => self.push("openrouter", &format!("openai/{model}")),
            Origin::OpenAi => self.push("openai", &model),
            Origin::OpenRouter => self.push("openrouter", &model),
            Origin::Local => self.push("oss-local", &model),
            Origin::Mock => self.push("mock", &model),
            // What the local server has is not known before its first check: it may have this one.
            Origin::Other if self.from.local.is_empty() => self.push("oss-local", &model),
            // Anthropic has no embeddings, and of other names nobody knows whose they are.
            Origin::Anthropic | Origin::Other => {}
        }
    }
}

impl Candidates<'_> {
    fn named_for_vectors<'b>(&self, name: &'b str) -> Named<'b> {
        match self.rules.embedding_model.as_deref() {
            Some(local) if local == name => Named::local(name),
            _ => self.named(name),
        }
    }

    /// Why none of `names` has a link.
    fn nobody(&self, asked: &str, names: &[&str]) -> NoChain {
        let wanted = |name: &&str| -> &[&str] {
            match self.named_for_vectors(name).origin {
                Origin::OpenAi => &["openai", "openrouter"],
                Origin::OpenRouter => &["openrouter"],
                Origin::Local => &["oss-local"],
                Origin::Mock => &["mock"],
                Origin::Anthropic | Origin::Other => &[],
            }
        };
        let wanted: Vec<&str> = names.iter().flat_map(wanted).copied().collect();
        match wanted.as_slice() {
            [] => NoChain::NoVectors { model: asked.to_owned() },
            wanted => NoChain::NoProvider { model: asked.to_owned(), variables: self.key_variables(wanted) },
        }
    }
}

#[cfg(test)]
mod tests;
