//! OpenAI embeddings (docs: protocols/embeddings.md): what callers of vectors speak, and most of their providers.
//!
//! SDKs ask for base64 where their users did not choose, and one of them decodes whatever comes as if it were: an
//! answer is in the encoding that was asked for, whichever the provider sent.

mod answer;
mod input;
mod request;

pub use answer::{as_asked, write};
pub use request::{facts, read};

#[cfg(test)]
mod tests;
