//! The turns of a request that passes as bytes, where single ones must change: all others stay as they were written.

use serde_json::Value;
use serde_json::value::RawValue;

use super::call::Call;

/// What becomes of a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It stays as it was written.
    Keep,
    /// It is written anew.
    Write(Value),
    /// It is left out: nothing of it remains.
    Drop,
}

/// The array `name` of `call` with the turns that hold one of `words` changed; `None` where none is, which is found out
/// without reading where no word is there.
pub fn changed(call: &Call, name: &str, words: &[&str], change: impl Fn(Value) -> Change) -> Option<String> {
    let raw = call.field(name)?;
    let holds = |text: &[u8]| words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some());
    if !holds(raw) {
        return None;
    }
    let turns: Vec<&RawValue> = serde_json::from_slice(raw).ok()?;
    let mut any = false;
    let mut out = String::with_capacity(raw.len());
    for turn in turns {
        let text = turn.get();
        let change = match holds(text.as_bytes()) {
            true => serde_json::from_str(text).map_or(Change::Keep, &change),
            false => Change::Keep,
        };
        any |= change != Change::Keep;
        let written = match change {
            Change::Keep => text.to_owned(),
            Change::Write(turn) => turn.to_string(),
            Change::Drop => continue,
        };
        out.push(if out.is_empty() { '[' } else { ',' });
        out.push_str(&written);
    }
    out.push_str(if out.is_empty() { "[]" } else { "]" });
    any.then_some(out)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::openai::OpenAi;
    use super::super::scan::scan;
    use super::*;

    #[test]
    fn only_the_turns_that_change_are_written_anew() {
        let body =
            r#"{"model":"m","messages":[ {"role":"user", "content":"a \"b\" 1.50"},{"role":"x","b":1},{"b":2} ]}"#;
        let call = scan(&OpenAi, Bytes::from_static(body.as_bytes())).unwrap();
        let change = |turn: Value| match turn["b"].as_u64() {
            Some(1) => Change::Write(serde_json::json!({"role": "x"})),
            Some(_) => Change::Drop,
            None => Change::Keep,
        };
        let expected = r#"[{"role":"user", "content":"a \"b\" 1.50"},{"role":"x"}]"#;
        assert_eq!(changed(&call, "messages", &["\"b"], change).as_deref(), Some(expected));
        assert_eq!(changed(&call, "messages", &["\"z"], |_| Change::Drop), None);
        assert_eq!(changed(&call, "messages", &["role"], |_| Change::Keep), None);
        assert_eq!(changed(&call, "messages", &["\""], |_| Change::Drop).as_deref(), Some("[]"));
    }
}
