//! Streams that break in the middle and go on at another link (`LLM_STREAM_RESUME=auto`).

mod messages;

use crate::kit::*;
use serde_json::{Value, json};
use std::time::Duration;

/// What a model that is asked the same thing twice says both times.
const FULL: &str = "Grüße, Welt!\n\nEins, zwei  und \u{1f980} drei.\n- vier";
const CHAT: &str = "/v1/chat/completions";

/// A gateway whose streams go on.
fn resuming() -> GatewayBuilder {
    gateway().env("LLM_STREAM_RESUME", "auto")
}

/// A stream that says this and breaks off.
fn broken(text: &'static str) -> Reply {
    Reply::exactly([Say::Role, Say::Text(text), Say::Cut])
}

/// A request for a stream that `model` begins and these go on with.
fn asked<const N: usize>(model: &str, fallbacks: [&str; N]) -> Value {
    let mut body = streamed(chat(model, "Count."));
    body["fallbacks"] = json!(&fallbacks[..]);
    body
}

/// The marks of the seams in a stream.
fn seams(answer: &Answer) -> Vec<Value> {
    let marks = answer.events.iter().map(|event| event.json["x_gateway"]["resumed"].clone());
    marks.filter(|mark| !mark.is_null()).collect()
}

/// A stream that is whole, said once from its role to its end, under one id.
#[track_caller]
fn check_one_stream(answer: &Answer, text: &str) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.status, answer.text().as_str()), (200, text), "{body}");
    assert!(answer.done() && answer.error().is_null() && answer.broken.is_none(), "{body}");
    let chunks: Vec<&Value> = answer.events.iter().map(|event| &event.json).filter(|json| json.is_object()).collect();
    let first = chunks[0];
    for chunk in &chunks {
        assert_eq!((&chunk["id"], &chunk["created"]), (&first["id"], &first["created"]), "{body}");
        assert_eq!(chunk["object"], "chat.completion.chunk", "{body}");
    }
    let roles = chunks.iter().filter(|chunk| chunk["choices"][0]["delta"]["role"].is_string()).count();
    let dones = answer.events.iter().filter(|event| event.data == "[DONE]").count();
    assert_eq!((roles, dones, answer.finish().len()), (1, 1, 1), "{body}");
}

/// The text as it was before, then the error that a broken stream ends in when nobody goes on.
#[track_caller]
fn check_broken(answer: &Answer, text: &str, code: &str) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.text().as_str(), answer.code().as_str()), (text, code), "{body}");
    assert!(!answer.done() && seams(answer).is_empty(), "{body}");
}

/// Every place in [`FULL`] where a stream may break, with what is said until then.
fn cuts() -> impl Iterator<Item = &'static str> {
    FULL.char_indices().map(|(at, _)| &FULL[..at]).skip(1).chain([FULL])
}

#[tokio::test]
async fn a_model_that_continues_one_is_given_what_was_sent() {
    let (openai, anthropic) = (upstream::openai().start().await, upstream::anthropic().start().await);
    let gateway = resuming().with(&openai).with(&anthropic).start().await;
    for (number, sent) in cuts().enumerate() {
        anthropic.forget();
        openai.switch(broken(sent));
        let rest = &FULL[sent.trim_end().len()..];
        anthropic.switch(Reply::from([Say::Text(rest), Say::Usage(20, 7)]));
        let model = format!("gpt-{number}");
        let answer = gateway.post(CHAT, asked(&model, ["claude-sonnet-4-5"])).await;
        check_one_stream(&answer, FULL);
        let seam =
            json!({"provider": "anthropic", "model": "claude-sonnet-4-5", "by": "prefill", "after": "malformed"});
        assert_eq!(seams(&answer), [seam], "{sent:?}");
        assert_eq!(answer.provider(), Some("openai"));
        let call = anthropic.last_call();
        let turns = call.json["messages"].as_array().expect("messages");
        let last = &turns[turns.len() - 1];
        assert_eq!((&last["role"], turns.len()), (&json!("assistant"), 2), "{last}");
        let content = last["content"].as_str().or(last["content"][0]["text"].as_str());
        assert_eq!(content, Some(sent.trim_end()), "{last}");
    }
    assert_eq!(openai.calls().len(), cuts().count());
    gateway.assert_no_secrets();
}

#[tokio::test]
async fn white_space_that_the_model_leaves_out_is_not_lost_and_not_doubled() {
    let (openai, anthropic) = (upstream::openai(), upstream::anthropic());
    let openai = openai.say(broken("One, ")).start().await;
    let anthropic = anthropic.say(Reply::exactly([Say::Role, Say::Text("two"), Say::Text(" three"), Say::Done]));
    let anthropic = anthropic.start().await;
    let gateway = resuming().with(&openai).with(&anthropic).start().await;
    let answer = gateway.post(CHAT, asked("gpt-4o", ["claude-sonnet-4-5"])).await;
    check_one_stream(&answer, "One, two three");
}

#[tokio::test]
async fn a_fresh_answer_is_used_where_it_repeats_what_was_sent() {
    let (openai, openrouter) = (upstream::openai().start().await, upstream::openrouter().start().await);
    let openrouter_says = |reply: Reply| openrouter.switch(reply);
    let gateway = resuming().with(&openai).with(&openrouter).start().await;
    for (number, sent) in cuts().enumerate() {
        openai.switch(broken(sent));
        // In pieces of other lengths than the first one's.
        openrouter_says(Reply::from([Say::Text(FULL), Say::Usage(20, 7)]));
        let mut body = streamed(chat(&format!("gpt-{number}"), "Count."));
        if number % 2 == 0 {
            body["stream_options"] = json!({"include_usage": true});
        }
        let answer = gateway.post(CHAT, body).await;
        check_one_stream(&answer, FULL);
        let model = format!("openai/gpt-{number}");
        let seam = json!({"provider": "openrouter", "model": model, "by": "repeat", "after": "malformed"});
        assert_eq!(seams(&answer), [seam], "{sent:?}");
        let told = answer.events.iter().filter(|event| event.json["usage"].is_object()).count();
        assert_eq!(told, (number + 1) % 2, "the usage is told where it was asked for");
        assert_eq!(answer.usage()["completion_tokens"], if told == 1 { json!(7) } else { Value::Null });
        let call = openrouter.last_call();
        assert_eq!(call.json["messages"], json!([{"role": "user", "content": "Count."}]));
    }
    assert_eq!(openrouter.calls().len(), cuts().count());
}

#[tokio::test]
async fn a_fresh_answer_that_says_something_else_is_not_used() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let openrouter = upstream::openrouter().start().await;
    let gateway = resuming().with(&openai).with(&openrouter).start().await;
    for (number, other) in ["Two, one", "One, too", "One", "one, two, three"].into_iter().enumerate() {
        openrouter.switch(Reply::from(Say::Text(other)));
        let answer = gateway.stream(&format!("gpt-{number}"), "Count.").await;
        check_broken(&answer, "One, two", "malformed");
    }
    assert_eq!(openrouter.calls().len(), 4);
    // The link that said something else is sound: nothing is held against it.
    openrouter.switch(Reply::from(Say::Text("One, two, three")));
    check_one_stream(&gateway.stream("gpt-9", "Count.").await, "One, two, three");
    gateway.wait_for_log("openai (malformed) -> openrouter (unfit)").await;
    gateway.wait_for_log("openai (malformed) -> openrouter:openai/gpt-9").await;
    let log = gateway.log();
    assert!(log.contains("The stream goes on with OpenRouter model: openai/gpt-9"), "{log}");
    let rests: Vec<&str> = log.lines().filter(|line| line.contains("link rests")).collect();
    assert!(rests.len() == 5 && rests.iter().all(|line| !line.contains("openrouter")), "{rests:?}");
}

#[tokio::test]
async fn it_is_off_by_default() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let openrouter = upstream::openrouter().always(Say::Text("One, two, three")).start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await;
    check_broken(&gateway.stream("gpt-4o", "Count.").await, "One, two", "malformed");
    check_not_called([&openrouter]);
}

#[tokio::test]
async fn only_a_plain_text_goes_on() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let openrouter = upstream::openrouter().always(Say::Text("One, two, three")).start().await;
    let gateway = resuming().with(&openai).with(&openrouter).start().await;
    let tool = json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}});
    let schema = json!({"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}});
    let more = [("tools", json!([tool])), ("response_format", schema), ("logprobs", json!(true)), ("n", json!(2))];
    for (number, (name, value)) in more.into_iter().enumerate() {
        let mut body = streamed(chat(&format!("gpt-4o-{number}"), "Count."));
        body[name] = value;
        check_broken(&gateway.post(CHAT, body).await, "One, two", "malformed");
    }
    // Nor what has said more than text, or has said why it ended.
    for (number, end) in [Say::Refusal("No."), Say::Finish("stop")].into_iter().enumerate() {
        openai.switch(Reply::exactly([Say::Role, Say::Text("One, two"), end, Say::Error("server")]));
        let answer = gateway.stream(&format!("gpt-4.1-{number}"), "Count.").await;
        check_broken(&answer, "One, two", "server_error");
    }
    check_not_called([&openrouter]);
}

#[tokio::test]
async fn the_link_that_broke_is_not_asked_again() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let gateway = resuming().with(&openai).start().await;
    check_broken(&gateway.stream("gpt-4o", "Count.").await, "One, two", "malformed");
    check_broken(&gateway.post(CHAT, asked("gpt-4.1", ["gpt-4.1", "openai/gpt-4.1"])).await, "One, two", "malformed");
    assert_eq!(openai.calls().len(), 2);
    // Another model of the same provider is another link.
    openai.forget();
    openai.switch(broken("One, two"));
    let answer = gateway.post(CHAT, asked("gpt-5", ["gpt-5-mini"])).await;
    check_broken(&answer, "One, two", "malformed");
    let models: Vec<String> = openai.calls().iter().map(|call| call.model().to_owned()).collect();
    assert_eq!(models, ["gpt-5", "gpt-5-mini"]);
}

#[tokio::test]
async fn a_second_break_goes_on_at_a_later_link() {
    let openai = upstream::openai().always(broken("One, two ")).start().await;
    let anthropic = upstream::anthropic().always(broken(" and three, ")).start().await;
    let openrouter = upstream::openrouter().always(Say::Text("One, two and three, four.")).start().await;
    let gateway = resuming().with(&openai).with(&anthropic).with(&openrouter).start().await;
    let answer = gateway.post(CHAT, asked("gpt-4o", ["claude-haiku-4-5", "openrouter/meta/llama"])).await;
    check_one_stream(&answer, "One, two and three, four.");
    let by: Vec<Value> = seams(&answer).iter().map(|seam| json!([seam["provider"], seam["by"]])).collect();
    assert_eq!(by, [json!(["anthropic", "prefill"]), json!(["openrouter", "repeat"])]);
    check_called([&openai, &anthropic, &openrouter]);
    gateway.wait_for_log("openai (malformed) -> anthropic (malformed) -> openrouter:meta/llama").await;

    // The last link breaks too: what was sent stands, and the error is the last break's.
    openrouter.switch(Reply::exactly([Say::Role, Say::Text("One, two and three, four"), Say::Error("overloaded")]));
    let answer = gateway.post(CHAT, asked("gpt-4.1", ["claude-sonnet-4-5", "openrouter/meta/llama"])).await;
    assert_eq!((answer.text().as_str(), answer.code().as_str()), ("One, two and three, four", "server_error"));
    assert!(!answer.done());
    assert_eq!(seams(&answer).len(), 2);
}

#[tokio::test]
async fn a_refusal_of_the_beginning_is_passed_on_to_the_next_link() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let anthropic = upstream::anthropic().always(invalid_request()).start().await;
    let openrouter = upstream::openrouter().always(Say::Text("One, two, three")).start().await;
    let gateway = resuming().with(&openai).with(&anthropic).with(&openrouter).start().await;
    let answer = gateway.post(CHAT, asked("gpt-4o", ["claude-sonnet-4-5", "openrouter/meta/llama"])).await;
    check_one_stream(&answer, "One, two, three");
    check_called([&openai, &anthropic, &openrouter]);
}

#[tokio::test]
async fn thoughts_are_neither_given_on_nor_repeated() {
    let first = Reply::exactly([Say::Role, Say::Reasoning("Hm."), Say::Text("One, two"), Say::Cut]);
    let openrouter = upstream::openrouter().always(first).start().await;
    let anthropic = upstream::anthropic().always([Say::Reasoning("Well."), Say::Text(", three")]).start().await;
    let gateway = resuming().with(&openrouter).with(&anthropic).start().await;
    let mut body = asked("openrouter/deepseek/deepseek-r1", ["claude-sonnet-4-5"]);
    body["reasoning_effort"] = json!("low");
    let answer = gateway.post(CHAT, body).await;
    check_one_stream(&answer, "One, two, three");
    assert_eq!(answer.reasoning(), "Hm.");
    let call = anthropic.last_call();
    assert_eq!(call.json["messages"][1]["content"], json!([{"type": "text", "text": "One, two"}]));
    assert_eq!(call.json["thinking"], Value::Null);
}

#[tokio::test]
async fn the_deadline_ends_the_wait_for_another_link() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let openrouter = upstream::openrouter().always(stall_before_head()).start().await;
    let gateway = resuming().with(&openai).with(&openrouter).start().await;
    let stream = |model: &str| {
        let request = gateway.request("POST", CHAT).header("x-gateway-timeout-ms", 30_000);
        request.json(&streamed(chat(model, "Count.")))
    };
    let answer = tokio::spawn(stream("gpt-4o").send());
    openrouter.wait_for_calls(1).await;
    gateway.advance(Duration::from_secs(30)).await;
    check_broken(&answer.await.expect("no panic"), "One, two", "malformed");
    openrouter.wait_for_disconnects(1).await;

    // A stream that the deadline itself has broken is not gone on with.
    openrouter.forget();
    openai.switch(Reply::exactly([Say::Role, Say::Text("One, two"), Say::Stall]));
    let mut live = stream("gpt-4.1").open().await;
    assert_eq!(live.text().await, "One, two");
    gateway.advance(Duration::from_secs(30)).await;
    let rest = live.rest().await;
    assert_eq!(rest[0].json["error"]["code"], "timeout", "{rest:?}");
    check_not_called([&openrouter]);
}

#[tokio::test]
async fn silence_breaks_a_stream_and_another_link_goes_on() {
    let openai = upstream::openai().stream([Say::Role, Say::Text("One, two"), Say::Stall]).start().await;
    let openrouter = upstream::openrouter().always(Say::Text("One, two, three")).start().await;
    let gateway = resuming().with(&openai).with(&openrouter).start().await;
    let mut live = gateway.open("gpt-4o", "Count.").await;
    assert_eq!(live.text().await, "One, two");
    gateway.advance(Duration::from_secs(30)).await;
    let rest = live.rest().await;
    assert_eq!(rest.iter().map(Event::text).collect::<String>(), ", three", "{rest:?}");
    assert_eq!(rest[0].json["x_gateway"]["resumed"]["after"], "timeout");
    openai.wait_for_disconnects(1).await;
}

#[tokio::test]
async fn hanging_up_cancels_the_link_that_was_to_go_on() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let openrouter = upstream::openrouter().always(stall_after_head()).start().await;
    let gateway = resuming().with(&openai).with(&openrouter).start().await;
    let mut live = gateway.open("gpt-4o", "Count.").await;
    assert_eq!(live.text().await, "One, two");
    openrouter.wait_for_calls(1).await;
    drop(live);
    openrouter.wait_for_disconnects(1).await;
    gateway.wait_for_log("client_gone").await;
    assert_eq!(gateway.log().matches("duration_ms").count(), 1, "{}", gateway.log());
}

#[tokio::test]
async fn route_tells_who_went_on() {
    let openai = upstream::openai().always(broken("One, two")).start().await;
    let openrouter = upstream::openrouter().always(Say::Text("One, two, three")).start().await;
    let gateway = resuming().with(&openai).with(&openrouter).start().await;
    let body = json!({"prompt": "Count.", "model": "gpt-4o", "stream": true});
    let answer = gateway.post("/v1/route", body).await;
    let done = &answer.events.last().expect("an end").json;
    assert_eq!(done["result"]["response"], "One, two, three", "{done}");
    assert_eq!(done["result"]["provider"], "openrouter", "{done}");
    assert_eq!(done["result"]["model"], "openai/gpt-4o", "{done}");
    assert_eq!(done["routing"]["summary"], "openai (malformed) -> openrouter:openai/gpt-4o", "{done}");
    assert_eq!(done["routing"]["fallback"], true, "{done}");
    let deltas: Vec<String> = answer.events.iter().filter(|event| event.name == "delta").map(Event::text).collect();
    assert_eq!(deltas.concat(), "One, two, three");
}
