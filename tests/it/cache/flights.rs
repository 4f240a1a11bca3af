//! Requests that ask the same at the same time: one call, however they come and go.

use super::*;
use futures_util::future::join_all;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How soon a provider's call must be cancelled; a busy machine is given a little more than the second.
const SOON: Duration = Duration::from_millis(1500);

fn spawn(gateway: &Gateway, requests: usize, body: &Value) -> Vec<JoinHandle<Answer>> {
    let ask = |_| {
        // A client of its own each time, so that every worker has some of the connections.
        let (caller, body) = (Caller::new(gateway.base()), body.clone());
        tokio::spawn(async move { caller.post(CHAT, body).await })
    };
    (0..requests).map(ask).collect()
}

async fn all(tasks: Vec<JoinHandle<Answer>>) -> Vec<Answer> {
    join_all(tasks).await.into_iter().map(|answer| answer.expect("a caller's task")).collect()
}

#[tokio::test]
async fn fifty_who_ask_the_same_make_one_call() {
    let upstream = upstream::openai().say(Reply::from([Say::Text("one")]).held()).start().await;
    let gateway = keeping(&upstream).await;
    let tasks = spawn(&gateway, 50, &chat("gpt-4o-mini", "hi"));
    under_way(&gateway, 50).await;
    upstream.release();
    let answers = all(tasks).await;
    let misses = answers.iter().filter(|answer| part(answer) == Some("miss")).count();
    assert_eq!((misses, upstream.calls().len()), (1, 1));
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
        assert_eq!(answer.attempts(), Some(u32::from(part(answer) == Some("miss"))));
    }
    let (shared, hits) = (counted(&gateway, "shared").await, counted(&gateway, "hit").await);
    assert_eq!((counted(&gateway, "miss").await, shared + hits), (1, 49));
}

#[tokio::test]
async fn fifty_streams_are_one_too_and_all_begin_at_the_beginning() {
    let pieces = [Say::Role, Say::Text("one"), Say::Wait, Say::Text("two"), Say::Wait, Say::Text("three"), Say::Done];
    let upstream = upstream::openai().stream(pieces).start().await;
    let gateway = keeping(&upstream).await;
    let mut lives = Vec::new();
    for _ in 0..25 {
        let mut live = Caller::new(gateway.base()).open("gpt-4o-mini", "hi").await;
        assert_eq!(live.text().await, "one");
        lives.push((live, "one"));
    }
    upstream.release();
    for _ in 0..25 {
        let mut live = Caller::new(gateway.base()).open("gpt-4o-mini", "hi").await;
        assert_eq!(live.headers["x-gateway-cache"], "hit");
        assert_eq!(live.text().await, "one");
        lives.push((live, "one"));
    }
    for (live, _) in &mut lives {
        assert_eq!(live.text().await, "two", "it comes while the stream goes on");
    }
    upstream.release();
    let mut rests = Vec::new();
    for (live, _) in lives {
        rests.push(live.rest().await);
    }
    assert!(rests.iter().all(|rest| rest == &rests[0] && rest.last().unwrap().data == "[DONE]"));
    assert_eq!(upstream.calls().len(), 1);
    let again = gateway.stream("gpt-4o-mini", "hi").await;
    said(&again, "onetwothree", Some("hit"));
}

#[tokio::test]
async fn a_first_one_that_hangs_up_cuts_nobody_off() {
    let held = Reply::from([Say::Text("one")]).held();
    let upstream = upstream::openai().say(held).start().await;
    let gateway = keeping(&upstream).await;
    let first = spawn(&gateway, 1, &chat("gpt-4o-mini", "hi"));
    upstream.wait_for_calls(1).await;
    let others = spawn(&gateway, 5, &chat("gpt-4o-mini", "hi"));
    under_way(&gateway, 6).await;
    first[0].abort();
    under_way(&gateway, 5).await;
    upstream.release();
    for answer in all(others).await {
        said(&answer, "one", Some("hit"));
    }
    assert_eq!((upstream.calls().len(), upstream.disconnects()), (1, 0));
    gateway.wait_for_log("outcome=\"client_gone\"").await;
}

#[tokio::test]
async fn nor_in_mid_stream() {
    let pieces = [Say::Role, Say::Text("one"), Say::Wait, Say::Text("two"), Say::Done];
    let upstream = upstream::openai().stream(pieces).start().await;
    let gateway = keeping(&upstream).await;
    let mut first = gateway.open("gpt-4o-mini", "hi").await;
    first.text().await;
    let mut second = Caller::new(gateway.base()).open("gpt-4o-mini", "hi").await;
    assert_eq!(second.text().await, "one");
    drop(first);
    under_way(&gateway, 1).await;
    upstream.release();
    assert_eq!(second.text().await, "two");
    assert_eq!(second.rest().await.last().unwrap().data, "[DONE]");
    assert_eq!((upstream.calls().len(), upstream.disconnects()), (1, 0));
    said(&gateway.stream("gpt-4o-mini", "hi").await, "onetwo", Some("hit"));
}

#[tokio::test]
async fn when_all_have_hung_up_the_call_is_cancelled() {
    for streams in [false, true] {
        let upstream = upstream::openai().say([Say::Text("begun"), Say::Stall]).start().await;
        let gateway = keeping(&upstream).await.checked().await;
        let body = chat("gpt-4o-mini", "hi");
        let tasks = spawn(&gateway, 4, &if streams { streamed(body) } else { body });
        under_way(&gateway, 4).await;
        upstream.wait_for_calls(1).await;
        for task in &tasks[1..] {
            task.abort();
        }
        under_way(&gateway, 1).await;
        assert_eq!(upstream.disconnects(), 0, "one is still there");
        let since = Instant::now();
        tasks[0].abort();
        upstream.wait_for_disconnects(1).await;
        assert!(since.elapsed() < SOON, "cancelled after {:?} only", since.elapsed());
        gateway.wait_for_log("outcome=\"client_gone\"").await;
        assert!(!["link rests", "upstream failed"].iter().any(|words| gateway.log().contains(words)));
        upstream.switch([Say::Text("fine")]);
        let again = gateway.chat("gpt-4o-mini", "hi").await;
        said(&again, "fine", Some("miss"));
    }
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait_for_it() {
    let upstream = upstream::openai().say(status(500).held()).then([Say::Text("fine")]).start().await;
    let gateway = keeping(&upstream).await;
    let tasks = spawn(&gateway, 10, &chat("gpt-4o-mini", "hi"));
    under_way(&gateway, 10).await;
    upstream.release();
    for answer in all(tasks).await {
        assert_eq!(answer.status, 502, "{}", answer.json);
        assert_eq!(answer.code(), "all_providers_failed");
        assert_eq!(answer.error()["attempts"][0]["outcome"], "server_error");
    }
    assert_eq!(upstream.calls().len(), 1);
}

/// A chat with a deadline of its own.
fn hurried(gateway: &Gateway, body: &Value) -> Request {
    Caller::new(gateway.base()).request("POST", CHAT).header("x-gateway-timeout-ms", 5000).json(body)
}

#[tokio::test]
async fn the_first_ones_own_deadline_is_not_the_others() {
    let upstream = upstream::openai().say(Reply::from([Say::Text("one")]).held()).start().await;
    let gateway = keeping(&upstream).await.checked().await;
    let body = chat("gpt-4o-mini", "hi");
    let first = tokio::spawn(hurried(&gateway, &body).send());
    upstream.wait_for_calls(1).await;
    let others = spawn(&gateway, 3, &body);
    under_way(&gateway, 4).await;
    gateway.advance(Duration::from_secs(6)).await;
    let late = first.await.unwrap();
    assert_eq!((late.status, late.code().as_str()), (504, "deadline_exceeded"));
    upstream.release();
    for answer in all(others).await {
        said(&answer, "one", Some("hit"));
    }
    assert_eq!(upstream.calls().len(), 1);
}

#[tokio::test]
async fn nor_is_the_deadline_of_one_that_reads_along() {
    let upstream = upstream::openai().say(Reply::from([Say::Text("one")]).held()).start().await;
    let gateway = keeping(&upstream).await.checked().await;
    let body = chat("gpt-4o-mini", "hi");
    let first = spawn(&gateway, 1, &body);
    upstream.wait_for_calls(1).await;
    let other = tokio::spawn(hurried(&gateway, &body).send());
    under_way(&gateway, 2).await;
    gateway.advance(Duration::from_secs(6)).await;
    assert_eq!(other.await.unwrap().code(), "deadline_exceeded");
    upstream.release();
    said(&all(first).await[0], "one", Some("miss"));
}

#[tokio::test]
async fn a_deadline_that_nobody_shares_cancels_the_call() {
    let upstream = upstream::openai().say(stall_before_head()).start().await;
    let gateway = keeping(&upstream).await.checked().await;
    let only = tokio::spawn(hurried(&gateway, &chat("gpt-4o-mini", "hi")).send());
    upstream.wait_for_calls(1).await;
    gateway.advance(Duration::from_secs(6)).await;
    assert_eq!(only.await.unwrap().code(), "deadline_exceeded");
    upstream.wait_for_disconnects(1).await;
    gateway.wait_for_log("outcome=\"deadline_exceeded\"").await;
    assert!(!gateway.log().contains("client_gone"));
}

#[tokio::test]
async fn in_mid_stream_a_deadline_is_its_own_readers_alone() {
    let fronts = [
        (CHAT, streamed(chat("gpt-4o-mini", "hi"))),
        ("/v1/messages", streamed(messages("gpt-4o-mini", "hi"))),
        ("/v1/responses", streamed(responses("gpt-4o-mini", "hi"))),
    ];
    for (path, body) in fronts {
        let pieces = [Say::Role, Say::Text("one"), Say::Wait, Say::Text("two"), Say::Done];
        let upstream = upstream::openai().stream(pieces).start().await;
        let gateway = keeping(&upstream).await.checked().await;
        let open = |hurry: bool| {
            let request = Caller::new(gateway.base()).request("POST", path).json(&body);
            if hurry { request.header("x-gateway-timeout-ms", 5000).open() } else { request.open() }
        };
        let (hurried, mut patient, mut late) = (open(true).await, open(false).await, open(true).await);
        assert_eq!(late.text().await, "one");
        assert_eq!(patient.text().await, "one");
        gateway.advance(Duration::from_secs(6)).await;
        for live in [hurried, late] {
            let last = live.rest().await.pop().unwrap();
            let told = last.json.to_string();
            assert!(told.contains("error") && told.contains("the deadline passed"), "{path}: {told}");
        }
        upstream.release();
        assert_eq!(patient.text().await, "two", "{path}");
        assert!(patient.rest().await.iter().all(|event| !event.json.to_string().contains("deadline")), "{path}");
    }
}

#[tokio::test]
async fn a_slow_reader_slows_nobody_while_the_stream_can_be_kept() {
    let upstream = upstream::openai().say([Say::Text("begun "), Say::Long(1 << 20), Say::Text(" end")]).start().await;
    let gateway = keeping(&upstream).await;
    let slow = gateway.open("gpt-4o-mini", "hi").await;
    let quick = Caller::new(gateway.base()).stream("gpt-4o-mini", "hi").await;
    assert_eq!((quick.text().len(), part(&quick)), ((1 << 20) + 10, Some("hit")));
    assert_eq!(slow.rest().await, quick.events);
    assert_eq!(upstream.calls().len(), 1);
}

#[tokio::test]
async fn a_stream_without_end_is_read_no_further_than_its_slowest_reader() {
    let upstream = upstream::openai().stream([Say::Text("begun"), Say::Endless]).start().await;
    let builder = gateway().with(&upstream).env("CACHE_TTL_SECONDS", 60).env("CACHE_MAX_BYTES", 8 << 20);
    let gateway = builder.start().await;
    let before = gateway.rss_kib();
    let mut slow = gateway.open("gpt-4o-mini", "hi").await;
    let sent = settled(|| upstream.bytes_sent()).await;
    assert!(sent < 16_000_000, "{sent} bytes were taken from the upstream");
    assert!(gateway.rss_kib() < before + (24 << 10), "{before} KiB became {}", gateway.rss_kib());
    let read = async {
        while upstream.bytes_sent() < sent + (1 << 20) {
            slow.text().await;
        }
    };
    in_time("the stream to go on", read).await;
    drop(slow);
    upstream.wait_for_disconnects(1).await;
}

#[tokio::test]
async fn whoever_comes_and_goes_nobody_misses_a_word_and_nothing_is_left_behind() {
    const WORDS: &str = "a few words that go out one by one, so that there is time to come and to go in between";
    let upstream = upstream::openai().say(Reply::from([Say::Text(WORDS)]).trickle(40)).start().await;
    let gateway = keeping(&upstream).await;
    for round in 0..4 {
        let mut stay = Vec::new();
        for number in 0..60 {
            let body = chat("gpt-4o-mini", &format!("round {round}, question {}", number % 3));
            let body = if number % 2 == 0 { streamed(body) } else { body };
            let (request, leaves) = (spawn(&gateway, 1, &body).remove(0), number % 4 < 2);
            if leaves {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_micros(fastrand::u64(..20_000))).await;
                    request.abort();
                });
            } else {
                stay.push(request);
            }
        }
        for answer in all(stay).await {
            assert_eq!((answer.status, answer.text().as_str()), (200, WORDS));
        }
    }
    under_way(&gateway, 0).await;
    eventually("the last call to end", || upstream.under_way() == 0).await;
    assert!(upstream.calls().len() >= 24, "whole and streams, three questions, four rounds");
    assert!(!gateway.log().contains("upstream failed"));
}
