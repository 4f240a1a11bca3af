//! How hard a model thinks, as callers say it: by a word, or by a budget of tokens.

use crate::domain::chat::Effort;

/// The effort of this name; OpenAI and Anthropic have the same names.
pub fn named(name: &str) -> Option<Effort> {
    Some(match name {
        "none" => Effort::None,
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::Xhigh,
        "max" => Effort::Max,
        _ => return None,
    })
}

/// The effort that a budget of thinking tokens stands for (docs: protocols/translation.md, 3.3).
pub fn for_budget(tokens: u64) -> Effort {
    match tokens {
        0 => Effort::None,
        1..2048 => Effort::Low,
        2048..4096 => Effort::Medium,
        4096..8192 => Effort::High,
        _ => Effort::Xhigh,
    }
}
