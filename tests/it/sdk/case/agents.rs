//! Agent frameworks, over each protocol that they speak.

use super::{Case, NOBODY};

/// Each case, and where it makes no sense.
pub(super) const CASES: &[Case] =
    &[("chat_tool", NOBODY), ("chat_stream", NOBODY), ("chat_output", NOBODY), ("chat_output_by_schema", NOBODY)];
