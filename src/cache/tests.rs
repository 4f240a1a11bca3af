//! Answers kept and answers under way, without any provider.

use std::task::{Context, Poll, Waker};

use super::*;
use crate::clock::Stepper;
use crate::protocol::openai::OpenAi;
use crate::protocol::scan::scan;

type Words = &'static str;

fn key(model: &str) -> Key {
    let body = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}]}}"#);
    Key::of("/v1/chat/completions", None, &scan(&OpenAi, Bytes::from(body)).unwrap()).unwrap()
}

fn cache_of(most_bytes: u64) -> (Cache<Words>, Stepper) {
    let (clock, stepper) = Clock::stepped();
    (Cache::new(Options { ttl: Duration::from_secs(60), most_bytes, shared: false }, clock), stepper)
}

fn head(whole: Option<Bytes>) -> Head {
    let told = Told {
        provider: "openai",
        model: Arc::from("gpt-4o"),
        headers: Vec::new(),
        dropped: Vec::new(),
        attempts: Vec::new(),
    };
    let own = Own { headers: Vec::new(), estimated: None, fallback: None, cost: None, upstream: Duration::ZERO };
    Head { told: Arc::new(told), own, whole: whole.map(|bytes| (bytes, Learned::default())) }
}

fn finale() -> Finale {
    Finale { broke: None, learned: Learned::default() }
}

#[track_caller]
fn lead(cache: &Cache<Words>, key: Key) -> (Lead<Words>, Seat<Words>) {
    match cache.ask(key, false) {
        Found::Lead(lead, seat) => (lead, seat),
        Found::Hit(_) => panic!("it is kept"),
        Found::Shared(_) => panic!("somebody leads"),
    }
}

#[track_caller]
fn join(cache: &Cache<Words>, key: Key, fresh: bool) -> Seat<Words> {
    match cache.ask(key, fresh) {
        Found::Shared(seat) => seat,
        Found::Hit(_) => panic!("it is kept"),
        Found::Lead(..) => panic!("nobody leads"),
    }
}

fn hit(cache: &Cache<Words>, key: Key) -> Option<Bytes> {
    match cache.ask(key, false) {
        Found::Hit(entry) => Some(entry.bytes.clone()),
        Found::Shared(_) | Found::Lead(..) => None,
    }
}

fn now<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}

/// What a reader can have now: the bytes, and whether the stream is over.
fn read(seat: &mut Seat<Words>) -> (Vec<u8>, bool) {
    let mut all = Vec::new();
    loop {
        match now(|cx| seat.poll_chunk(cx)) {
            Poll::Ready(Some(chunk)) => all.extend_from_slice(&chunk),
            Poll::Ready(None) => return (all, true),
            Poll::Pending => return (all, false),
        }
    }
}

fn push(lead: &Lead<Words>, bytes: Bytes) -> bool {
    let mut pushing = std::pin::pin!(lead.push(bytes));
    now(|cx| pushing.as_mut().poll(cx)).is_ready()
}

fn is_deserted(lead: &Lead<Words>) -> bool {
    let mut deserted = std::pin::pin!(lead.deserted());
    now(|cx| deserted.as_mut().poll(cx)).is_ready()
}

#[test]
fn a_whole_answer_is_kept_until_its_end_on_the_clock() {
    let (cache, stepper) = cache_of(1 << 20);
    let (lead, mut seat) = lead(&cache, key("a"));
    let mut other = join(&cache, key("a"), false);
    assert!(now(|cx| other.poll_begun(cx)).is_pending());
    lead.whole(head(Some(Bytes::from_static(b"answer"))), Duration::from_secs(60)).unwrap();
    for seat in [&mut seat, &mut other] {
        let Poll::Ready(Begun::Head(head)) = now(|cx| seat.poll_begun(cx)) else { panic!("no head") };
        assert_eq!(head.whole.as_ref().unwrap().0, "answer");
    }
    assert_eq!(hit(&cache, key("a")).unwrap(), "answer");
    assert_eq!(hit(&cache, key("b")), None);
    stepper.advance(Duration::from_secs(59));
    assert!(hit(&cache, key("a")).is_some());
    stepper.advance(Duration::from_secs(1));
    assert!(hit(&cache, key("a")).is_none());
}

#[test]
fn a_stream_is_read_from_its_first_byte_by_all_and_kept_at_its_end() {
    let (cache, _stepper) = cache_of(1 << 20);
    let (lead, mut seat) = lead(&cache, key("a"));
    let head = Arc::new(head(None));
    lead.begin(head.clone());
    assert!(push(&lead, Bytes::from_static(b"one ")));
    assert_eq!(read(&mut seat), (b"one ".to_vec(), false));
    let mut late = join(&cache, key("a"), false);
    assert!(push(&lead, Bytes::from_static(b"two")));
    assert_eq!(read(&mut late), (b"one two".to_vec(), false));
    assert!(lead.end(&head, finale(), true, Duration::from_secs(60)).is_some());
    assert_eq!(read(&mut seat), (b"two".to_vec(), true));
    assert_eq!(read(&mut late), (b"".to_vec(), true));
    assert_eq!(hit(&cache, key("a")).unwrap(), "one two");
}

#[test]
fn what_broke_or_has_a_seam_is_not_kept() {
    let (cache, _stepper) = cache_of(1 << 20);
    let broken = Finale { broke: Some(Class::Network), ..finale() };
    for (finale, sound) in [(broken, true), (finale(), false)] {
        let (lead, mut seat) = lead(&cache, key("a"));
        let head = Arc::new(head(None));
        lead.begin(head.clone());
        assert!(push(&lead, Bytes::from_static(b"one")));
        assert!(lead.end(&head, finale, sound, Duration::from_secs(60)).is_none());
        assert_eq!(read(&mut seat), (b"one".to_vec(), true));
        assert!(hit(&cache, key("a")).is_none());
    }
}

#[test]
fn a_failure_is_everybodys_and_is_not_kept() {
    let (cache, _stepper) = cache_of(1 << 20);
    let (lead, mut seat) = lead(&cache, key("a"));
    let mut other = join(&cache, key("a"), false);
    lead.fail("no money");
    for seat in [&mut seat, &mut other] {
        assert!(matches!(now(|cx| seat.poll_begun(cx)), Poll::Ready(Begun::Failed("no money"))));
    }
    assert!(matches!(cache.ask(key("a"), false), Found::Lead(..)));
}

#[test]
fn a_lead_that_is_dropped_leaves_the_answer_to_another() {
    let (cache, _stepper) = cache_of(1 << 20);
    let (first, _seat) = lead(&cache, key("a"));
    let mut other = join(&cache, key("a"), false);
    drop(first);
    assert!(matches!(now(|cx| other.poll_begun(cx)), Poll::Ready(Begun::Abandoned)));
    assert!(matches!(cache.ask(key("a"), false), Found::Lead(..)));
}

#[test]
fn a_flight_is_deserted_when_its_last_reader_is_gone() {
    let (cache, _stepper) = cache_of(1 << 20);
    let (first, seat) = lead(&cache, key("a"));
    let other = join(&cache, key("a"), false);
    drop(seat);
    assert!(!is_deserted(&first));
    drop(other);
    assert!(is_deserted(&first));
    // Nobody is put on board any more.
    let (second, _seat) = lead(&cache, key("a"));
    drop(first);
    let _other = join(&cache, key("a"), false);
    assert!(!is_deserted(&second));
}

#[test]
fn a_flight_that_has_outgrown_what_can_be_kept_waits_for_its_slowest_reader() {
    let (cache, _stepper) = cache_of(8 << 20);
    let (first, mut seat) = lead(&cache, key("a"));
    let mut slow = join(&cache, key("a"), false);
    let head = Arc::new(head(None));
    first.begin(head.clone());
    let chunk = Bytes::from(vec![b'x'; 128 << 10]);
    for _ in 0..8 {
        assert!(push(&first, chunk.clone()));
    }
    assert_eq!(read(&mut slow).0.len(), 1 << 20);
    // One more than fits: nobody joins, and it waits for the one who has not read anything yet.
    assert!(push(&first, chunk.clone()));
    let (second, _seat) = lead(&cache, key("a"));
    drop(second);
    assert!(!push(&first, chunk.clone()));
    assert_eq!(read(&mut slow).0.len(), 128 << 10);
    assert!(!push(&first, chunk.clone()));
    assert_eq!(read(&mut seat).0.len(), 9 * (128 << 10));
    assert!(push(&first, chunk.clone()));
    // The one who does not read on is gone.
    assert_eq!(read(&mut seat).0.len(), 128 << 10);
    assert!(!push(&first, chunk.clone()));
    drop(slow);
    assert!(push(&first, chunk.clone()));
    assert!(first.end(&head, finale(), true, Duration::from_secs(60)).is_none());
    assert_eq!(read(&mut seat), (chunk.to_vec(), true));
    drop(seat);
    assert_eq!(cache.inner.hold.bytes.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn all_flights_together_have_a_bound() {
    let (cache, _stepper) = cache_of(1 << 20);
    let chunk = Bytes::from(vec![b'x'; 100 << 10]);
    let flights: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].map(|name| lead(&cache, key(name))).into();
    for (lead, _) in &flights {
        lead.begin(Arc::new(head(None)));
        assert!(push(lead, chunk.clone()));
    }
    // Those beyond the bound wait for their readers at once.
    let waiting = flights.iter().filter(|(lead, _)| !push(lead, Bytes::from_static(b"x"))).count();
    assert_eq!(waiting, 2);
    drop(flights);
    assert_eq!(cache.inner.hold.bytes.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn a_fresh_answer_is_shared_only_where_a_provider_is_asked() {
    let (cache, _stepper) = cache_of(1 << 20);
    let (old, _old_seat) = lead(&cache, key("a"));
    let Found::Lead(new, _seat) = cache.ask(key("a"), true) else { panic!("what replicas share may be old") };
    new.asks();
    let _other = join(&cache, key("a"), true);
    assert!(new.whole(head(Some(Bytes::from_static(b"new"))), Duration::from_secs(60)).is_some());
    assert!(matches!(cache.ask(key("a"), true), Found::Lead(..)));
    // The older one comes in last, and does not replace the newer one.
    assert!(old.whole(head(Some(Bytes::from_static(b"old"))), Duration::from_secs(60)).is_none());
    assert_eq!(hit(&cache, key("a")).unwrap(), "new");
}

#[test]
fn what_is_too_long_is_not_kept() {
    let (cache, _stepper) = cache_of(8 << 10);
    for (length, kept) in [(1 << 10, true), ((1 << 10) + 1, false)] {
        let (lead, _seat) = lead(&cache, key(&length.to_string()));
        let entry = lead.whole(head(Some(Bytes::from(vec![b'x'; length]))), Duration::from_secs(60));
        assert_eq!(entry.is_some(), kept, "{length}");
    }
}

#[test]
fn what_is_kept_has_a_bound_in_bytes() {
    let (cache, _stepper) = cache_of(1 << 20);
    for number in 0..100 {
        let (lead, _seat) = lead(&cache, key(&number.to_string()));
        lead.whole(head(Some(Bytes::from(vec![b'x'; 100_000]))), Duration::from_secs(60)).unwrap();
    }
    cache.inner.kept.run_pending_tasks();
    assert!(cache.inner.kept.weighted_size() <= 1 << 20);
    assert!(hit(&cache, key("99")).is_some(), "the newest are kept");
    assert!(hit(&cache, key("0")).is_none());
}

#[test]
fn an_answer_that_replicas_share_is_kept_here_too() {
    let (cache, stepper) = cache_of(1 << 20);
    let now = Timestamp::from_millisecond(1_800_000_000_000).unwrap();
    let (first, mut seat) = lead(&cache, key("a"));
    let Err(first) = first.found(&Bytes::from_static(b"garbage"), now) else { panic!("that is no entry") };
    let told = head(None).told;
    let entry = Entry { told, stream: true, bytes: Bytes::from_static(b"x"), learned: Learned::default() };
    let packed = entry.packed(Duration::from_secs(60), now - Duration::from_secs(20));
    assert!(first.found(&packed, now).is_ok());
    let begun = super::tests::now(|cx| seat.poll_begun(cx));
    assert!(matches!(begun, Poll::Ready(Begun::Kept(entry)) if entry.bytes == "x"));
    stepper.advance(Duration::from_secs(39));
    assert!(hit(&cache, key("a")).is_some());
    stepper.advance(Duration::from_secs(1));
    assert!(hit(&cache, key("a")).is_none(), "it ends where it would have ended there");
}
