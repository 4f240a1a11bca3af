//! Words that every floor shares: plain data, no input or output.

pub mod attempt;
pub mod brief;
pub mod chat;
pub mod facts;
pub mod failure;
pub mod grant;
pub mod money;
pub mod row;
pub mod vectors;

/// The wire languages that callers and providers speak. Two sides that speak the same one exchange bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// OpenAI chat completions, also spoken by OpenRouter and by most local servers.
    #[default]
    OpenAi,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Anthropic,
    /// Ollama's native `/api/chat`.
    Ollama,
}
