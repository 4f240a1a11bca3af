//! What must be so of the codecs for every conversation, answer and stream, and for bytes of any kind.
//!
//! Each property is tried on cases that chance draws: a few in the suite, the same ones in every run. With
//! `FUZZ_SECONDS=300` in the environment, each is tried on ever new ones for so many seconds instead:
//!
//! ```sh
//! FUZZ_SECONDS=300 cargo test --release --test it properties
//! ```
//!
//! Cases are drawn by proptest and not by cargo-fuzz, so that a stable compiler is enough, every case runs in the
//! suite, and what fails is shrunk to the parts of a conversation rather than to bytes. The bodies in `fuzz` take bytes
//! and return nothing, as cargo-fuzz wants them.

mod chance;
mod codecs;
mod conversation;
mod said;
mod wishes;
mod words;

/// What a protocol has no words for.
mod kept;

/// Requests: written and read again.
mod requests;

/// Answers: written and read again, whole and streamed.
mod answers;

/// Conversations that go on: what was written of their beginning stays.
mod prefix;

/// Bytes of any kind.
mod fuzz;

/// Ollama's own form.
mod native;

/// Tokens and what they cost.
mod tokens;

/// Answers in the requests that follow.
mod replies;

/// Vectors, in either encoding.
mod vectors;
