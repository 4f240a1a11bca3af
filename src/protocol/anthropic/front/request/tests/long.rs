//! Long conversations: read in one pass, and the same as far as they go.

use nix::sys::resource::{UsageWho, getrusage};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{chat, messages};
use crate::domain::chat::Message;

/// A turn of the model that calls a tool, and the person's with its result.
fn exchange(number: usize) -> [Value; 2] {
    let id = format!("toolu_{number}");
    [
        json!({"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "tool_use", "id": id, "name": "f", "input": {"n": number}},
        ]}),
        json!({"role": "user", "content": [
            {"type": "text", "text": "there"}, {"type": "tool_result", "tool_use_id": id, "content": "x"},
        ]}),
    ]
}

fn begin() -> Value {
    json!({"role": "user", "content": "hi"})
}

/// Seconds of work: far more than a pass through each of these takes, far less than a look back from each turn.
const PATIENCE: i64 = 10;

fn worked() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).unwrap().user_time().tv_sec()
}

#[test]
fn a_conversation_of_very_many_turns_is_no_burden() {
    let began = worked();
    let many = [begin()].into_iter().chain((0..10_000).flat_map(exchange)).collect();
    assert_eq!(chat(&messages(many)).messages.len(), 30_001);
    let people = (0..30_000).map(|_| begin()).chain([json!({"role": "assistant", "content": "x"})]).collect();
    assert_eq!(chat(&messages(people)).messages.len(), 30_001);
    let model = (0..30_000).map(|_| json!({"role": "assistant", "content": "x"}));
    assert_eq!(chat(&messages([begin()].into_iter().chain(model).collect())).messages.len(), 2);
    let ids = || (0..30_000).map(|number| format!("toolu_{number}"));
    let calls: Value = ids().map(|id| json!({"type": "tool_use", "id": id, "name": "f", "input": {}})).collect();
    let results: Value = ids().map(|id| json!({"type": "tool_result", "tool_use_id": id})).collect();
    let one = json!([begin(), {"role": "assistant", "content": calls}, {"role": "user", "content": results}]);
    assert_eq!(chat(&messages(one)).messages.len(), 30_002);
    assert!(worked() - began < PATIENCE);
}

proptest! {
    /// Caches and signatures are bound to the prefix (docs: protocols/translation.md, section 0).
    #[test]
    fn a_longer_history_begins_as_the_shorter_one(exchanges in 1usize..6, more in 1usize..4) {
        let read = |exchanges: usize| -> Vec<Message> {
            let list = [begin()].into_iter().chain((0..exchanges).flat_map(exchange)).collect();
            chat(&messages(list)).messages
        };
        let (short, long) = (read(exchanges), read(exchanges + more));
        prop_assert_eq!(&long[..short.len()], &short[..]);
    }
}
