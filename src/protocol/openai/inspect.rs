//! What is learned of a whole chat completion that passes as bytes.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::Inspected;
use super::super::shape::says_something;
use super::{finish, usage};
use crate::domain::chat::Finish;
use crate::domain::facts::Learned;
use crate::domain::failure::{Class, Failure};

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// Looks at a whole answer: an answer, an error in an answer's dress, or neither.
pub(super) fn inspect(body: &[u8]) -> Result<Inspected, Failure> {
    let malformed = |why: String| Failure::after_sending(Class::Malformed, why);
    let text = std::str::from_utf8(body).map_err(|_| malformed("the answer is not UTF-8".into()))?;
    let head: Head = serde_json::from_str(text).map_err(|error| malformed(format!("the answer is broken: {error}")))?;
    let choices = head.choices.unwrap_or_default();
    let errors = [head.error, choices.first().and_then(|choice| choice.error)];
    if errors.into_iter().flatten().any(says_something) {
        return Ok(Inspected::Error);
    }
    if choices.first().is_none_or(|choice| choice.message.is_none()) {
        return Err(malformed("the answer has no message".into()));
    }
    Ok(Inspected::Answer(Learned {
        model: head.model.and_then(|model| serde_json::from_str(model.get()).ok()),
        usage: head.usage.and_then(|usage| usage::read(usage.get())),
        finish: choices.first().and_then(|choice| choice.finish_reason).and_then(finish_of),
    }))
}

/// A finish reason, however it is spelled.
fn finish_of(reason: &RawValue) -> Option<Finish> {
    serde_json::from_str::<String>(reason.get()).ok().map(|name| finish::read(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_errors_and_neither() {
        let answer = br#"{"model":"m","choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
        let Ok(Inspected::Answer(learned)) = inspect(answer) else { panic!("an answer") };
        assert_eq!(learned.model.as_deref(), Some("m"));
        let spelled = br#"{"error":"","choices":[{"message":{},"finish_reason":"st\u006fp","error":null}]}"#;
        let Ok(Inspected::Answer(learned)) = inspect(spelled) else { panic!("an answer") };
        assert_eq!(learned.finish, Some(Finish::Stop));
        assert!(matches!(inspect(br#"{"error":{"code":502}}"#), Ok(Inspected::Error)));
        assert!(matches!(inspect(br#"{"choices":[{"error":{"code":502},"message":{}}]}"#), Ok(Inspected::Error)));
        for broken in ["", "<html>", "{}", "[]", r#"{"choices":[]}"#, r#"{"choices":[{"message":{"content":"#] {
            assert_eq!(inspect(broken.as_bytes()).unwrap_err().class, Class::Malformed, "{broken}");
        }
    }
}
