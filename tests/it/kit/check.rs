//! The assertion that most tests end with.

use super::answer::Answer;
use super::upstream::Upstream;

/// Checks the answer's text and its `x-gateway-fallback` (`None`: the header is absent), that each of the upstreams
/// was called exactly once, and that they were called in this order.
#[track_caller]
pub fn check<'a, const N: usize>(
    answer: &Answer,
    text: &str,
    fallback: impl Into<Option<&'a str>>,
    upstreams: [&Upstream; N],
) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200, "{body}");
    assert_eq!(answer.text(), text, "{body}");
    assert_eq!(answer.broken, None, "{body}");
    assert!(answer.events.is_empty() || answer.done(), "the stream has no proper end: {body}");
    assert_eq!(answer.error(), serde_json::Value::Null, "{body}");
    assert_eq!(answer.fallback(), fallback.into(), "x-gateway-fallback");
    check_called(upstreams);
}

/// Checks that each of the upstreams was called exactly once, in this order.
#[track_caller]
pub fn check_called<const N: usize>(upstreams: [&Upstream; N]) {
    let mut before = None;
    for upstream in upstreams {
        let (name, calls) = (upstream.kind().name(), upstream.calls());
        assert_eq!(calls.len(), 1, "calls to {name}");
        assert!(before < Some(calls[0].at), "{name} was called out of order");
        before = Some(calls[0].at);
    }
}

/// Checks that none of the upstreams was called.
#[track_caller]
pub fn check_not_called<const N: usize>(upstreams: [&Upstream; N]) {
    for upstream in upstreams {
        assert_eq!(upstream.calls().len(), 0, "calls to {}", upstream.kind().name());
    }
}

/// Checks an error: its status and its code.
#[track_caller]
pub fn check_error(answer: &Answer, status: u16, code: &str) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body}");
}
