//! What is learned of a whole response that passes as bytes.

use super::super::Inspected;
use super::head::{self, Head, is_call};
use crate::domain::failure::{Class, Failure};

/// Looks at a whole answer: an answer, an error in an answer's dress, or neither.
pub(super) fn inspect(body: &[u8]) -> Result<Inspected, Failure> {
    let malformed = |why: &str| Failure::after_sending(Class::Malformed, why);
    let text = std::str::from_utf8(body).map_err(|_| malformed("the answer is not UTF-8"))?;
    let head = Head::read(text).ok_or_else(|| malformed("the answer is not a JSON object"))?;
    if head.is_failed() {
        return Ok(Inspected::Error);
    }
    if !head.is_response() {
        return Err(malformed("the answer is not a response"));
    }
    let calls = head.output().into_iter().any(|item| is_call(&head::kind(item)));
    Ok(Inspected::Answer(head.learned(calls)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::Finish;

    #[test]
    fn answers_errors_and_neither() {
        let learned = |body: &str| match inspect(body.as_bytes()) {
            Ok(Inspected::Answer(learned)) => learned,
            other => panic!("{body}: {other:?}"),
        };
        let answer = r#"{"object":"response","status":"completed","model":"gpt-5","error":null,"output":[
            {"type":"reasoning","summary":[]},{"type":"function_call","name":"f"}],
            "usage":{"input_tokens":1,"output_tokens":2}}"#;
        let told = learned(answer);
        assert_eq!((told.model.as_deref(), told.finish), (Some("gpt-5"), Some(Finish::ToolCalls)));
        assert_eq!(told.usage.map(|usage| (usage.input, usage.output)), Some((1, 2)));
        let cut = r#"{"output":[],"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}"#;
        assert_eq!(learned(cut).finish, Some(Finish::Length));
        for status in ["in_progress", "queued", "cancelled"] {
            let body = format!(r#"{{"object":"response","status":"{status}","output":[],"error":null}}"#);
            assert_eq!(learned(&body).finish, None, "{status}");
        }
        for error in [
            r#"{"object":"response","status":"failed","error":{"code":"server_error","message":"x"},"output":[]}"#,
            r#"{"object":"response","status":"failed","error":null,"output":[]}"#,
            r#"{"error":{"message":"x"}}"#,
        ] {
            assert!(matches!(inspect(error.as_bytes()), Ok(Inspected::Error)), "{error}");
        }
        for broken in ["", "<html>", "{}", "[]", r#"{"choices":[]}"#, r#"{"output":[{"type":"#, "{\"output\":\"\"}"] {
            assert_eq!(inspect(broken.as_bytes()).unwrap_err().class, Class::Malformed, "{broken}");
        }
    }
}
