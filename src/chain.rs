//! Calls links in order until one answers. Knows neither text nor pictures.

mod budget;

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::attempt::{Attempt, Onlooker, Outcome, Passed};
use crate::domain::failure::{Again, Blame, Class, Failure};
use crate::health::{Health, Permit};
use crate::provider::link::{Chain, Link, Terms};
use crate::telemetry;

pub use budget::RetryBudget;

/// The longest wait before the second try on a link; it doubles for each further one. The wait is drawn evenly from
/// zero up to this ("full jitter").
const BACKOFF: Duration = Duration::from_millis(250);

/// What a run goes by.
pub struct Conditions<'a> {
    /// What is believed of the links.
    pub health: &'a Health,
    /// Bounds the retries of the whole process.
    pub budget: &'a RetryBudget,
    /// Tells the time.
    pub clock: &'a Clock,
    /// When all of it must be over.
    pub deadline: Instant,
    /// Is the deadline the caller's own, shorter than the operator's?
    pub shortened: bool,
    /// More tries on a link after a transient failure.
    pub retries: u32,
    /// The longest wait that a provider may ask for and be granted; zero grants none.
    pub longest_wait: Duration,
    /// Id of the request, for the log.
    pub request_id: &'a str,
    /// Who looks on.
    pub onlooker: Option<&'a dyn Onlooker>,
}

/// An answer, and how it came about.
pub struct Served<T> {
    /// The answer.
    pub reply: T,
    /// Who gave it.
    pub link: Link,
    /// Every link that took part, in the order of what happened.
    pub attempts: Vec<Attempt>,
    /// Time spent inside attempts and the waits between them.
    pub upstream: Duration,
}

/// No answer, and why.
pub struct Exhausted {
    /// Every link that took part, in the order of what happened.
    pub attempts: Vec<Attempt>,
    /// Why there is no answer.
    pub why: Why,
    /// Time spent inside attempts and the waits between them.
    pub upstream: Duration,
}

/// Why a chain gave no answer.
pub enum Why {
    /// The request itself is at fault: another link would say the same.
    Refused(Failure),
    /// The time was up.
    Deadline,
    /// Every link that could be called failed, each in its way; in order.
    Failed {
        /// The links' last failures.
        failures: Vec<Failure>,
        /// The least wait that providers have asked for, where some link was left alone or refused for it.
        retry_after: Option<Duration>,
    },
}

/// Runs `chain` until `attempt` gives an answer.
///
/// # Errors
/// [`Exhausted`], when nobody answered.
pub async fn run<T, F, Fut>(chain: &Chain, with: &Conditions<'_>, attempt: F) -> Result<Served<T>, Exhausted>
where
    F: Fn(Link, Terms) -> Fut,
    Fut: Future<Output = Result<T, Failure>>,
{
    with.budget.note_request(with.clock.now());
    let mut run = Run {
        with,
        attempts: Vec::with_capacity(chain.links.len()),
        failures: Vec::new(),
        asked: None,
        start: with.clock.now(),
    };
    let mut passed_over = Vec::new();
    for (at, link) in chain.links.iter().enumerate() {
        if let Some(reason) = chain.unfit(link) {
            run.pass_over(link, Passed::Unfit(reason.to_owned()));
            continue;
        }
        match with.health.admit(link) {
            Err(passed) => {
                run.keep(link, &passed);
                run.pass_over(link, passed);
                passed_over.push(link);
            }
            Ok(permit) => {
                let callable = |link: &Link| chain.unfit(link).is_none() && with.health.peek(link).is_ok();
                let more = chain.links[at + 1..].iter().any(callable);
                if let Some(end) =
                    run.call(link, permit, Terms { first: at == 0, more, deadline: with.deadline }, &attempt).await
                {
                    return run.end(link, end);
                }
            }
        }
    }
    // A gateway must never be less available than its providers: those that were passed over are tried too, last.
    for (at, link) in passed_over.iter().enumerate() {
        let Ok(permit) = with.health.admit_last(link) else { continue };
        run.forget_pass(link);
        let more = passed_over[at + 1..].iter().any(|link| with.health.asked_rest(link).is_none());
        let terms = Terms { first: link.is(&chain.links[0]), more, deadline: with.deadline };
        if let Some(end) = run.call(link, permit, terms, &attempt).await {
            return run.end(link, end);
        }
    }
    Err(run.exhausted())
}

/// How a chain ends at a link.
enum End<T> {
    Served(T),
    Refused(Failure),
    Deadline,
}

/// One run of a chain.
struct Run<'a> {
    with: &'a Conditions<'a>,
    attempts: Vec<Attempt>,
    failures: Vec<Failure>,
    asked: Option<Duration>,
    start: Instant,
}

impl Run<'_> {
    /// Calls `link`, again where the rules allow it; `None` sends the run to the next link.
    async fn call<T, F, Fut>(&mut self, link: &Link, permit: Permit<'_>, terms: Terms, attempt: &F) -> Option<End<T>>
    where
        F: Fn(Link, Terms) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let with = self.with;
        self.announce(link);
        let began = with.clock.now();
        let mut tries = Tries { left: with.retries, made: 0, waited: false };
        loop {
            let failure = match with.clock.until(with.deadline, attempt(link.clone(), terms)).await {
                Ok(Ok(reply)) => {
                    telemetry::upstream_served(link.provider.name(), &link.model);
                    with.health.good(link, permit);
                    self.note(link, Outcome::Ok, None, began);
                    return Some(End::Served(reply));
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::after_sending(Class::Timeout, "the deadline passed"),
            };
            if failure.is_of_call() {
                telemetry::upstream_failed(with.request_id, link.provider.name(), &link.model, &failure);
            }
            if let Some(pause) = self.pause(&failure, &mut tries) {
                with.clock.sleep(pause).await;
                continue;
            }
            let cut_short = with.shortened && with.clock.now() >= with.deadline;
            with.health.bad(link, &failure, Some(permit), cut_short);
            return self.after(link, failure, began);
        }
    }

    /// How long to wait before the same link is called again; `None` where it is not.
    fn pause(&self, failure: &Failure, tries: &mut Tries) -> Option<Duration> {
        let with = self.with;
        let pause = match failure.rule().again {
            Again::AfterWait if !tries.waited => {
                tries.waited = true;
                failure.retry_after.filter(|wait| *wait <= with.longest_wait && !with.longest_wait.is_zero())?
            }
            Again::Retries if tries.left > 0 => tries.backoff(),
            Again::ConnectOnly if tries.left > 0 && !failure.sent => tries.backoff(),
            _ => return None,
        };
        let now = with.clock.now();
        (now + pause < with.deadline && with.budget.take(now)).then_some(pause)
    }

    /// What follows from a link's last failure.
    fn after<T>(&mut self, link: &Link, failure: Failure, began: Instant) -> Option<End<T>> {
        let outcome = match failure.blame {
            Blame::Caller => return Some(End::Refused(failure)),
            Blame::Unfit => Outcome::Skipped(Passed::Unfit(failure.message.clone())),
            Blame::ByClass | Blame::Translation => Outcome::Failed(failure.class),
        };
        self.note(link, outcome, Some(&failure), began);
        if self.with.clock.now() >= self.with.deadline {
            return Some(End::Deadline);
        }
        if !failure.rule().next {
            return Some(End::Refused(failure));
        }
        if failure.class == Class::RateLimited {
            self.ask(failure.retry_after);
        }
        self.failures.push(failure);
        None
    }

    fn note(&mut self, link: &Link, outcome: Outcome, failure: Option<&Failure>, began: Instant) {
        let took = self.with.clock.now().saturating_duration_since(began);
        let attempt = Attempt {
            provider: link.provider.name(),
            model: link.model.clone(),
            outcome,
            status: failure.map_or(Some(200), |failure| failure.status),
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            message: failure.map(|failure| failure.message.clone()),
        };
        if failure.is_some_and(|failure| failure.rule().next) {
            telemetry::leaving(self.with.request_id, attempt.provider, &attempt.outcome);
        }
        self.attempts.push(attempt);
    }

    fn pass_over(&mut self, link: &Link, passed: Passed) {
        let attempt = Attempt {
            provider: link.provider.name(),
            model: link.model.clone(),
            outcome: Outcome::Skipped(passed),
            status: None,
            duration_ms: 0,
            message: None,
        };
        telemetry::leaving(self.with.request_id, attempt.provider, &attempt.outcome);
        self.attempts.push(attempt);
    }

    /// A link that was passed over is called after all: it stands once in the attempts, with what comes of it.
    fn forget_pass(&mut self, link: &Link) {
        let same = |attempt: &Attempt| attempt.provider == link.provider.name() && attempt.model == link.model;
        self.attempts.retain(|attempt| !(same(attempt) && matches!(attempt.outcome, Outcome::Skipped(_))));
    }

    fn announce(&self, link: &Link) {
        if let Some(from) = self.attempts.last() {
            let provider = &link.provider;
            telemetry::falling_back(self.with.request_id, from, provider.name(), provider.spec.title, &link.model);
        }
        if let Some(onlooker) = self.with.onlooker {
            onlooker.tries(link.provider.name(), &link.model, self.attempts.last());
        }
    }

    fn keep(&mut self, link: &Link, passed: &Passed) {
        if *passed == Passed::RateLimited {
            self.ask(self.with.health.asked_rest(link));
        }
    }

    fn ask(&mut self, wait: Option<Duration>) {
        let wait = wait.unwrap_or(Duration::from_secs(1));
        self.asked = Some(self.asked.map_or(wait, |least| least.min(wait)));
    }

    fn upstream(&self) -> Duration {
        self.with.clock.now().saturating_duration_since(self.start)
    }

    fn end<T>(self, link: &Link, end: End<T>) -> Result<Served<T>, Exhausted> {
        let upstream = self.upstream();
        match end {
            End::Served(reply) => Ok(Served { reply, link: link.clone(), attempts: self.attempts, upstream }),
            End::Refused(failure) => Err(Exhausted { attempts: self.attempts, why: Why::Refused(failure), upstream }),
            End::Deadline => Err(Exhausted { attempts: self.attempts, why: Why::Deadline, upstream }),
        }
    }

    fn exhausted(self) -> Exhausted {
        let upstream = self.upstream();
        let why = Why::Failed { failures: self.failures, retry_after: self.asked };
        Exhausted { attempts: self.attempts, why, upstream }
    }
}

/// The tries on one link.
struct Tries {
    left: u32,
    made: u32,
    waited: bool,
}

impl Tries {
    fn backoff(&mut self) -> Duration {
        self.left -= 1;
        self.made += 1;
        BACKOFF.saturating_mul(1 << self.made.min(4)).mul_f64(fastrand::f64() / 2.0)
    }
}

impl<T> Served<T> {
    /// How many links were called.
    pub fn called(&self) -> usize {
        called(&self.attempts)
    }

    /// Why the chain's first link did not serve: `openai:auth`; `None` where it did.
    pub fn fallback(&self, chain: &Chain) -> Option<String> {
        let first = chain.links.first()?;
        if first.is(&self.link) {
            return None;
        }
        fallback(&self.attempts, first)
    }
}

/// How many of the links were called.
pub fn called(attempts: &[Attempt]) -> usize {
    attempts.iter().filter(|attempt| !matches!(attempt.outcome, Outcome::Skipped(_))).count()
}

/// What came of `first`, as `x-gateway-fallback` tells it.
pub fn fallback(attempts: &[Attempt], first: &Link) -> Option<String> {
    let name = first.provider.name();
    let attempt = attempts.iter().find(|attempt| attempt.provider == name && attempt.model == first.model)?;
    Some(format!("{name}:{}", attempt.outcome.word()))
}

#[cfg(test)]
mod tests;
