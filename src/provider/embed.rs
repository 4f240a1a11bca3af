//! How a provider of vectors is asked.

use crate::domain::failure::{Class, Failure};
use crate::protocol::call::Call;
use crate::protocol::embed::EmbedBack;
use crate::protocol::splice::Edits;

/// How a provider of vectors is asked.
pub trait EmbedAdapter: Send + Sync {
    /// The endpoints that it may have, best first; the next one is used where a server lacks the one before.
    fn ways(&self) -> &'static [EmbedWay];

    /// Does this refusal say that the server has no such endpoint (rather than no such model)?
    fn lacks_endpoint(&self, refusal: &Failure) -> bool {
        matches!(
            (refusal.status, refusal.class),
            (Some(404), Class::Malformed) | (Some(405), _) | (Some(501), Class::ServerError)
        )
    }

    /// Changes to a request that goes out as its caller's own bytes, beside the model's name.
    fn edit(&self, _call: &Call, _edits: &mut Edits) {}
}

/// One endpoint that gives vectors, and what is spoken there.
pub struct EmbedWay {
    /// The path under the base address.
    pub path: &'static str,
    /// What is spoken; `None` is OpenAI's form, which callers speak too: bytes pass.
    pub back: Option<&'static dyn EmbedBack>,
}

/// Where the numbers of ways that give vectors begin, among all of a provider's ways
/// ([`Provider::lacks`](super::Provider::lacks)).
pub const FIRST_WAY: usize = 16;
