//! How hard a model thinks, as callers say it: by a word, or by a budget of tokens; and as near as a model can.

use crate::domain::chat::Effort;
use crate::models::Efforts;

/// What an effort may be called, for people.
pub const EFFORTS: &str = "one of none, minimal, low, medium, high, xhigh or max";

/// From the least to the most.
const ALL: [Effort; 7] =
    [Effort::None, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];

/// The effort of this name; OpenAI and Anthropic have the same names.
pub fn named(wanted: &str) -> Option<Effort> {
    ALL.into_iter().find(|effort| name(*effort) == wanted)
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

/// The name of an effort.
pub const fn name(effort: Effort) -> &'static str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh => "xhigh",
        Effort::Max => "max",
    }
}

/// The nearest effort that a model knows: the same, else the next lower one, else the next higher one.
pub fn nearest(wanted: Effort, known: Efforts) -> Option<Effort> {
    if wanted == Effort::None {
        // The first models of gpt-5 cannot be turned off, and `minimal` is meant for that; `low` is not.
        return [Effort::None, Effort::Minimal].into_iter().find(|effort| known.has(*effort));
    }
    let thinks = |effort: &Effort| *effort != Effort::None && known.has(*effort);
    let lower = ALL.into_iter().rev().filter(thinks).find(|effort| *effort <= wanted);
    lower.or_else(|| ALL.into_iter().find(thinks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_effort() {
        let gpt6 = &ALL[2..];
        let gpt5 = &ALL[1..5];
        for (known, wanted, nearest_one) in [
            (gpt6, Effort::Minimal, Some(Effort::Low)),
            (gpt6, Effort::Max, Some(Effort::Max)),
            (gpt6, Effort::None, None),
            (gpt5, Effort::Max, Some(Effort::High)),
            (gpt5, Effort::None, Some(Effort::Minimal)),
            (&ALL[..1], Effort::High, None),
            (&[], Effort::High, None),
        ] {
            assert_eq!(nearest(wanted, Efforts::of(known)), nearest_one, "{known:?} {wanted:?}");
        }
    }

    #[test]
    fn every_effort_has_a_name_of_its_own() {
        for effort in ALL {
            assert_eq!(named(name(effort)), Some(effort));
        }
        assert_eq!(named("extreme"), None);
    }
}
