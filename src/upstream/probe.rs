//! The call that costs nothing and tells whether a provider would serve.

use http::StatusCode;

use super::wire::Patience;
use super::{LONGEST_ANSWER, Upstream};
use crate::domain::failure::{Class, Failure};
use crate::provider::classify::Told;
use crate::provider::{Probe, Provider};
use crate::secret::scrub;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It answered; with the models that it listed, if it lists any.
    Up(Option<Vec<String>>),
    /// It failed: the status where there was one, and words for people.
    Down(Option<u16>, String),
    /// The server has no such endpoint: nothing was learned.
    CannotTell,
}

impl Upstream {
    /// Asks `provider` whether it would serve. Takes no longer than the operator's limit for checks.
    pub async fn probe(&self, provider: &Provider) -> Found {
        let Probe::Get(paths) = provider.spec.probe else { return Found::Up(None) };
        let patience = self.patience();
        match self.clock.until(patience.deadline, self.ask(provider, paths, &patience)).await {
            Ok(found) => found,
            Err(_) => Found::Down(None, format!("no answer within {} ms", self.limits.probe.as_millis())),
        }
    }

    /// The ids of the models that `provider` lists.
    ///
    /// # Errors
    /// A [`Failure`], where it cannot be asked, refuses, or takes longer than the operator's limit for checks.
    pub async fn list_models(&self, provider: &Provider) -> Result<Vec<String>, Failure> {
        let Some((chat, path)) = provider.spec.chat.and_then(|chat| Some((chat, chat.models_path()?))) else {
            return Ok(Vec::new());
        };
        let patience = self.patience();
        let answer = async {
            let mut answer = self.get(provider, path).await?;
            let body = answer.wire.whole(LONGEST_ANSWER, &patience).await?;
            match answer.status {
                StatusCode::OK => Ok(chat.read_models(&body)),
                status => Err(Failure::new(Class::ServerError, format!("status {}", status.as_u16()))),
            }
        };
        let late = |_| Err(Failure::new(Class::Timeout, "the list of models did not come in time"));
        self.clock.until(patience.deadline, answer).await.unwrap_or_else(late)
    }

    /// Asks the paths in order; the next one where the one before is missing.
    async fn ask(&self, provider: &Provider, paths: &[&str], patience: &Patience<'_>) -> Found {
        for (way, path) in paths.iter().enumerate() {
            let mut answer = match self.get(provider, path).await {
                Ok(answer) => answer,
                Err(failure) => return Found::Down(None, failure.message),
            };
            match answer.status.as_u16() {
                200..=299 => {
                    provider.answered_at(way);
                    let body = answer.wire.whole(LONGEST_ANSWER, patience).await.unwrap_or_default();
                    let models = provider.spec.chat.map(|chat| chat.read_models(&body)).filter(|ids| !ids.is_empty());
                    return Found::Up(models);
                }
                404 | 405 | 501 => {}
                // Too many requests is no sign of ill health: it says that the key is good.
                429 => return Found::CannotTell,
                status => {
                    let body = answer.wire.whole(LONGEST_ANSWER, patience).await.unwrap_or_default();
                    let message = Told::read(&body).message;
                    let message = provider.key.as_ref().map_or(message.clone(), |key| key.scrub(&message));
                    return Found::Down(Some(status), words(status, &message));
                }
            }
        }
        Found::CannotTell
    }

    /// From now on, as long as a check may take.
    fn patience(&self) -> Patience<'_> {
        let pause = self.limits.probe;
        Patience { clock: &self.clock, pause, deadline: self.clock.now() + pause }
    }
}

fn words(status: u16, message: &str) -> String {
    if message.is_empty() { format!("status {status}") } else { scrub(message) }
}
