//! The protocols, by their language.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::money::{Price, Usd};
use ai_mcp_gateway::models::Card;
use ai_mcp_gateway::protocol::anthropic::Anthropic;
use ai_mcp_gateway::protocol::ollama::Ollama;
use ai_mcp_gateway::protocol::openai::OpenAi;
use ai_mcp_gateway::protocol::responses::Responses;
use ai_mcp_gateway::protocol::{Back, Front};

/// What callers speak.
pub const FRONTS: [Dialect; 3] = [Dialect::OpenAi, Dialect::Anthropic, Dialect::Responses];
/// What providers speak.
pub const BACKS: [Dialect; 4] = [Dialect::OpenAi, Dialect::Anthropic, Dialect::Responses, Dialect::Ollama];

/// The caller's side of a language.
pub fn front(dialect: Dialect) -> &'static dyn Front {
    match dialect {
        Dialect::Anthropic => &Anthropic,
        Dialect::OpenAi => &OpenAi,
        Dialect::Responses => &Responses,
        Dialect::Ollama => panic!("nobody calls in Ollama's own form"),
    }
}

/// The provider's side of a language.
pub fn back(dialect: Dialect) -> &'static dyn Back {
    match dialect {
        Dialect::Anthropic => &Anthropic,
        Dialect::OpenAi => &OpenAi,
        Dialect::Responses => &Responses,
        Dialect::Ollama => &Ollama,
    }
}

/// A model that can do everything, whose cache has a price, so that marks of cached prefixes are worth writing.
pub fn able() -> Card {
    let price = Price { input: Usd(1), output: Usd(1), cache_read: Usd(1), cache_write: Usd(2), cache_write_1h: Usd(2) };
    Card { price: Some(price), ..Card::PLAIN }
}
