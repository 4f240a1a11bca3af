//! Marks, rests and trials, on a clock that is stepped.

mod replicas;

use std::collections::BTreeMap;

use super::*;
use crate::clock::Stepper;
use crate::provider::{Entry, openai, openrouter};

const TTL: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// Two providers, of which nothing is known yet.
struct Ward {
    health: Health,
    stepper: Stepper,
    openai: Arc<Provider>,
    openrouter: Arc<Provider>,
}

fn ward() -> Ward {
    ward_with(Duration::from_secs(15))
}

fn ward_with(first_rest: Duration) -> Ward {
    let provider = |spec| Arc::new(Provider::new(spec, "http://127.0.0.1:9".into(), None, BTreeMap::new()));
    let (openai, openrouter) = (provider(&openai::SPEC), provider(&openrouter::SPEC));
    let entries = [&openai, &openrouter].map(|one| Entry { spec: one.spec, standing: Standing::Ready(one.clone()) });
    let (clock, stepper) = Clock::stepped();
    let health = Health::new(&Roster { entries: entries.into() }, Options { ttl: TTL, first_rest }, clock);
    Ward { health, stepper, openai, openrouter }
}

impl Ward {
    fn link(&self, model: &str) -> Link {
        Link { provider: self.openai.clone(), model: model.into(), unfit: None }
    }

    /// One call of the link, which fails so.
    fn fails(&self, link: &Link, class: Class) {
        self.fails_with(link, &Failure::after_sending(class, "no"));
    }

    fn fails_with(&self, link: &Link, failure: &Failure) {
        let permit = self.health.admit(link).ok();
        self.health.bad(link, failure, permit, false);
    }

    fn serves(&self, link: &Link) {
        let permit = self.health.admit(link).expect("leave");
        self.health.good(link, permit);
    }

    fn advance(&self, seconds: u64) {
        self.stepper.advance(Duration::from_secs(seconds));
    }

    fn status(&self) -> Status {
        self.health.report()[0].status
    }

    fn check(&self, check: Check, began: Instant) {
        let permit = self.health.begin_check(&self.openai).expect("no trial is under way");
        self.health.checked(&self.openai, check, began, permit);
    }

    fn now(&self) -> Instant {
        self.health.clock.now()
    }
}

fn good() -> Check {
    Check::Good { latency: SECOND, models: Some(vec!["gpt-4o".into()]) }
}

fn bad() -> Check {
    Check::Bad { status: Some(401), message: "no such key".into() }
}

fn limited(seconds: Option<u64>) -> Failure {
    Failure { retry_after: seconds.map(Duration::from_secs), ..Failure::after_sending(Class::RateLimited, "slow down") }
}

#[test]
fn what_is_not_known_is_treated_as_healthy() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    let first = ward.health.admit(&link).expect("leave");
    assert!(ward.health.admit(&link).is_ok(), "nobody is on trial");
    assert_eq!(ward.status(), Status::Unknown);
    ward.health.good(&link, first);
    assert_eq!(ward.status(), Status::Healthy);
}

#[test]
fn what_each_class_leaves_behind() {
    for class in Class::ALL {
        let ward = ward();
        let (link, other) = (ward.link("gpt-4o"), ward.link("gpt-4o-mini"));
        ward.fails(&link, class);
        let expected = match class {
            Class::Auth | Class::Quota | Class::Network => (Err(Passed::Unhealthy), Err(Passed::Unhealthy)),
            Class::ModelUnavailable | Class::RateLimited | Class::ServerError | Class::Timeout | Class::Malformed => {
                (Err(Passed::Resting), Ok(()))
            }
            Class::InvalidRequest | Class::ContentPolicy | Class::ContextLength | Class::ClientGone => (Ok(()), Ok(())),
        };
        assert_eq!((ward.health.peek(&link), ward.health.peek(&other)), expected, "{class:?}");
        let elsewhere = Link { provider: ward.openrouter.clone(), ..link };
        assert_eq!(ward.health.peek(&elsewhere), Ok(()), "{class:?}");
    }
}

#[test]
fn a_mark_expires_and_has_one_trial() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    ward.fails(&link, Class::Auth);
    ward.advance(59);
    assert_eq!(ward.health.admit(&link).err(), Some(Passed::Unhealthy));
    ward.advance(1);
    assert_eq!(ward.health.peek(&link), Ok(()));
    let trial = ward.health.admit(&link).expect("the trial");
    assert_eq!(ward.health.admit(&ward.link("gpt-4o-mini")).err(), Some(Passed::Unhealthy), "any model of it");
    assert_eq!(ward.health.peek(&link), Err(Passed::Unhealthy));
    assert!(ward.health.begin_check(&ward.openai).is_none(), "a request is the trial");
    drop(trial);
    let next = ward.health.admit(&link).expect("the next trial");
    ward.health.good(&link, next);
    assert_eq!((ward.status(), ward.health.peek(&link)), (Status::Healthy, Ok(())));
}

#[test]
fn a_rest_expires_and_has_one_trial() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    ward.fails(&link, Class::ServerError);
    ward.advance(14);
    assert_eq!(ward.health.admit(&link).err(), Some(Passed::Resting));
    ward.advance(1);
    let trial = ward.health.admit(&link).expect("the trial");
    assert_eq!(ward.health.admit(&link).err(), Some(Passed::Resting));
    assert!(ward.health.admit(&ward.link("gpt-4o-mini")).is_ok(), "another link");
    drop(trial);
    ward.serves(&link);
    let (one, two) = (ward.health.admit(&link), ward.health.admit(&link));
    assert!(one.is_ok() && two.is_ok());
}

#[test]
fn one_trial_however_many_ask_at_once() {
    for class in [Class::Auth, Class::ServerError] {
        let ward = ward();
        let link = ward.link("gpt-4o");
        ward.fails(&link, class);
        ward.advance(60);
        let admitted = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| (0..50).map(|_| ward.health.admit(&link).ok()).collect::<Vec<_>>()))
                .collect();
            asking.into_iter().flat_map(|one| one.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert_eq!((admitted.len(), admitted.iter().flatten().count()), (800, 1), "{class:?}");
    }
}

#[test]
fn a_rest_doubles_while_trials_fail_up_to_a_minute() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    for seconds in [15, 30, 60, 60, 60] {
        ward.fails(&link, Class::Malformed);
        ward.advance(seconds - 1);
        assert_eq!(ward.health.peek(&link), Err(Passed::Resting), "{seconds}");
        ward.advance(1);
        assert_eq!(ward.health.peek(&link), Ok(()), "{seconds}");
    }
    ward.serves(&link);
    ward.fails(&link, Class::Malformed);
    ward.advance(15);
    assert_eq!(ward.health.peek(&link), Ok(()), "afresh");
    assert_eq!(ward_rest(Duration::from_secs(50)), [50, 60]);
    assert_eq!(ward_rest(Duration::from_secs(1)), [1, 2]);
}

/// The first two rests, in seconds.
fn ward_rest(first: Duration) -> [u64; 2] {
    let ward = ward_with(first);
    let link = ward.link("gpt-4o");
    [(); 2].map(|()| {
        ward.fails(&link, Class::ServerError);
        (1..=60)
            .find(|_| {
                ward.advance(1);
                ward.health.peek(&link).is_ok()
            })
            .expect("no rest is longer than a minute")
    })
}

#[test]
fn many_failures_at_once_are_one() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    let permits: Vec<_> = (0..20).map(|_| ward.health.admit(&link).ok()).collect();
    for permit in permits {
        ward.health.bad(&link, &Failure::after_sending(Class::ServerError, "no"), permit, false);
    }
    ward.advance(15);
    assert_eq!(ward.health.peek(&link), Ok(()));
    // Nor does one that began before the rest and fails after it prolong it.
    let late = ward.health.admit_last(&link).ok();
    ward.health.bad(&link, &Failure::after_sending(Class::ServerError, "no"), late, false);
    assert_eq!(ward.health.peek(&link), Ok(()));
}

#[test]
fn a_wait_that_was_asked_for_is_kept() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    ward.fails_with(&link, &limited(Some(20)));
    assert_eq!(ward.health.admit(&link).err(), Some(Passed::RateLimited));
    assert_eq!(ward.health.admit_last(&link).err(), Some(Passed::RateLimited));
    let left = ward.health.asked_rest(&link).expect("it is under way");
    assert!(left > 19 * SECOND && left <= 20 * SECOND, "{left:?}");
    // A call that had begun before goes well: the wait stands.
    ward.health.good(&link, Permit::new(None, None));
    assert_eq!(ward.health.admit(&link).err(), Some(Passed::RateLimited));
    ward.advance(20);
    assert_eq!(ward.health.asked_rest(&link), None);
    assert!(ward.health.admit(&link).is_ok());
}

#[test]
fn waits_are_bounded_and_the_longer_one_counts() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    ward.fails_with(&link, &limited(Some(3600)));
    assert!(ward.health.asked_rest(&link).is_some_and(|left| left <= 60 * SECOND));
    ward.fails_with(&link, &limited(Some(5)));
    assert!(ward.health.asked_rest(&link).is_some_and(|left| left > 55 * SECOND), "of two answers at once");
    ward.advance(60);
    ward.serves(&link);
    ward.fails_with(&link, &limited(None));
    assert_eq!(ward.health.admit(&link).err(), Some(Passed::Resting));
    assert!(ward.health.admit_last(&link).is_ok(), "nobody asked for this one");
    ward.advance(1);
    assert_eq!(ward.health.peek(&link), Ok(()));
    ward.serves(&link);
    ward.fails(&link, Class::ModelUnavailable);
    ward.fails_with(&link, &limited(None));
    ward.advance(59);
    assert_eq!(ward.health.peek(&link), Err(Passed::Resting), "a second does not cut a minute short");
}

#[test]
fn a_good_call_ends_a_rest_that_began_meanwhile() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    let early = ward.health.admit(&link).expect("leave");
    ward.fails(&link, Class::ServerError);
    assert_eq!(ward.status(), Status::Degraded);
    ward.health.good(&link, early);
    assert_eq!((ward.health.peek(&link), ward.status()), (Ok(()), Status::Healthy));
}

#[test]
fn a_deadline_that_its_caller_shortened_is_held_against_nobody() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    let timeout = Failure::after_sending(Class::Timeout, "late");
    ward.health.bad(&link, &timeout, ward.health.admit(&link).ok(), true);
    assert_eq!(ward.health.peek(&link), Ok(()));
    ward.health.bad(&link, &timeout, ward.health.admit(&link).ok(), false);
    assert_eq!(ward.health.peek(&link), Err(Passed::Resting));
}

#[test]
fn a_refusal_of_the_callers_own_fault_shows_that_the_provider_is_well() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    ward.fails(&link, Class::Network);
    assert_eq!(ward.status(), Status::Unhealthy);
    let refusal = Failure { status: Some(400), ..Failure::after_sending(Class::InvalidRequest, "no") };
    ward.health.bad(&link, &refusal, ward.health.admit_last(&link).ok(), false);
    assert_eq!((ward.status(), ward.health.peek(&link)), (Status::Healthy, Ok(())));
}

#[test]
fn checks_mark_and_heal() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    ward.check(bad(), ward.now());
    let report = &ward.health.report()[0];
    assert_eq!((report.status, report.error.as_deref()), (Status::Unhealthy, Some("401 no such key")));
    assert_eq!(ward.health.peek(&link), Err(Passed::Unhealthy));
    ward.advance(60);
    let check = ward.health.begin_check(&ward.openai).expect("the trial is free");
    assert_eq!(ward.health.admit(&link).err(), Some(Passed::Unhealthy), "the check is the trial");
    ward.health.checked(&ward.openai, good(), ward.now(), check);
    let report = &ward.health.report()[0];
    assert_eq!((report.status, report.error.as_deref(), report.latency), (Status::Healthy, None, Some(SECOND)));
    assert_eq!(&*ward.health.models("openai"), ["gpt-4o"]);
    assert_eq!(ward.health.peek(&link), Ok(()));
}

#[test]
fn a_check_that_cannot_tell_leaves_the_trial_to_a_request() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    ward.check(Check::CannotTell, ward.now());
    assert_eq!(ward.status(), Status::Unknown);
    ward.fails(&link, Class::Quota);
    ward.advance(60);
    ward.check(Check::CannotTell, ward.now());
    assert_eq!(ward.status(), Status::Unhealthy);
    assert!(ward.health.admit(&link).is_ok(), "the trial");
}

#[test]
fn a_good_check_ends_no_rest() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    ward.fails(&link, Class::ServerError);
    ward.check(good(), ward.now());
    assert_eq!((ward.status(), ward.health.peek(&link)), (Status::Degraded, Err(Passed::Resting)));
}

#[test]
fn a_call_knows_better_than_a_check_that_began_before_it() {
    let ward = ward();
    let link = ward.link("gpt-4o");
    let began = ward.now();
    ward.advance(1);
    ward.serves(&link);
    ward.check(bad(), began);
    assert_eq!(ward.status(), Status::Healthy);
    ward.advance(1);
    ward.fails(&link, Class::Auth);
    ward.check(good(), began);
    assert_eq!(ward.status(), Status::Unhealthy);
    assert_eq!(ward.health.models("openai").len(), 1, "its list is news all the same");
}

#[test]
fn a_check_is_due_when_what_is_known_grows_old() {
    let ward = ward();
    let left = || ward.health.check_due(&ward.openai).saturating_duration_since(ward.now());
    assert_eq!(left(), Duration::ZERO, "at once");
    ward.check(good(), ward.now());
    assert!(left() > TTL - SECOND && left() <= TTL);
    ward.advance(50);
    ward.serves(&ward.link("gpt-4o"));
    assert!(left() > TTL - SECOND, "a call says as much as a check");
    ward.advance(50);
    ward.fails(&ward.link("gpt-4o"), Class::Auth);
    assert!(left() > TTL - SECOND && left() <= TTL, "when the mark expires");
}
