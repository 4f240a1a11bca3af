//! What replicas tell one another, and what they make of it.

use super::*;

/// Two replicas whose words the test carries.
fn two() -> (Ward, Ward) {
    (ward(), ward())
}

/// All that was told since.
fn heard(news: &mut tokio::sync::mpsc::Receiver<(Instant, News)>) -> Vec<News> {
    std::iter::from_fn(|| news.try_recv().ok()).map(|(_, news)| news).collect()
}

fn learn(ward: &Ward, news: &[News]) {
    news.iter().for_each(|news| ward.health.learn(news, ward.health.now()));
}

#[test]
fn a_mark_is_told_once_and_ended_once() {
    let (one, other) = two();
    let (mut told, mut echo) = (one.health.news().unwrap(), other.health.news().unwrap());
    assert!(one.health.news().is_none(), "one listens");
    let link = one.link("gpt-4o");
    for _ in 0..10 {
        one.fails(&link, Class::Auth);
    }
    let news = heard(&mut told);
    assert!(matches!(&news[..], [News::Marked { provider, left, .. }] if provider == "openai" && left.as_secs() == 60));
    learn(&other, &news);
    learn(&other, &news);
    assert_eq!(other.health.peek(&other.link("gpt-4o")), Err(Passed::Unhealthy));
    // A call that was under way there fails as well: nothing new.
    other.fails(&other.link("gpt-4o"), Class::Auth);
    one.health.good(&link, Permit::new(None, None));
    let news = heard(&mut told);
    assert_eq!(news, [News::Well { provider: "openai".into() }]);
    learn(&other, &news);
    assert_eq!(other.health.peek(&other.link("gpt-4o")), Ok(()));
    one.health.good(&link, Permit::new(None, None));
    assert_eq!((heard(&mut told), heard(&mut echo)), (vec![], vec![]));
}

#[test]
fn a_learned_mark_ends_by_itself_and_has_its_trial() {
    let (one, other) = two();
    let mut told = one.health.news().unwrap();
    one.fails(&one.link("gpt-4o"), Class::Network);
    learn(&other, &heard(&mut told));
    let link = other.link("gpt-4o-mini");
    other.stepper.advance(59 * SECOND);
    assert_eq!(other.health.peek(&link), Err(Passed::Unhealthy));
    other.stepper.advance(2 * SECOND);
    let trial = other.health.admit(&link).ok().unwrap();
    assert_eq!(other.health.admit(&link).err(), Some(Passed::Unhealthy), "one at a time");
    drop(trial);
}

#[test]
fn a_doubled_rest_stays_doubled() {
    let (one, other) = two();
    let (mut told, mut back) = (one.health.news().unwrap(), other.health.news().unwrap());
    let link = one.link("gpt-4o");
    one.fails(&link, Class::ServerError);
    learn(&other, &heard(&mut told));
    one.stepper.advance(15 * SECOND);
    one.fails(&link, Class::ServerError);
    let news = heard(&mut told);
    assert!(matches!(&news[..], [News::Rests { length, asked: false, .. }] if *length == 30 * SECOND));
    learn(&other, &news);
    // One that knows nothing of it tells of a first rest.
    let (model, provider) = ("gpt-4o".into(), "openai".into());
    let first = News::Rests { provider, model, left: 15 * SECOND, length: 15 * SECOND, asked: false };
    learn(&other, std::slice::from_ref(&first));
    other.stepper.advance(29 * SECOND);
    assert_eq!(other.health.peek(&link), Err(Passed::Resting));
    other.stepper.advance(SECOND);
    learn(&other, &[first]);
    other.stepper.advance(15 * SECOND);
    other.fails(&link, Class::ServerError);
    assert!(matches!(&heard(&mut back)[..], [News::Rests { length, .. }] if *length == 60 * SECOND));
}

#[test]
fn a_wait_that_was_asked_for_is_kept_though_another_replica_was_served() {
    let (one, _) = two();
    let (provider, model) = ("openai".to_owned(), Arc::<str>::from("gpt-4o"));
    let asked =
        News::Rests { provider: provider.clone(), model: model.clone(), left: SECOND, length: SECOND, asked: true };
    learn(&one, &[asked, News::Ended { provider, model }]);
    assert_eq!(one.health.peek(&one.link("gpt-4o")), Err(Passed::RateLimited));
    assert_eq!(one.health.peek(&one.link("gpt-4o-mini")), Ok(()));
}

#[test]
fn what_was_known_before_a_good_call_is_not_believed_after_it() {
    let (one, _) = two();
    let before = one.health.now();
    one.health.good(&one.link("gpt-4o"), Permit::new(None, None));
    let error = "no".to_owned();
    one.health.learn(&News::Marked { provider: "openai".into(), left: 50 * SECOND, error }, before);
    assert_eq!(one.health.peek(&one.link("gpt-4o")), Ok(()));
}

#[test]
fn strangers_and_endless_times_are_nothing_to_us() {
    let (one, _) = two();
    let error = "no".to_owned();
    learn(&one, &[News::Marked { provider: "nobody".into(), left: SECOND, error: error.clone() }]);
    let (left, length) = (Duration::MAX, Duration::MAX);
    learn(&one, &[News::Rests { provider: "openai".into(), model: "x".into(), left, length, asked: true }]);
    learn(&one, &[News::Marked { provider: "openrouter".into(), left, error }]);
    one.stepper.advance(61 * SECOND);
    assert_eq!(one.health.peek(&one.link("x")), Ok(()));
    assert!(one.health.report().iter().all(|report| report.serves));
}

#[test]
fn news_grow_old() {
    let error = "no".to_owned();
    let mark = News::Marked { provider: "openai".into(), left: 60 * SECOND, error: error.clone() };
    let left = 50 * SECOND;
    assert_eq!(mark.clone().aged(10 * SECOND), Some(News::Marked { provider: "openai".into(), left, error }));
    assert_eq!(mark.aged(60 * SECOND), None);
    let well = News::Well { provider: "openai".into() };
    assert_eq!(well.clone().aged(SECOND), Some(well.clone()));
    assert_eq!(well.aged(10 * SECOND), None);
}
