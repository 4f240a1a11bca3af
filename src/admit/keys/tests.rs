//! Who is let in.

use super::*;
use crate::clock::Clock;
use std::path::PathBuf;

fn admit(keys: &[&str], exposed: bool) -> Admit {
    let options = Options { keys: keys.iter().map(|key| digest(key)).collect(), exposed, ..Options::default() };
    Admit::new(options, PathBuf::from("/nonexistent"), None, Clock::real())
}

fn row(name: &str, expires_at: Option<Timestamp>, revoked_at: Option<Timestamp>) -> (Digest, KeyRow) {
    let grant = Grant {
        id: format!("id-{name}").into(),
        name: name.into(),
        models: Vec::new(),
        rpm: None,
        tpm: None,
        budget: None,
        expires_at,
    };
    let (hash, prefix) = (hex(&digest(name)), "amg-".to_owned());
    (digest(name), KeyRow { grant, hash, prefix, revoked_at, last_used_at: None, created_at: None })
}

fn names(who: Result<Option<Arc<Grant>>, Stranger>) -> Result<Option<String>, Stranger> {
    who.map(|grant| grant.map(|grant| grant.name.to_string()))
}

#[test]
fn keys_of_the_environment() {
    let admit = admit(&["alpha-key", "beta-key"], false);
    let who = |shown: &[&'static str]| names(admit.who(shown.iter().copied()));
    assert_eq!(who(&["alpha-key"]), Ok(Some("key-1".to_owned())));
    assert_eq!(who(&["a placeholder", "beta-key"]), Ok(Some("key-2".to_owned())));
    assert_eq!(who(&["alpha-ke"]), Err(Stranger::Unknown));
    assert_eq!(who(&[]), Err(Stranger::Unknown));
}

#[test]
fn nobody_needs_a_key_where_there_is_none_unless_strangers_come() {
    assert_eq!(names(admit(&[], false).who(["whatever"])), Ok(None));
    assert_eq!(names(admit(&[], false).who([])), Ok(None));
    assert_eq!(names(admit(&[], true).who([])), Err(Stranger::Unknown));
}

#[test]
fn keys_of_the_database() {
    let admit = admit(&[], false);
    let now = Timestamp::now();
    let past = now - jiff::SignedDuration::from_secs(1);
    let later = now + jiff::SignedDuration::from_secs(60);
    let rows = vec![row("good", Some(later), None), row("revoked", None, Some(past)), row("expired", Some(past), None)];
    admit.keys.store(Arc::new(Known::new(Vec::new(), rows, |id| admit.account(id))));
    let who = |shown: &[&'static str]| names(admit.who(shown.iter().copied()));
    assert_eq!(who(&["good"]), Ok(Some("good".to_owned())));
    assert_eq!(who(&["revoked"]), Err(Stranger::Revoked));
    assert_eq!(who(&["expired"]), Err(Stranger::Expired(past)));
    assert_eq!(who(&["revoked", "good"]), Ok(Some("good".to_owned())));
    assert_eq!(who(&["other"]), Err(Stranger::Unknown));
    assert_eq!(who(&[]), Err(Stranger::Unknown));
    assert!(admit.account(&"id-good".into()).unnoted().is_some(), "its use is worth noting");
}

#[test]
fn while_the_database_has_not_been_read() {
    for (keys, required) in [(&[][..], false), (&["env"][..], true)] {
        let admit = admit(keys, false);
        let known = Known::new(env_grants(&admit.options), Vec::new(), |id| admit.account(id));
        admit.keys.store(Arc::new(known.unread()));
        assert_eq!(names(admit.who(["other"])), Err(Stranger::Unreachable), "never a 401");
        let nothing = names(admit.who([]));
        assert_eq!(nothing, if required { Err(Stranger::Unknown) } else { Ok(None) });
        if required {
            assert_eq!(names(admit.who(["env"])), Ok(Some("key-1".to_owned())));
        }
    }
    // There have been keys: who comes without one cannot be told from who should not.
    let admit = admit(&[], false);
    admit.keys.store(Arc::new(Known::default().required(true).unread()));
    assert_eq!(names(admit.who([])), Err(Stranger::Unreachable));
}

#[test]
fn digits_of_digests() {
    let digest = digest("a key");
    assert_eq!(unhex(&hex(&digest)), Some(digest));
    assert_eq!(unhex(&hex(&digest).to_uppercase()), Some(digest));
    assert_eq!(unhex("abc"), None);
    assert_eq!(unhex(&"zz".repeat(32)), None);
    assert_eq!(unhex(&"é".repeat(32)), None);
}

#[test]
fn a_lookup_costs_little() {
    let admit = admit(&[], false);
    let rows = (0..1000).map(|at| row(&format!("amg-{at:043}"), None, None)).collect();
    admit.keys.store(Arc::new(Known::new(Vec::new(), rows, |id| admit.account(id))));
    let (key, begun) = (format!("amg-{:043}", 777), std::time::Instant::now());
    for _ in 0..10_000 {
        assert!(admit.who([key.as_str()]).is_ok());
    }
    println!("a lookup among 1000 keys: {:?}", begun.elapsed() / 10_000);
}
