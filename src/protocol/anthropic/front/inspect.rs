//! What is learned of a whole message that passes as bytes.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::answer::End;
use super::super::usage::Counts;
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};
use crate::protocol::Inspected;
use crate::protocol::shape::says_something;

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Looks at a whole answer: an answer, an error in an answer's dress, or neither.
pub(super) fn inspect(body: &[u8]) -> Result<Inspected, Failure> {
    let malformed = |why: String| Failure::after_sending(Class::Malformed, why);
    let text = std::str::from_utf8(body).map_err(|_| malformed("the answer is not UTF-8".into()))?;
    let head: Head = serde_json::from_str(text).map_err(|error| malformed(format!("the answer is broken: {error}")))?;
    let is_error = head.kind.is_some_and(|kind| kind.get() == "\"error\"");
    if is_error || head.error.is_some_and(says_something) {
        return Ok(Inspected::Error);
    }
    if !head.content.is_some_and(|content| content.get().starts_with('[')) {
        return Err(malformed("the answer is no message: it has no `content`".into()));
    }
    let counts = head.usage.and_then(|usage| serde_json::from_str::<Option<Counts>>(usage.get()).ok().flatten());
    Ok(Inspected::Answer(Learned {
        model: head.model.and_then(|model| serde_json::from_str(model.get()).ok()),
        usage: counts.map(|counts| counts.usage()),
        finish: serde_json::from_str::<End>(text).ok().and_then(End::finish),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::Finish;

    fn learned(body: &str) -> Learned {
        match inspect(body.as_bytes()) {
            Ok(Inspected::Answer(learned)) => learned,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn an_answer_tells_its_model_its_usage_and_its_end() {
        let learned = learned(
            r#"{"type":"message","model":"m","content":[{"type":"text","text":"x"}],"stop_reason":"stop_sequence",
                "stop_sequence":"END","usage":{"input_tokens":2,"cache_read_input_tokens":3,"output_tokens":5,"cost":0.5}}"#,
        );
        let usage = learned.usage.unwrap();
        assert_eq!((usage.input, usage.output, usage.cost), (5, 5, Some(0.5)));
        assert_eq!((learned.model.as_deref(), learned.finish), (Some("m"), Some(Finish::StopSequence("END".into()))));
    }

    #[test]
    fn what_an_answer_does_not_tell_is_not_known() {
        for body in [
            r#"{"content":[]}"#,
            r#"{"content":[],"usage":null,"stop_reason":null,"error":null}"#,
            r#"{"content":[{"type":"new"}],"usage":"?","stop_reason":7,"model":{}}"#,
        ] {
            let Learned { model, usage, finish } = learned(body);
            assert_eq!((model, usage, finish), (None, None, None), "{body}");
        }
    }

    #[test]
    fn errors_and_what_is_neither() {
        for error in
            [r#"{"type":"error","error":{"type":"api_error"}}"#, r#"{"error":"?","content":[]}"#, r#"{"type":"error"}"#]
        {
            assert!(matches!(inspect(error.as_bytes()), Ok(Inspected::Error)), "{error}");
        }
        for broken in
            ["", "<html>", "{}", "[]", r#"{"content":null}"#, r#"{"content":"hi"}"#, r#"{"content":[{"text":"#]
        {
            assert_eq!(inspect(broken.as_bytes()).unwrap_err().class, Class::Malformed, "{broken}");
        }
        assert_eq!(inspect(b"{\"content\":[],\"x\":\"\xff\"}").unwrap_err().class, Class::Malformed);
    }
}
