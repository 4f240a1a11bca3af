//! A request that is written is read again as it was, up to what the protocol has no words for.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::Chat;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::chance::{fault, hold, same};
use super::codecs::{able, back, front};
use super::kept;
use super::wishes::chat;

/// Holds a protocol to what it keeps of a request; `is_beyond` says which it cannot carry at all.
fn trip(dialect: Dialect, is_beyond: fn(&Chat) -> bool, kept: fn(&Chat) -> Chat) -> impl Fn(Chat) -> TestCaseResult {
    move |chat| {
        let written = match back(dialect).write_request(&chat, "m", &able()) {
            Ok(written) => written,
            Err(refused) => {
                prop_assert!(is_beyond(&chat), "refused: {refused:?}");
                prop_assert!(!refused.param.is_empty() && refused.message.ends_with('.'), "{refused:?}");
                return Ok(());
            }
        };
        prop_assert!(!is_beyond(&chat), "written: {}", String::from_utf8_lossy(&written.body));
        let again = front(dialect).read_request(&written.body).map_err(|wrong| fault(wrong, &written.body))?;
        same(&again, &kept(&chat), &written.body)
    }
}

#[test]
fn openai_reads_what_it_writes() {
    hold(200, chat, trip(Dialect::OpenAi, kept::openai::is_beyond, kept::openai::request));
}

#[test]
fn anthropic_reads_what_it_writes() {
    hold(200, chat, trip(Dialect::Anthropic, kept::anthropic::is_beyond, kept::anthropic::request));
}
