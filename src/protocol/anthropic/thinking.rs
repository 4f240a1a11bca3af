//! How hard the model thinks, and what becomes of the thoughts that are given back to it.

use serde::Serialize;

use super::messages::Turns;
use super::notes::Notes;
use crate::domain::chat::Effort;
use crate::models::{Card, Thinking, ThinkingOff};

/// The beta that lets thoughts be left out whose conversation is not exactly the one they were made in.
pub(super) const BINDING_BETA: &str = "thinking-binding-controls-2026-08-01";

/// The fewest tokens that may be thought.
const LEAST_BUDGET: u64 = 1024;

/// The body's `thinking` (docs: protocols/translation.md, 1.3).
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Mode {
    Adaptive {
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        block_binding: Option<Binding>,
    },
    Enabled {
        budget_tokens: u64,
    },
    Disabled,
    BetweenTools,
}

/// What becomes of a thought that does not fit what stands before it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Binding {
    prefix_mismatch_behavior: &'static str,
}

/// How a request asks for thought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub mode: Option<Mode>,
    /// `output_config.effort`.
    pub effort: Option<&'static str>,
}

/// The rest of a request, as far as it decides how the model may think.
pub(super) struct Setting<'a> {
    pub card: &'a Card,
    pub turns: &'a Turns<'a>,
    pub max_tokens: u64,
    /// Must a tool be called?
    pub forced: bool,
}

impl Mode {
    /// Drops what does not fit rather than refusing the request.
    const DROP_BLOCK: Binding = Binding { prefix_mismatch_behavior: "drop_block" };

    /// Thoughts that can be read: where a model thinks unasked, their text is left out unless it is asked for.
    const SUMMARIZED: Mode = Mode::Adaptive { display: Some("summarized"), block_binding: None };
}

impl Plan {
    /// Does the model think, so far as the request says?
    pub fn thinks(&self) -> bool {
        matches!(self.mode, Some(Mode::Adaptive { .. } | Mode::Enabled { .. }))
    }

    /// Does the request need [`BINDING_BETA`]?
    pub fn binds(&self) -> bool {
        matches!(self.mode, Some(Mode::Adaptive { block_binding: Some(_), .. }))
    }
}

/// What is asked for.
pub(super) fn plan(wanted: Option<Effort>, setting: &Setting<'_>, notes: &mut Notes) -> Plan {
    let mut plan = match wanted {
        None => Plan::default(),
        Some(Effort::None) => off(setting.card, notes),
        Some(effort) => on(effort, setting, notes),
    };
    // Forced tools and thought exclude each other; the tool is the caller's plainer wish.
    if setting.forced && plan.thinks() {
        plan.mode = None;
        notes.dropped("reasoning_effort");
    }
    if setting.turns.signed && setting.card.preserved_thinking && !setting.forced {
        bind(&mut plan);
    }
    if plan.mode.is_some() {
        notes.ours("thinking");
    }
    if plan.effort.is_some() {
        notes.ours("output_config");
    }
    plan
}

fn off(card: &Card, notes: &mut Notes) -> Plan {
    let mode = match card.thinking_off {
        ThinkingOff::Omit => None,
        ThinkingOff::Disabled => Some(Mode::Disabled),
        ThinkingOff::BetweenTools => Some(Mode::BetweenTools),
        ThinkingOff::Never => {
            notes.dropped("reasoning_effort");
            return Plan { mode: Some(Mode::SUMMARIZED), effort: known(Effort::Low, card) };
        }
    };
    Plan { mode, effort: None }
}

fn on(effort: Effort, setting: &Setting<'_>, notes: &mut Notes) -> Plan {
    if setting.card.thinking == Thinking::Adaptive {
        return Plan { mode: Some(Mode::SUMMARIZED), effort: known(effort, setting.card) };
    }
    // These models refuse to think where their last turn called tools without a thought, and in a turn begun for them.
    let room = setting.max_tokens > LEAST_BUDGET;
    if !room || setting.turns.unthought_call || setting.turns.prefill {
        notes.dropped("reasoning_effort");
        return Plan::default();
    }
    let budget_tokens = budget(effort).min(setting.max_tokens - 1);
    Plan { mode: Some(Mode::Enabled { budget_tokens }), effort: None }
}

/// The tokens that an effort stands for.
const fn budget(effort: Effort) -> u64 {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => LEAST_BUDGET,
        Effort::Medium => 2048,
        Effort::High => 4096,
        Effort::Xhigh => 8192,
        Effort::Max => 16384,
    }
}

/// The model's nearest effort.
fn known(effort: Effort, card: &Card) -> Option<&'static str> {
    let (nearest, name) = match effort {
        Effort::Xhigh if card.efforts.has(Effort::Xhigh) => (Effort::Xhigh, "xhigh"),
        Effort::Max if card.efforts.has(Effort::Max) => (Effort::Max, "max"),
        Effort::None | Effort::Minimal | Effort::Low => (Effort::Low, "low"),
        Effort::Medium => (Effort::Medium, "medium"),
        Effort::High | Effort::Xhigh | Effort::Max => (Effort::High, "high"),
    };
    card.efforts.has(nearest).then_some(name)
}

/// Lets thoughts that were given back be dropped where they do not fit; only a thinking model has the switch.
fn bind(plan: &mut Plan) {
    let mode = plan.mode.get_or_insert(Mode::Adaptive { display: None, block_binding: None });
    if let Mode::Adaptive { block_binding, .. } = mode {
        *block_binding = Some(Mode::DROP_BLOCK);
    }
}
