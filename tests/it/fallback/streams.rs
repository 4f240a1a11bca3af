//! Streams: silent before the first content, outspoken after it.

use super::*;

#[tokio::test]
async fn a_client_sees_one_stream() {
    for first in [
        Reply::exactly([Say::Role, Say::Error("overloaded")]),
        Reply::exactly([Say::Comment("warming up"), Say::Role, Say::Ping, Say::Cut]),
        Reply::exactly([Say::Role]),
        overloaded(),
    ] {
        let openai = openai().always(first).start().await;
        let openrouter = openrouter().say([Say::Role, Say::Text("hi there"), Say::Done]).start().await;
        let gateway = gateway().with(&openai).with(&openrouter).start().await;
        let answer = gateway.stream("gpt-4o", "hello").await;
        assert_eq!((answer.text().as_str(), answer.done(), answer.error()), ("hi there", true, Value::Null));
        assert!(answer.fallback().is_some_and(|why| why.starts_with("openai:")));
        assert_eq!(answer.provider(), Some("openrouter"));
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains("chatcmpl-openai") && !text.contains("warming up"), "{text}");
        let roles =
            answer.events.iter().filter(|event| event.json["choices"][0]["delta"]["role"] == "assistant").count();
        assert_eq!(roles, 1, "{text}");
        assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    }
}

#[tokio::test]
async fn what_counts_as_content() {
    let pieces = [
        vec![Say::Role, Say::Text("a"), Say::Error("overloaded")],
        vec![Say::Role, Say::Reasoning("hm"), Say::Error("overloaded")],
        vec![Say::Role, Say::ToolStart(0, "call_1", "look"), Say::Error("overloaded")],
        vec![Say::Role, Say::Refusal("no"), Say::Error("overloaded")],
    ];
    for pieces in pieces {
        let openai = openai().always(Reply::exactly(pieces)).start().await;
        let openrouter = openrouter().start().await;
        let gateway = gateway().with(&openai).with(&openrouter).start().await;
        let answer = gateway.stream("gpt-4o", "hello").await;
        assert_eq!((answer.status, answer.provider(), answer.fallback()), (200, Some("openai"), None));
        assert_ne!(answer.error(), Value::Null);
        assert!(!answer.done());
        check_not_called([&openrouter]);
    }
}

#[tokio::test]
async fn headers_come_with_the_first_content() {
    let openai = openai().say([Say::Role, Say::Wait, Say::Text("hi"), Say::Wait, Say::Done]).start().await;
    let gateway = gateway().with(&openai).start().await;
    let caller = gateway.caller();
    let opening = tokio::spawn(async move { caller.open("gpt-4o", "hello").await });
    openai.wait_for_calls(1).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!opening.is_finished(), "no head before content");
    openai.release();
    let mut live = opening.await.unwrap();
    assert_eq!((live.status, live.text().await.as_str()), (200, "hi"));
    openai.release();
    assert_eq!(live.rest().await.last().unwrap().data, "[DONE]");
}

#[tokio::test]
async fn a_stream_crosses_protocols_on_its_way_down() {
    let anthropic = anthropic().always(Reply::exactly([Say::Role, Say::Ping, Say::Error("overloaded")])).start().await;
    let openrouter = openrouter().always(Reply::exactly([Say::Role, Say::Error("boom")])).start().await;
    let ollama = ollama().start().await;
    let gateway = gateway().with(&anthropic).with(&openrouter).with(&ollama).start().await;
    let answer = gateway.stream("claude-sonnet-4-5", "hello").await;
    check(&answer, "hello from ollama", "anthropic:server_error", [&anthropic, &openrouter, &ollama]);
}
