//! A request's top level: what is found in it is what another reader of JSON finds, and only what is edited changes.

use ai_mcp_gateway::domain::facts::Facts;
use ai_mcp_gateway::protocol::call::Call;
use ai_mcp_gateway::protocol::history::{self, Change};
use ai_mcp_gateway::protocol::openai::OpenAi;
use ai_mcp_gateway::protocol::scan::scan_for;
use ai_mcp_gateway::protocol::splice::{Edits, splice};
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The fields that are edited, there or not.
const NAMES: [&str; 6] = ["model", "messages", "stream", "fallbacks", "tools", "x_none"];

/// Scanning, and edits that the first byte chooses.
pub fn scan(data: &[u8]) {
    let Some((lead, body)) = data.split_first() else { return };
    let found = scan_for(&OpenAi, Bytes::copy_from_slice(body), |_| Ok(Facts::default()));
    let read = serde_json::from_slice::<Value>(body);
    let call = match (found, read) {
        (Ok(call), _) => call,
        (Err(wrong), Ok(Value::Object(fields))) => {
            assert!(wrong.message.contains("twice") || fields.len() > 500, "{}", wrong.message);
            return;
        }
        (Err(wrong), _) => return assert!(wrong.message.ends_with('.') && wrong.message.len() < 4200, "{wrong:?}"),
    };
    assert_eq!(pieces(&call, &Edits::default()), body);
    // Deeper, larger and odder values than another reader takes are passed on unread.
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return };
    same_fields(&call, &fields);
    edited(&call, fields, *lead);
    turns(&call);
}

fn same_fields(call: &Call, fields: &Map<String, Value>) {
    assert_eq!(call.fields.len(), fields.len());
    for (field, (name, value)) in call.fields.iter().zip(fields) {
        assert_eq!(field.name(&call.body), name.as_bytes());
        let whole = &call.body[field.whole.clone()];
        assert_eq!(serde_json::from_slice::<Value>(&call.body[field.value.clone()]).expect("JSON"), *value);
        let alone = [b"{", whole, b"}"].concat();
        assert_eq!(serde_json::from_slice::<Value>(&alone).expect("JSON"), json!({ name: value }));
        assert_eq!(call.place(name), Some(field));
    }
}

/// Two fields are set and two are cut, as `lead` says.
fn edited(call: &Call, mut fields: Map<String, Value>, lead: u8) {
    let name = |shift: usize| NAMES[(usize::from(lead) >> shift) % NAMES.len()];
    let mut edits = Edits::default();
    for name in [name(0), name(1)] {
        edits.cut(name);
        fields.shift_remove(name);
    }
    for name in [name(2), name(4)].into_iter().filter(|set| ![name(0), name(1)].contains(set)) {
        if !edits.names_set().any(|known| known == name) {
            edits.set(name, "{\"new\":[1]}");
            fields.insert(name.into(), json!({"new": [1]}));
        }
    }
    // A body without any field has no place to put one.
    if !call.fields.is_empty() {
        let out = pieces(call, &edits);
        let out: Value = serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{error}: {out:?}"));
        assert_eq!(out, Value::Object(fields));
    }
}

/// Every other turn is left out, or written as it was.
fn turns(call: &Call) {
    let Some(Value::Array(turns)) = call.field("messages").and_then(|raw| serde_json::from_slice(raw).ok()) else {
        return;
    };
    let same = history::changed(call, "messages", &["\""], Change::Write);
    let same = same.map(|same| serde_json::from_str::<Value>(&same).expect("JSON"));
    assert!(same.is_none_or(|same| same == Value::Array(turns.clone())));
    let of_user = |turn: &Value| turn["role"] == "user";
    let change = |turn: Value| if of_user(&turn) { Change::Drop } else { Change::Keep };
    let left: Vec<Value> = turns.iter().filter(|turn| !of_user(turn)).cloned().collect();
    match history::changed(call, "messages", &["\"user\""], change) {
        Some(out) => assert_eq!(serde_json::from_str::<Value>(&out).expect("JSON"), Value::Array(left)),
        None => assert!(left.len() == turns.len() || !call.body.windows(6).any(|word| word == b"\"user\"")),
    }
}

fn pieces(call: &Call, edits: &Edits) -> Vec<u8> {
    splice(call, edits).concat()
}
