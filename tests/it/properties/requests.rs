//! A request that is written is read again as it was, up to what the protocol has no words for.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::Chat;
use ai_mcp_gateway::protocol::Unreadable;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::chance::{fault, hold, same};
use super::codecs::{able, back, front};
use super::kept;
use super::wishes::chat;

/// What a protocol can carry of a request.
struct Carries {
    /// Can it not be written at all?
    is_beyond: fn(&Chat) -> bool,
    /// Is what was written only for providers of the protocol's own, so that it is not read?
    is_bound: fn(&Chat) -> bool,
    /// What is kept of all others.
    kept: fn(&Chat) -> Chat,
}

impl Carries {
    fn hold(self, dialect: Dialect) {
        hold(200, chat, move |chat| self.trip(dialect, &chat));
    }

    fn trip(&self, dialect: Dialect, chat: &Chat) -> TestCaseResult {
        let body = match back(dialect).write_request(chat, "m", &able()) {
            Ok(written) => written.body,
            Err(refused) => {
                prop_assert!((self.is_beyond)(chat), "refused: {refused:?}");
                prop_assert!(!refused.param.is_empty() && refused.message.ends_with('.'), "{refused:?}");
                return Ok(());
            }
        };
        prop_assert!(!(self.is_beyond)(chat), "written: {}", String::from_utf8_lossy(&body));
        match front(dialect).read_request(&body) {
            Err(Unreadable::Bound(_)) if (self.is_bound)(chat) => Ok(()),
            Err(wrong) => Err(fault(wrong, &body)),
            Ok(_) if (self.is_bound)(chat) => Err(fault("this is for its own providers only", &body)),
            Ok(again) => same(&again, &(self.kept)(chat), &body),
        }
    }
}

#[test]
fn openai_reads_what_it_writes() {
    use kept::openai::{is_beyond, request};
    Carries { is_beyond, is_bound: |_| false, kept: request }.hold(Dialect::OpenAi);
}

#[test]
fn anthropic_reads_what_it_writes() {
    use kept::anthropic::{is_beyond, request};
    Carries { is_beyond, is_bound: |_| false, kept: request }.hold(Dialect::Anthropic);
}

#[test]
fn responses_read_what_they_write() {
    use kept::responses::{is_beyond, is_bound, request};
    Carries { is_beyond, is_bound, kept: request }.hold(Dialect::Responses);
}
