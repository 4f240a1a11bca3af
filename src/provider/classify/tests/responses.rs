//! Errors of Responses: an event of its own, a failed response's event, a whole response that has failed.

use super::*;

/// An error of Responses as each of its three forms has it: an event of its own, in a failed response's event, and in a
/// whole response that has failed.
fn responses(code: &str, message: &str) -> [Value; 3] {
    let error = json!({"code": code, "message": message});
    let response = json!({"object": "response", "status": "failed", "error": error, "output": []});
    [
        json!({"type": "error", "code": code, "message": message, "param": null, "sequence_number": 3}),
        json!({"type": "response.failed", "sequence_number": 3, "response": response}),
        response,
    ]
}

#[test]
fn errors_of_responses_wherever_they_stand() {
    for (code, message, status, class) in [
        ("server_error", "x", 500, Class::ServerError),
        ("vector_store_timeout", "x", 504, Class::Timeout),
        ("rate_limit_exceeded", "x", 429, Class::RateLimited),
        ("insufficient_quota", "x", 429, Class::Quota),
        ("invalid_prompt", "x", 400, Class::InvalidRequest),
        ("invalid_prompt", "flagged as violating our usage policy", 400, Class::ContentPolicy),
        ("image_content_policy_violation", "x", 400, Class::ContentPolicy),
        ("failed_to_download_image", "x", 400, Class::InvalidRequest),
        ("context_length_exceeded", "x", 400, Class::ContextLength),
    ] {
        for body in responses(code, message) {
            let text = body.to_string();
            let error = Told::read(text.as_bytes());
            assert_eq!((error.kind.as_deref(), error.code.as_deref()), (None, Some(code)), "{text}");
            assert_eq!((error.status().as_u16(), error.message.as_str()), (status, message), "{text}");
            let (status, body) = (error.status(), Bytes::from(text));
            let refused = Refused { status, headers: &headers(&[]), body: &body, error };
            let failure = failure(spec("openai").chat, Dialect::Responses, &refused);
            assert_eq!(failure.class, class, "{body:?}");
            // It is no body that a caller could be shown as an error.
            assert!(failure.said.unwrap().body.is_empty(), "{body:?}");
        }
    }
    let silent = Told::read(br#"{"object":"response","status":"failed","error":null,"output":[]}"#);
    assert_eq!((silent.status().as_u16(), silent.message.as_str()), (500, ""));
    // The types of other flat errors are their own.
    let flat = Told::read(br#"{"object":"error","message":"no","type":"BadRequestError","code":400}"#);
    assert_eq!((flat.kind.as_deref(), flat.inside), (Some("BadRequestError"), false));
    assert!(!Told::read(claude("api_error", "x").to_string().as_bytes()).inside);
}
