//! Everything that an upstream can do wrong.

use super::*;

#[tokio::test]
async fn errors_in_the_providers_own_form() {
    let cases = [
        (invalid_key(), [401, 401, 401, 401, 401]),
        (forbidden(), [403, 403, 403, 403, 403]),
        (insufficient_quota(), [429, 402, 402, 402, 429]),
        (credit_exhausted_400(), [429, 400, 402, 402, 429]),
        (context_length(), [400, 400, 400, 400, 400]),
        (model_not_found(), [404, 404, 404, 404, 404]),
        (overloaded(), [503, 529, 529, 503, 503]),
        (content_policy(), [400, 200, 403, 400, 400]),
        (invalid_request(), [400, 400, 400, 400, 400]),
    ];
    for (reply, statuses) in cases {
        for (builder, status) in every().into_iter().zip(statuses) {
            let upstream = builder.say(reply.clone()).start().await;
            let answer = whole(&upstream).await;
            assert_eq!(answer.status, status, "{:?} {:?}", upstream.kind(), answer.json);
            assert_eq!(answer.error() == Value::Null, status == 200, "{:?}", answer.json);
        }
    }
}

#[tokio::test]
async fn statuses_with_headers_and_bodies() {
    let openai = upstream::openai()
        .say(rate_limited(7))
        .then(rate_limited_unsaid())
        .then(status(503).header("Retry-After", 3))
        .then(json(r#"{"odd":true}"#).status(418).content_type("text/plain"))
        .start()
        .await;
    let seen = [whole(&openai).await, whole(&openai).await, whole(&openai).await, whole(&openai).await];
    let told = seen.each_ref().map(|answer| (answer.status, answer.header("retry-after")));
    assert_eq!(told, [(429, Some("7")), (429, None), (503, Some("3")), (418, None)]);
    assert_eq!((seen[3].header("content-type"), &seen[3].json["odd"]), (Some("text/plain"), &json!(true)));
    assert_eq!(whole(&openai).await.status, 418, "the last one repeats");
}

#[tokio::test]
async fn no_answer_at_all() {
    let openai = upstream::openai().say(reset_before_head()).then(close_before_head()).then(raw("nonsense\r\n\r\n"));
    let openai = openai.start().await;
    for fault in ["reset", "closed", "not HTTP"] {
        assert!(request(&openai, &chat("m", "hi")).try_send().await.is_err(), "{fault}");
    }
    assert_eq!((openai.calls().len(), openai.disconnects()), (3, 0));
}

#[tokio::test]
async fn broken_off_in_the_middle() {
    for builder in every() {
        let upstream = builder.say(status(500)).always([Say::Text("hi there"), Say::Cut]).start().await;
        assert!(stream(&upstream).await.broken.is_some());
        for fault in [Say::Cut, Say::Reset] {
            upstream.switch([Say::Text("hi there"), fault]);
            let answer = whole(&upstream).await;
            assert!(answer.broken.is_some() && !answer.body.is_empty() && answer.json.is_null());
            assert!(stream(&upstream).await.broken.is_some());
        }
        upstream.switch([Say::Text("hi there"), Say::Cut]);
        assert_eq!(stream(&upstream).await.text(), "hi there");
        upstream.switch(reset_after_head());
        for answer in [whole(&upstream).await, stream(&upstream).await] {
            assert_eq!((answer.status, answer.body.len(), answer.broken.is_some()), (200, 0, true));
        }
    }
}

#[tokio::test]
async fn wrong_bodies() {
    let openai = upstream::openai()
        .say(html())
        .then(empty())
        .then(empty_stream())
        .then(Reply::from(Say::Text("hi")).truncated())
        .then(Say::Long(3 << 20))
        .then(body_of("application/octet-stream", [0, 159, 146, 150]))
        .start()
        .await;
    assert_eq!(whole(&openai).await.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(whole(&openai).await.body, b"");
    assert_eq!(stream(&openai).await.body, b"");
    let half = whole(&openai).await;
    assert!(half.broken.is_none() && half.json.is_null() && half.body.starts_with(b"{\"id\""));
    assert_eq!(whole(&openai).await.text().len(), 3 << 20);
    assert_eq!(whole(&openai).await.body, [0, 159, 146, 150]);
}

#[tokio::test]
async fn wrong_framing() {
    let hi = || Reply::from(Say::Text("hi"));
    let openai =
        upstream::openai().say(hi().declared_length(100_000)).then(hi().with_length()).then(hi().close_delimited());
    let openai = openai.start().await;
    assert!(whole(&openai).await.broken.is_some());
    for framed in ["content-length", "close"] {
        let answer = stream(&openai).await;
        assert_eq!((answer.text().as_str(), answer.done(), answer.broken), ("hi", true, None), "{framed}");
    }
}

#[tokio::test]
async fn a_stream_split_at_every_byte() {
    for builder in every() {
        let upstream = builder.say(Reply::from(Say::Text("héllo wörld")).trickle(1)).start().await;
        let answer = stream(&upstream).await;
        assert_eq!((answer.text().as_str(), answer.done()), ("héllo wörld", true));
        assert_eq!(whole(&upstream).await.text(), "héllo wörld");
    }
}

#[tokio::test]
async fn broken_events() {
    for builder in every() {
        let upstream = builder.stream([Say::Text("a"), Say::BrokenJson, Say::Text("b"), Say::Done]).start().await;
        let answer = stream(&upstream).await;
        assert_eq!((answer.text().as_str(), answer.done()), ("ab", true));
        assert!(answer.events.iter().any(|event| event.json.is_null() && event.data != "[DONE]"));
        upstream.switch(Reply::exactly([Say::Text("a"), Say::InvalidUtf8, Say::Done]));
        let answer = stream(&upstream).await;
        assert!(String::from_utf8(answer.body).is_err());
        upstream.switch(Reply::exactly([Say::Bytes(b"data: \n\n: x".to_vec())]));
        assert_eq!(stream(&upstream).await.body, b"data: \n\n: x");
    }
}

#[tokio::test]
async fn a_closed_port_refuses_until_it_is_opened() {
    let mut openai = upstream::openai().closed().start().await;
    let refused = request(&openai, &chat("m", "hi")).try_send().await;
    assert!(refused.is_err_and(|error| error.contains("ConnectionRefused")));
    openai.restart().await;
    assert_eq!(whole(&openai).await.text(), "hello from openai");
    let address = openai.url();
    openai.stop().await;
    assert!(request(&openai, &chat("m", "hi")).try_send().await.is_err());
    openai.restart().await;
    assert_eq!((openai.url(), whole(&openai).await.status), (address, 200));
}
