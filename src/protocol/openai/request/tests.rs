//! Requests, read and written: the golden cases, what callers send and what is refused.

mod bad;
mod foreign;
mod good;
mod written;

use crate::domain::chat::Effort;
use crate::domain::money::{Price, Usd};
use crate::models::{Card, Efforts};

/// A model that takes everything, and whose server has marks for its cache.
fn card() -> Card {
    let price = Price { input: Usd(100), cache_write: Usd(125), ..Price::default() };
    Card { price: Some(price), ..Card::PLAIN }
}

/// A model of OpenAI's that thinks.
fn thinker() -> Card {
    let efforts = [Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];
    Card { sampling: false, efforts: Efforts::of(&efforts), max_completion_tokens: true, ..card() }
}
