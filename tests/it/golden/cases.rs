//! The golden cases: folders of `tests/golden`, and what to do with their files.

mod chat;
mod messages;
mod responses;

use ai_mcp_gateway::domain::Dialect;

/// What to do with two files of a case.
pub enum Case {
    /// A caller's request, and what is sent for it.
    Request {
        of: &'static str,
        /// What the caller speaks.
        from: Dialect,
        /// What the provider speaks.
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
        /// The beta headers that must be sent with it.
        betas: &'static [&'static str],
        /// The parameters that are left out.
        dropped: &'static [&'static str],
    },
    /// The same without a loss, for a server that treats its model as OpenAI's does `like`.
    RequestLike {
        like: &'static str,
        of: &'static str,
        from: Dialect,
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
    },
    /// A provider's answer, and what the caller gets.
    Answer {
        of: &'static str,
        /// What the provider speaks.
        from: Dialect,
        /// What the caller speaks.
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
        /// The file of the caller's request, where its answer tells of it; empty for any request.
        asked: &'static str,
    },
    /// A provider's stream, and what the caller gets.
    Stream {
        of: &'static str,
        from: Dialect,
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
        asked: &'static str,
        include_usage: bool,
    },
}

use Case::{Answer, Request, RequestLike, Stream};
use Dialect::{Anthropic, Ollama, OpenAi, Responses};

/// Every case.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [chat::CASES, messages::CASES, responses::CASES].into_iter().flatten()
}

/// A request to Anthropic that is translated without a loss.
const fn request(of: &'static str, from_file: &'static str, to_file: &'static str) -> Case {
    Request { of, from: OpenAi, to: Anthropic, from_file, to_file, betas: &[], dropped: &[] }
}

/// The same, without `dropped`.
const fn lossy(
    of: &'static str,
    from_file: &'static str,
    to_file: &'static str,
    dropped: &'static [&'static str],
) -> Case {
    Request { of, from: OpenAi, to: Anthropic, from_file, to_file, betas: &[], dropped }
}

/// A request of a caller who speaks Anthropic's Messages, without `dropped`.
const fn messages(
    of: &'static str,
    from_file: &'static str,
    to: Dialect,
    to_file: &'static str,
    dropped: &'static [&'static str],
) -> Case {
    Request { of, from: Anthropic, to, from_file, to_file, betas: &[], dropped }
}

/// A request of a caller who speaks Responses, without `dropped`.
const fn items(of: &'static str, to: Dialect, to_file: &'static str, dropped: &'static [&'static str]) -> Case {
    Request { of, from: Responses, to, from_file: RESPONSES, to_file, betas: &[], dropped }
}

const fn answer(of: &'static str) -> Case {
    let (from_file, to_file) = ("anthropic.response.json", "openai.response.json");
    Answer { of, from: Anthropic, to: OpenAi, from_file, to_file, asked: "" }
}

const fn stream(of: &'static str, to_file: &'static str, include_usage: bool) -> Case {
    let from_file = "anthropic.stream.sse";
    Stream { of, from: Anthropic, to: OpenAi, from_file, to_file, asked: "", include_usage }
}

/// A chat's stream as a caller of Responses gets it, whose answers tell of their request.
const fn to_responses(of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str) -> Case {
    Stream { of, from, to: Responses, from_file, to_file, asked: RESPONSES, include_usage: false }
}

/// A stream of Responses, for a caller who speaks something else.
const fn from_responses(
    of: &'static str,
    to: Dialect,
    from_file: &'static str,
    to_file: &'static str,
    include_usage: bool,
) -> Case {
    Stream { of, from: Responses, to, from_file, to_file, asked: "", include_usage }
}

/// An answer for a caller of Responses.
const fn response(of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str) -> Case {
    Answer { of, from, to: Responses, from_file, to_file, asked: RESPONSES }
}

/// An answer for a caller of Messages.
const fn message(of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str) -> Case {
    Answer { of, from, to: Anthropic, from_file, to_file, asked: "" }
}

/// A stream for a caller of Messages, who is always told the usage.
const fn blocks(of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str) -> Case {
    Stream { of, from, to: Anthropic, from_file, to_file, asked: "", include_usage: false }
}

const RESPONSES: &str = "responses.request.json";
const RESPONSE: &str = "responses.response.json";
const ITEMS: &str = "responses.stream.sse";
const OPENAI: &str = "openai.request.json";
const ANTHROPIC: &str = "anthropic.request.json";
const MESSAGE: &str = "anthropic.response.json";
const CHUNKS: &str = "openai.stream.sse";
const BLOCKS: &str = "anthropic.stream.sse";
/// The requests of case b04: how hard the model is to think, and how tokens are drawn.
const ADAPTIVE: &str = "anthropic.request.adaptive.json";
const BUDGET: &str = "anthropic.request.budget.json";
const EFFORT: &str = "anthropic.request.effort.json";
const OFF: &str = "anthropic.request.off.json";
const USAGE: &str = "openai.stream.include_usage.sse";

const UNSIGNED: &str = "b24-unsigned-thoughts-to-anthropic";
const CUT_OFF: &str = "b26-cut-off-to-anthropic";
