//! Tries on the same link: how often, after which wait, and how many of them all requests together may make.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;

use crate::kit::upstream::{openai, openrouter};
use crate::kit::*;

#[tokio::test]
async fn as_many_more_tries_as_llm_retry_says() {
    let openai = openai().say(status(500)).then(status(503)).then(ok()).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("LLM_RETRY", 2).start().await.checked().await;
    let answer = gateway.chat("gpt-4o", "hello").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello from openai"));
    assert_eq!((answer.attempts(), answer.fallback()), (Some(1), None), "three tries on one link");
    assert_eq!(openai.calls().len(), 3);
    check_not_called([&openrouter]);
}

#[tokio::test]
async fn no_second_try_with_llm_retry_0() {
    let openai = openai().say(status(500)).then(ok()).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("LLM_RETRY", 0).start().await.checked().await;
    check(
        &gateway.chat("gpt-4o", "hello").await,
        "hello from openrouter",
        "openai:server_error",
        [&openai, &openrouter],
    );
}

#[tokio::test]
async fn one_more_try_by_default() {
    let openai = openai().always(status(500)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("LLM_RETRY", "").start().await.checked().await;
    let answer = gateway.stream("gpt-4o", "hello").await;
    assert_eq!(answer.fallback(), Some("openai:server_error"));
    assert_eq!(openai.calls().len(), 2);
}

#[tokio::test]
async fn a_failure_that_is_not_transient_ends_the_tries() {
    let openai = openai().say(status(500)).then(invalid_key()).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("LLM_RETRY", 5).start().await.checked().await;
    let answer = gateway.chat("gpt-4o", "hello").await;
    assert_eq!(answer.fallback(), Some("openai:auth"), "the last failure counts");
    assert_eq!(openai.calls().len(), 2);
}

/// What a 429 that asks for a wait does with these settings: calls of the first link, and who served.
async fn asked_to_wait(first: Reply, settings: &[(&str, &str)], wait: Duration) -> (usize, String) {
    let openai = openai().say(first).then(ok()).start().await;
    let openrouter = openrouter().start().await;
    let mut builder = gateway().with(&openai).with(&openrouter);
    for (name, value) in settings {
        builder = builder.env(name, value);
    }
    let gateway = builder.start().await.checked().await;
    let caller = gateway.caller();
    let answer = tokio::spawn(async move { caller.chat("gpt-4o", "hello").await });
    openai.wait_for_calls(1).await;
    if !wait.is_zero() {
        // Let it fall asleep first: a wait begins with the answer.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!answer.is_finished(), "it waits");
        gateway.advance(wait).await;
    }
    let answer = answer.await.unwrap();
    assert_eq!(answer.status, 200);
    (openai.calls().len(), answer.provider().unwrap().to_owned())
}

#[tokio::test]
async fn a_short_retry_after_is_waited_out() {
    let seconds = |text: &str| status(429).header("retry-after", text);
    let waited = (2, "openai".to_owned());
    let three = Duration::from_secs(3);
    assert_eq!(asked_to_wait(seconds("3"), &[], three).await, waited);
    assert_eq!(asked_to_wait(seconds("2.5"), &[], three).await, waited, "parts of a second");
    assert_eq!(asked_to_wait(status(429).header("retry-after-ms", 1500), &[], three).await, waited);
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    assert_eq!(asked_to_wait(seconds(&date), &[], three).await, waited, "a date");
    assert_eq!(asked_to_wait(seconds("0"), &[], Duration::ZERO).await, waited, "no time at all");
    let ten = asked_to_wait(seconds("10"), &[("LLM_RETRY_AFTER_MAX_MS", "10000")], Duration::from_secs(10));
    assert_eq!(ten.await, waited, "the operator's own bound");
}

#[tokio::test]
async fn a_long_retry_after_is_not_waited_out() {
    let switched = (1, "openrouter".to_owned());
    let at_once = Duration::ZERO;
    assert_eq!(asked_to_wait(rate_limited(4), &[], at_once).await, switched);
    assert_eq!(asked_to_wait(rate_limited_unsaid(), &[], at_once).await, switched, "none asked for");
    assert_eq!(asked_to_wait(status(429).header("retry-after", "soon"), &[], at_once).await, switched, "nonsense");
    let none = [("LLM_RETRY_AFTER_MAX_MS", "0")];
    assert_eq!(asked_to_wait(rate_limited(1), &none, at_once).await, switched);
    assert_eq!(asked_to_wait(rate_limited(0), &none, at_once).await, switched);
    let short = [("LLM_TIMEOUT_MS", "900")];
    assert_eq!(asked_to_wait(rate_limited(1), &short, at_once).await, switched, "the deadline comes first");
}

#[tokio::test]
async fn a_retry_after_is_waited_out_once() {
    let openai = openai().always(rate_limited(1)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).env("LLM_RETRY", 5).start().await.checked().await;
    let caller = gateway.caller();
    let answer = tokio::spawn(async move { caller.chat("gpt-4o", "hello").await });
    openai.wait_for_calls(1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    gateway.advance(Duration::from_secs(1)).await;
    assert_eq!(answer.await.unwrap().fallback(), Some("openai:rate_limited"));
    assert_eq!(openai.calls().len(), 2);
}

#[tokio::test]
async fn all_tries_together_are_bounded() {
    let openai = openai().always(status(500)).start().await;
    let gateway = gateway().with(&openai).env("LLM_RETRY", 3).start().await.checked().await;
    let storm = join_all((0..300).map(|_| gateway.chat("gpt-4o", "hello"))).await;
    assert!(storm.iter().all(|answer| answer.status == 502));
    let calls = openai.calls().len();
    assert!((310..=360).contains(&calls), "{calls} calls for 300 requests");
    // A quiet hour later there is a budget again: ten in ten seconds, however few the requests.
    gateway.advance(Duration::from_secs(3600)).await;
    openai.forget();
    for _ in 0..5 {
        gateway.chat("gpt-4o", "hello").await;
    }
    assert_eq!(openai.calls().len(), 15, "five requests and ten tries");
}

#[tokio::test]
async fn a_connection_that_the_provider_has_closed_meanwhile_is_no_failure() {
    let mut openai = openai().start().await;
    let openrouter = openrouter().start().await;
    let gateway = gateway().with(&openai).with(&openrouter).start().await.checked().await;
    for round in 0..5 {
        let answer = gateway.chat("gpt-4o", "hello").await;
        assert_eq!((answer.status, answer.fallback()), (200, None), "round {round}");
        openai.restart().await;
    }
    check_not_called([&openrouter]);
}
