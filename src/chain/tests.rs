//! Chains of scripted links. What they give is a picture: the chain asks for no text.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::*;
use crate::clock::Stepper;
use crate::health::Options;
use crate::provider::{Entry, Provider, Roster, Standing, anthropic, openai, openrouter};

const SECOND: Duration = Duration::from_secs(1);
const NAMES: [&str; 3] = ["openai", "anthropic", "openrouter"];

/// What a link gives.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Picture(&'static str);

/// What a link does when it is called.
#[derive(Clone)]
enum Does {
    Gives(Picture),
    Fails(Failure),
    Hangs,
}

use Does::{Fails, Gives, Hangs};

/// Three providers, each a link of the chain, and what they do; the last thing again and again.
struct Scene {
    health: Health,
    budget: RetryBudget,
    clock: Clock,
    stepper: Stepper,
    chain: Chain,
    script: RefCell<HashMap<&'static str, VecDeque<Does>>>,
    calls: RefCell<Vec<(&'static str, Terms)>>,
    retries: u32,
    timeout: Duration,
    shortened: bool,
}

fn fails(class: Class) -> Does {
    Fails(Failure::after_sending(class, "no"))
}

fn limited(seconds: u64) -> Does {
    Fails(Failure {
        retry_after: Some(Duration::from_secs(seconds)),
        ..Failure::after_sending(Class::RateLimited, "slow down")
    })
}

fn scene<const N: usize>(script: [&[Does]; N]) -> Scene {
    let specs = [&openai::SPEC, &anthropic::SPEC, &openrouter::SPEC];
    let provider = |spec| Arc::new(Provider::new(spec, "http://127.0.0.1:9".into(), None, BTreeMap::new()));
    let providers: Vec<Arc<Provider>> = specs.into_iter().take(N).map(provider).collect();
    let entry = |one: &Arc<Provider>| Entry { spec: one.spec, standing: Standing::Ready(one.clone()) };
    let roster = Roster { entries: providers.iter().map(entry).collect() };
    let (clock, stepper) = Clock::stepped();
    let options = Options { ttl: 60 * SECOND, first_rest: 15 * SECOND };
    let links = providers.into_iter().map(|provider| Link { provider, model: "m".into(), unfit: None }).collect();
    Scene {
        health: Health::new(&roster, options, clock.clone()),
        budget: RetryBudget::new(clock.now()),
        clock,
        stepper,
        chain: Chain { links },
        script: RefCell::new(NAMES.into_iter().zip(script.map(|one| one.to_vec().into())).collect()),
        calls: RefCell::default(),
        retries: 0,
        timeout: 600 * SECOND,
        shortened: false,
    }
}

impl Scene {
    async fn run(&self) -> Result<Served<Picture>, Exhausted> {
        let with = Conditions {
            health: &self.health,
            budget: &self.budget,
            clock: &self.clock,
            deadline: self.clock.now() + self.timeout,
            shortened: self.shortened,
            retries: self.retries,
            longest_wait: 3 * SECOND,
            request_id: "req_test",
            onlooker: None,
        };
        run(&self.chain, &with, |link, terms| self.attempt(link, terms)).await
    }

    /// The same, with a clock that runs as fast as it is looked at.
    async fn hurried(&self) -> Result<Served<Picture>, Exhausted> {
        tokio::select! {
            biased;
            result = self.run() => result,
            () = async { loop {
                tokio::task::yield_now().await;
                self.stepper.advance(Duration::from_millis(20));
            } } => unreachable!("it never ends"),
        }
    }

    async fn attempt(&self, link: Link, terms: Terms) -> Result<Picture, Failure> {
        let name = link.provider.name();
        self.calls.borrow_mut().push((name, terms));
        let does = {
            let mut script = self.script.borrow_mut();
            let list = script.get_mut(name).expect("a script");
            if list.len() > 1 { list.pop_front() } else { list.front().cloned() }
        };
        match does.expect("something to do") {
            Gives(picture) => Ok(picture),
            Fails(failure) => Err(failure),
            Hangs => std::future::pending().await,
        }
    }

    fn does(&self, name: &'static str, does: Does) {
        self.script.borrow_mut().insert(name, VecDeque::from([does]));
    }

    /// Who was called since this was last asked.
    fn called(&self) -> Vec<&'static str> {
        self.calls.borrow_mut().drain(..).map(|(name, _)| name).collect()
    }

    fn peek(&self, at: usize) -> Result<(), Passed> {
        self.health.peek(&self.chain.links[at])
    }
}

fn gives() -> Does {
    Gives(Picture("a cat"))
}

/// The names and ends of the attempts, as a summary tells them.
fn told(attempts: &[Attempt]) -> String {
    telemetry::summary(attempts)
}

#[tokio::test]
async fn the_first_link_that_answers_serves() {
    let scene = scene([&[fails(Class::Auth)], &[gives()], &[gives()]]);
    let served = scene.run().await.ok().expect("a picture");
    assert_eq!((served.reply.clone(), served.link.provider.name()), (Picture("a cat"), "anthropic"));
    assert_eq!(told(&served.attempts), "openai (auth) -> anthropic:m");
    assert_eq!((served.called(), served.fallback(&scene.chain).as_deref()), (2, Some("openai:auth")));
    assert_eq!(scene.called(), ["openai", "anthropic"]);
    let again = scene.run().await.ok().expect("a picture");
    assert_eq!(told(&again.attempts), "openai (unhealthy) -> anthropic:m");
    assert_eq!((again.called(), again.fallback(&scene.chain).as_deref()), (1, Some("openai:unhealthy")));
    assert_eq!(scene.called(), ["anthropic"]);
}

#[tokio::test]
async fn what_follows_from_each_class() {
    for class in Class::ALL {
        let mut scene = scene([&[fails(class)], &[gives()]]);
        scene.retries = 2;
        let result = scene.hurried().await;
        let calls = scene.called().into_iter().filter(|name| *name == "openai").count();
        let again = matches!(class, Class::ServerError | Class::Network);
        assert_eq!(calls, if again { 3 } else { 1 }, "{class:?}");
        let stops = matches!(class, Class::InvalidRequest | Class::ContentPolicy | Class::ClientGone);
        match result {
            Ok(served) => assert!(!stops && served.link.provider.name() == "anthropic", "{class:?}"),
            Err(Exhausted { why: Why::Refused(failure), .. }) => assert!(stops && failure.class == class, "{class:?}"),
            Err(_) => panic!("{class:?}: neither an answer nor a refusal"),
        }
    }
}

#[tokio::test]
async fn a_connection_that_could_not_be_made_in_time_is_tried_again() {
    let unsent = Fails(Failure::new(Class::Timeout, "no connection"));
    let mut scene = scene([&[unsent.clone(), unsent, gives()]]);
    scene.retries = 2;
    let served = scene.hurried().await.ok().expect("a picture");
    assert_eq!((scene.called().len(), told(&served.attempts)), (3, "openai:m".to_owned()));
    assert_eq!(served.fallback(&scene.chain), None);
}

#[tokio::test]
async fn a_short_wait_is_granted_once_and_a_long_one_never() {
    for (first, calls) in [(limited(3), 2), (limited(0), 2), (limited(4), 1), (fails(Class::RateLimited), 1)] {
        let scene = scene([&[first], &[gives()]]);
        let began = scene.clock.now();
        let served = scene.hurried().await.ok().expect("a picture");
        assert_eq!(scene.called().iter().filter(|name| **name == "openai").count(), calls);
        assert_eq!(served.fallback(&scene.chain).as_deref(), Some("openai:rate_limited"));
        assert!(scene.clock.now() - began < 4 * SECOND);
    }
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let mut scene = scene([&[limited(2), gives()], &[gives()]]);
    scene.timeout = SECOND;
    assert_eq!(scene.run().await.ok().expect("a picture").link.provider.name(), "anthropic");
}

#[test]
fn backoff_has_full_jitter_and_doubles() {
    for round in 0..200 {
        let mut tries = Tries { left: 6, made: 0, waited: false };
        for most in [250, 500, 1000, 2000, 2000, 2000] {
            let pause = tries.backoff();
            assert!(pause <= Duration::from_millis(most), "{pause:?} in round {round}");
        }
        assert_eq!(tries.left, 0);
    }
    let first = || Tries { left: 1, made: 0, waited: false }.backoff();
    let drawn: Vec<Duration> = (0..200).map(|_| first()).collect();
    let ms = Duration::from_millis;
    assert!(drawn.iter().any(|pause| *pause < ms(60)) && drawn.iter().any(|pause| *pause > ms(190)), "spread evenly");
}

#[tokio::test]
async fn links_know_their_place() {
    let scene = scene([&[fails(Class::ServerError)], &[fails(Class::ServerError)], &[gives()]]);
    scene.run().await.ok().expect("a picture");
    let places: Vec<_> = scene.calls.borrow().iter().map(|(_, terms)| (terms.first, terms.more)).collect();
    assert_eq!(places, [(true, true), (false, true), (false, false)]);
    scene.called();
    // The first two rest now: the third is the only one that would be called, until it fails too.
    scene.does("openrouter", fails(Class::ServerError));
    assert!(scene.run().await.is_err());
    let places: Vec<_> = scene.calls.borrow().iter().map(|(name, terms)| (*name, terms.first, terms.more)).collect();
    assert_eq!(places, [("openrouter", false, false), ("openai", true, true), ("anthropic", false, false)]);
}

#[tokio::test]
async fn the_deadline_ends_the_call_under_way() {
    for shortened in [true, false] {
        let mut scene = scene([&[fails(Class::ServerError)], &[Hangs], &[gives()]]);
        (scene.timeout, scene.shortened) = (SECOND, shortened);
        let exhausted = scene.hurried().await.err().expect("no picture");
        assert!(matches!(exhausted.why, Why::Deadline));
        assert_eq!(told(&exhausted.attempts), "openai (server_error) -> anthropic (timeout)");
        assert!(exhausted.upstream >= SECOND);
        // The second link rests, unless it was the caller who had no time.
        assert_eq!(scene.peek(1), if shortened { Ok(()) } else { Err(Passed::Resting) });
        assert_eq!(scene.peek(0), Err(Passed::Resting), "its failure has nothing to do with the deadline");
        assert_eq!(scene.called(), ["openai", "anthropic"]);
    }
}

#[tokio::test]
async fn a_time_out_within_a_shortened_deadline_is_the_links_own() {
    let mut scene = scene([&[fails(Class::Timeout)], &[gives()]]);
    (scene.timeout, scene.shortened) = (100 * SECOND, true);
    scene.run().await.ok().expect("a picture");
    assert_eq!(scene.peek(0), Err(Passed::Resting));
}

#[tokio::test]
async fn what_was_passed_over_is_tried_last_and_stands_once() {
    let scene = scene([&[fails(Class::Auth)], &[fails(Class::ServerError)], &[gives()]]);
    scene.run().await.ok().expect("a picture");
    scene.called();
    scene.does("anthropic", gives());
    scene.does("openrouter", fails(Class::Malformed));
    let served = scene.run().await.ok().expect("a picture");
    assert_eq!(scene.called(), ["openrouter", "openai", "anthropic"]);
    assert_eq!(told(&served.attempts), "openrouter (malformed) -> openai (auth) -> anthropic:m");
    assert_eq!(served.called(), 3);
    // The call that went well ended the rest.
    assert_eq!(scene.peek(1), Ok(()));
}

#[tokio::test]
async fn a_wait_that_was_asked_for_is_kept_to_the_end() {
    let scene = scene([&[limited(30)], &[limited(20)]]);
    let exhausted = scene.run().await.err().expect("no picture");
    let Why::Failed { failures, retry_after } = exhausted.why else { panic!("not failed") };
    assert_eq!((failures.len(), retry_after), (2, Some(20 * SECOND)));
    scene.called();
    let exhausted = scene.run().await.err().expect("no picture");
    let Why::Failed { failures, retry_after } = exhausted.why else { panic!("not failed") };
    assert!(failures.is_empty() && scene.called().is_empty(), "nobody was called");
    assert!(retry_after.is_some_and(|wait| wait > 15 * SECOND && wait <= 20 * SECOND));
    assert_eq!(told(&exhausted.attempts), "openai (resting) -> anthropic (resting)");
    assert_eq!(called(&exhausted.attempts), 0);
}

#[tokio::test]
async fn unfit_links_are_not_called_while_another_is_fit() {
    let mut scene = scene([&[gives()], &[fails(Class::ServerError)]]);
    scene.chain.links[0].unfit = Some("it paints no cats".into());
    let exhausted = scene.run().await.err().expect("no picture");
    assert_eq!(
        (told(&exhausted.attempts).as_str(), scene.called()),
        ("openai (unfit) -> anthropic (server_error)", vec!["anthropic"])
    );
    // Where nobody seems fit, what is known may be wrong.
    scene.chain.links[1].unfit = Some("nor does it".into());
    let served = scene.run().await.ok().expect("a picture");
    assert_eq!((served.fallback(&scene.chain), scene.called()), (None, vec!["openai"]));
}

#[tokio::test]
async fn what_is_our_own_fault_is_held_against_nobody() {
    let ours = Failure { blame: Blame::Translation, ..Failure::after_sending(Class::InvalidRequest, "max_tokens") };
    let unfit = Failure::unfit(crate::domain::Dialect::Anthropic, "n", "one answer only");
    let scene = scene([&[Fails(ours)], &[Fails(unfit)], &[gives()]]);
    let served = scene.run().await.ok().expect("a picture");
    assert_eq!(told(&served.attempts), "openai (invalid_request) -> anthropic (unfit) -> openrouter:m");
    assert_eq!(served.called(), 2, "what could not be written was not called");
    assert_eq!((scene.peek(0), scene.peek(1)), (Ok(()), Ok(())));
}

#[tokio::test]
async fn a_run_that_is_dropped_leaves_its_trial_to_the_next() {
    for class in [Class::Auth, Class::ServerError] {
        let scene = scene([&[fails(class), Hangs], &[gives()]]);
        scene.run().await.ok().expect("a picture");
        scene.stepper.advance(60 * SECOND);
        tokio::select! {
            biased;
            _ = scene.run() => panic!("it hangs"),
            () = tokio::task::yield_now() => {}
        }
        assert_eq!(scene.peek(0), Ok(()), "{class:?}");
        scene.does("openai", gives());
        assert_eq!(scene.run().await.ok().expect("a picture").fallback(&scene.chain), None);
    }
}

#[tokio::test]
async fn a_storm_is_not_multiplied() {
    let mut scene = scene([&[fails(Class::ServerError)]]);
    scene.retries = 5;
    let storm = futures_util::future::join_all((0..300).map(|_| scene.run()));
    let failed = tokio::select! {
        biased;
        results = storm => results.into_iter().filter(Result::is_err).count(),
        () = async { loop {
            tokio::task::yield_now().await;
            scene.stepper.advance(Duration::from_millis(20));
        } } => unreachable!("it never ends"),
    };
    let calls = scene.called().len();
    assert_eq!(failed, 300);
    assert!((300..=360).contains(&calls), "{calls} calls for 300 requests");
}
