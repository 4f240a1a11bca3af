//! One trial goes ahead of the rest of the traffic.

use futures_util::future::join_all;

use super::*;
use crate::kit::upstream::{openai, openrouter};

/// OpenAI, whose checks cannot tell, and OpenRouter.
async fn two(first: Reply) -> (Gateway, Upstream, Upstream) {
    let openai = openai().always(first).probe(status(404)).start().await;
    let openrouter = openrouter().start().await;
    let gateway = patient().with(&openai).with(&openrouter).start().await.checked().await;
    gateway.wait_for_log("openai: ").await;
    (gateway, openai, openrouter)
}

/// Two hundred requests at once, of which one is OpenAI's, for as long as that is under way.
async fn one_of_two_hundred(gateway: &Gateway, openai: &Upstream, openrouter: &Upstream, word: &str) {
    openai.switch(ok().held());
    openai.forget();
    openrouter.forget();
    let storm: Vec<_> = (0..200)
        .map(|_| {
            let caller = gateway.caller();
            tokio::spawn(async move { caller.chat("gpt-4o", "hello").await })
        })
        .collect();
    openrouter.wait_for_calls(199).await;
    openai.wait_for_calls(1).await;
    assert_eq!((openai.calls().len(), openrouter.calls().len()), (1, 199));
    openai.release();
    let answers: Vec<Answer> = join_all(storm).await.into_iter().map(Result::unwrap).collect();
    let trials = answers.iter().filter(|answer| answer.fallback().is_none()).count();
    let passed = answers.iter().filter(|answer| answer.fallback() == Some(&format!("openai:{word}"))).count();
    assert_eq!((trials, passed), (1, 199));
    // It went well, so everybody goes there again.
    openai.switch(ok());
    openai.forget();
    join_all((0..20).map(|_| serves_first(gateway))).await;
    assert_eq!(openai.calls().len(), 20);
}

#[tokio::test]
async fn one_request_of_two_hundred_is_the_trial_after_a_mark() {
    let (gateway, openai, openrouter) = two(status(401)).await;
    passes_over(&gateway, "auth").await;
    gateway.advance(MINUTE).await;
    // GETs of a path that tells nothing.
    openai.wait_for_probes(2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    one_of_two_hundred(&gateway, &openai, &openrouter, "unhealthy").await;
}

#[tokio::test]
async fn one_request_of_two_hundred_is_the_trial_after_a_rest() {
    let (gateway, openai, openrouter) = two(status(500)).await;
    passes_over(&gateway, "server_error").await;
    gateway.advance(15 * SECOND).await;
    one_of_two_hundred(&gateway, &openai, &openrouter, "resting").await;
}

#[tokio::test]
async fn requests_wait_for_no_check_that_is_the_trial() {
    let (gateway, openai, _openrouter) = two(status(401)).await;
    passes_over(&gateway, "auth").await;
    openai.switch_probe(ok().held());
    gateway.advance(MINUTE).await;
    openai.wait_for_probes(2).await;
    for _ in 0..3 {
        passes_over(&gateway, "unhealthy").await;
    }
    assert_eq!(openai.calls().len(), 1);
    openai.switch(ok());
    openai.release();
    becomes(&gateway, "openai", "healthy").await;
    serves_first(&gateway).await;
}

#[tokio::test]
async fn a_trial_that_fails_sends_nobody_after_it() {
    let (gateway, openai, _openrouter) = two(status(500)).await;
    passes_over(&gateway, "server_error").await;
    gateway.advance(15 * SECOND).await;
    passes_over(&gateway, "server_error").await;
    for _ in 0..5 {
        passes_over(&gateway, "resting").await;
    }
    assert_eq!(openai.calls().len(), 2);
}

#[tokio::test]
async fn a_trial_whose_client_hangs_up_leaves_its_place_to_the_next() {
    for (failure, wait) in [(status(401), MINUTE), (status(500), 15 * SECOND)] {
        let (gateway, openai, _openrouter) = two(failure).await;
        served(&gateway).await;
        gateway.advance(wait).await;
        if wait == MINUTE {
            openai.wait_for_probes(2).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        openai.switch(stall_before_head());
        let caller = gateway.caller();
        let trial = tokio::spawn(async move { caller.chat("gpt-4o", "hello").await });
        openai.wait_for_calls(2).await;
        trial.abort();
        openai.wait_for_disconnects(1).await;
        openai.switch(ok());
        in_time("the next trial", async {
            while served(&gateway).await.0.as_deref() != Some("openai") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        assert_eq!(openai.calls().len(), 3);
    }
}

#[tokio::test]
async fn a_link_has_its_trial_after_a_wait_that_was_asked_for() {
    let (gateway, openai, openrouter) = two(rate_limited(20)).await;
    passes_over(&gateway, "rate_limited").await;
    gateway.advance(20 * SECOND).await;
    one_of_two_hundred(&gateway, &openai, &openrouter, "resting").await;
}
