//! The providers: what each is, how it is asked, what its refusals mean. Functions of data; `upstream` sends for all.
//!
//! Adding one is a file in `provider/` and a line in [`ALL`].

pub mod anthropic;
pub mod classify;
pub mod embed;
pub mod link;
pub mod mock;
pub mod openai;
pub mod openrouter;
pub mod oss_local;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::HeaderMap;

use crate::domain::Dialect;
use crate::domain::chat::Chat;
use crate::domain::failure::{Class, Failure};
use crate::models::Card;
use crate::protocol::Back;
use crate::protocol::call::Call;
use crate::protocol::splice::Edits;
use crate::secret::Secret;
use classify::Refused;
use embed::EmbedAdapter;

/// Every provider, in the order in which they are shown.
pub static ALL: &[&Spec] = &[&openai::SPEC, &anthropic::SPEC, &openrouter::SPEC, &oss_local::SPEC, &mock::SPEC];

/// One row: what a provider is and what it can do.
pub struct Spec {
    /// The name in headers, answers, tables and model prefixes.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Other names that a model's prefix may use.
    pub aliases: &'static [&'static str],
    /// The variables that configure it.
    pub vars: &'static [Var],
    /// How it is told who asks.
    pub auth: Auth,
    /// The call that costs nothing and tells whether it would serve.
    pub probe: Probe,
    /// How it is reached.
    pub reach: Reach,
    /// Text.
    pub chat: Option<&'static dyn ChatAdapter>,
    /// Vectors.
    pub embed: Option<&'static dyn EmbedAdapter>,
}

/// A variable that configures a provider.
pub struct Var {
    /// Its name.
    pub name: &'static str,
    /// What it is for the provider.
    pub role: Role,
    /// Its value where it is unset; empty for none.
    pub default: &'static str,
    /// What it means, in a line.
    pub help: &'static str,
}

/// What a variable is for its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The key: without it the provider is not configured.
    Key,
    /// The address: the default is the provider's own.
    BaseUrl,
    /// A switch: `false` disables the provider.
    Switch,
    /// Anything else the adapter asks for by name.
    Setting,
}

/// How a provider is told who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// It does not ask.
    None,
    /// `Authorization: Bearer …`.
    Bearer,
    /// A header of its own.
    Header(&'static str),
}

/// The call that costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// There is nothing to ask.
    Never,
    /// These paths in order: the next one is asked where the one before is missing (404, 405, 501).
    Get(&'static [&'static str]),
}

/// How a provider is reached.
#[derive(Clone, Copy)]
pub enum Reach {
    /// Over HTTP.
    Network,
    /// Inside this process: by the path and the body.
    Here(fn(&str, &Bytes) -> LocalAnswer),
}

/// An answer made inside this process.
pub enum LocalAnswer {
    /// A whole one.
    Whole(Bytes),
    /// The pieces of a streamed one.
    Pieces(Vec<Bytes>),
}

/// How a provider of text is asked.
pub trait ChatAdapter: Send + Sync {
    /// The endpoints that it may have.
    fn ways(&self) -> &'static [Way];

    /// Those that suit `call` where it asks for `model`, best first, by their places in [`ChatAdapter::ways`]; the next
    /// one is used where a server lacks the one before. Never empty.
    fn suited(&self, _call: &Call, _model: &str, _card: &Card) -> &'static [usize] {
        &[0]
    }

    /// Does this refusal say that the server has no such endpoint (rather than no such model)?
    fn lacks_endpoint(&self, refusal: &Failure) -> bool {
        matches!(refusal.status, Some(404 | 405 | 501)) && refusal.class != Class::ModelUnavailable
    }

    /// Headers that every request to `provider` carries beside its key. Built, never copied from a caller.
    fn headers(&self, _provider: &Provider, _out: &mut HeaderMap) {}

    /// Changes to a request that goes out as its caller's own bytes to the model of `card`, beside the model's name: keep this list short.
    fn edit(&self, _call: &Call, _card: &Card, _edits: &mut Edits) {}

    /// Changes to a conversation that is about to be written for a model in the provider's protocol `back`.
    fn adjust(&self, _chat: &mut Chat, _card: &Card, _back: Dialect) {}

    /// The provider refused `chat` with `refusal`: takes out what it cannot do and answers true to be sent once more.
    fn amend(&self, _refusal: &Failure, _chat: &mut Chat) -> bool {
        false
    }

    /// What the answer means where the default table is wrong or too coarse for this provider.
    fn classify(&self, _refused: &Refused<'_>) -> Option<Class> {
        None
    }

    /// The path that counts a request's tokens, for requests in the language of its first way.
    fn count_path(&self) -> Option<&'static str> {
        None
    }

    /// The path that lists its models.
    fn models_path(&self) -> Option<&'static str> {
        None
    }

    /// The ids in the answer to a list or a check; empty where it lists none.
    fn read_models(&self, _body: &[u8]) -> Vec<String> {
        Vec::new()
    }
}

/// One endpoint and what is spoken there.
#[derive(Clone, Copy)]
pub struct Way {
    /// What is spoken.
    pub back: &'static dyn Back,
    /// The path under the base address.
    pub path: &'static str,
}

/// A provider as the operator configured it.
pub struct Provider {
    /// What it is.
    pub spec: &'static Spec,
    /// Its address, without a slash at the end.
    pub base_url: String,
    /// Its key, where it needs one.
    pub key: Option<Secret>,
    /// Its other variables, by name.
    pub settings: BTreeMap<&'static str, String>,
    /// Bit n: its server was found to lack way n; those of chats from 0, those of vectors from [`embed::FIRST_WAY`].
    lacking: AtomicU32,
}

/// Every provider of this process, configured or not, in [`ALL`]'s order.
#[derive(Default)]
pub struct Roster {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One provider and whether it can be used.
pub struct Entry {
    /// What it is.
    pub spec: &'static Spec,
    /// Whether it can be used.
    pub standing: Standing,
}

/// Whether a provider can be used.
pub enum Standing {
    /// It can.
    Ready(Arc<Provider>),
    /// It has no key: this variable is unset.
    Unconfigured(&'static str),
    /// This variable switches it off.
    Disabled(&'static str),
}

impl Spec {
    /// The paths that requests are posted to.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        let chat = self.chat.into_iter();
        let chat = chat.flat_map(|chat| chat.ways().iter().map(|way| way.path).chain(chat.count_path()));
        chat.chain(self.embed.into_iter().flat_map(|embed| embed.ways().iter().map(|way| way.path)))
    }
}

impl Roster {
    /// The providers that can be used.
    pub fn ready(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.entries.iter().filter_map(|entry| match &entry.standing {
            Standing::Ready(provider) => Some(provider),
            Standing::Unconfigured(_) | Standing::Disabled(_) => None,
        })
    }

    /// The provider of this name, where it can be used.
    pub fn get(&self, name: &str) -> Option<&Arc<Provider>> {
        self.ready().find(|provider| provider.name() == name)
    }
}

impl Provider {
    /// A provider as configured.
    pub fn new(
        spec: &'static Spec,
        base_url: String,
        key: Option<Secret>,
        settings: BTreeMap<&'static str, String>,
    ) -> Provider {
        Provider { spec, base_url, key, settings, lacking: AtomicU32::new(0) }
    }

    /// Was its server found to lack this one of its ways?
    pub fn lacks(&self, way: usize) -> bool {
        self.lacking.load(Ordering::Relaxed) & (1 << way) != 0
    }

    /// Its server answered a check at path number `at` of those that tell what it is (Ollama, or one with OpenAI's form
    /// alone), and not at those before: the same holds for its ways.
    pub fn answered_at(&self, at: usize) {
        for first in [0, embed::FIRST_WAY] {
            (0..at).for_each(|missing| self.found(first + missing, false));
            self.found(first + at, true);
        }
    }

    /// Its server was found to have this one of its ways, or to lack it.
    pub fn found(&self, way: usize, is_there: bool) {
        match is_there {
            true => self.lacking.fetch_and(!(1 << way), Ordering::Relaxed),
            false => self.lacking.fetch_or(1 << way, Ordering::Relaxed),
        };
    }

    /// The name in headers, answers and tables.
    pub fn name(&self) -> &'static str {
        self.spec.name
    }

    /// One of its variables; `None` where it is unset.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
