//! A request that is written is read again as it was, up to what the protocol has no words for.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::Chat;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::chance::hold;
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
        let again = match front(dialect).read_request(&written.body) {
            Ok(again) => again,
            Err(unreadable) => {
                let body = String::from_utf8_lossy(&written.body).into_owned();
                return Err(TestCaseError::fail(format!("{unreadable:?}\n{body}")));
            }
        };
        let (again, kept) = (format!("{again:#?}"), format!("{:#?}", kept(&chat)));
        prop_assert_eq!(again, kept, "{}", String::from_utf8_lossy(&written.body));
        Ok(())
    }
}

#[test]
fn openai_reads_what_it_writes() {
    hold(200, chat, trip(Dialect::OpenAi, kept::openai::is_beyond, kept::openai::request));
}
