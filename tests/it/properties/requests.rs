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
        self.again(dialect, chat, &body)
    }

    fn again(&self, dialect: Dialect, chat: &Chat, body: &[u8]) -> TestCaseResult {
        match front(dialect).read_request(body) {
            Err(Unreadable::Bound(_)) if (self.is_bound)(chat) => Ok(()),
            Err(wrong) => Err(fault(wrong, body)),
            Ok(_) if (self.is_bound)(chat) => Err(fault("this is for its own providers only", body)),
            Ok(again) => same(&again, &(self.kept)(chat), body),
        }
    }
}

/// What each protocol can carry.
fn carries(dialect: Dialect) -> Carries {
    match dialect {
        Dialect::OpenAi => {
            Carries { is_beyond: kept::openai::is_beyond, is_bound: |_| false, kept: kept::openai::request }
        }
        Dialect::Anthropic => {
            Carries { is_beyond: kept::anthropic::is_beyond, is_bound: |_| false, kept: kept::anthropic::request }
        }
        Dialect::Responses => Carries {
            is_beyond: kept::responses::is_beyond,
            is_bound: kept::responses::is_bound,
            kept: kept::responses::request,
        },
        Dialect::Ollama => panic!("nobody calls in Ollama's own form"),
    }
}

/// A request goes into a protocol and out of it, and keeps what can be kept.
fn trip(dialect: Dialect, chat: &Chat) -> TestCaseResult {
    carries(dialect).trip(dialect, chat)
}

/// The same for one that need not go in at all.
pub fn trip_if_written(dialect: Dialect, chat: &Chat) -> TestCaseResult {
    match back(dialect).write_request(chat, "m", &able()) {
        Ok(written) => carries(dialect).again(dialect, chat, &written.body),
        Err(_) => Ok(()),
    }
}

#[test]
fn openai_reads_what_it_writes() {
    hold(200, chat, |chat| trip(Dialect::OpenAi, &chat));
}

#[test]
fn anthropic_reads_what_it_writes() {
    hold(200, chat, |chat| trip(Dialect::Anthropic, &chat));
}

#[test]
fn responses_read_what_they_write() {
    hold(200, chat, |chat| trip(Dialect::Responses, &chat));
}
