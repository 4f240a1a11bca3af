//! Agent frameworks, over each protocol that they speak.

use super::{Case, NOBODY};

/// Each case, and where it makes no sense.
pub(super) const CASES: &[Case] = &[
    ("chat_tool", NOBODY),
    ("chat_stream", NOBODY),
    ("chat_output", NOBODY),
    ("chat_output_by_schema", NOBODY),
    ("responses_tool", NOBODY),
    ("responses_stream", NOBODY),
    ("responses_output", NOBODY),
    ("responses_output_by_schema", NOBODY),
    ("messages_tool", NOBODY),
    ("messages_stream", NOBODY),
    ("messages_output", NOBODY),
    ("messages_output_by_schema", NOBODY),
];
