//! Every key that is known, by its digest: who shows which is a question of memory alone.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::account::Account;
use super::{Admit, Options};
use crate::domain::grant::Grant;
use crate::store::KeyRow;

/// The SHA-256 of a key.
pub type Digest = [u8; 32];

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stranger {
    /// No key is shown, or none that is known.
    Unknown,
    /// The key was revoked.
    Revoked,
    /// The key has ended.
    Expired(Timestamp),
    /// The key may be one of the database's, which cannot be asked.
    Unreachable,
}

/// The keys that are known, and what is known of those that are not.
#[derive(Default)]
pub(super) struct Known {
    /// By the first bytes of their digests, which tell nothing of the key.
    keys: HashMap<u64, Vec<Key>>,
    /// Must a caller show a key?
    required: bool,
    /// Are the keys of the database still to be read, where there is one?
    unread: bool,
}

/// A key that is known.
pub(super) struct Key {
    digest: Digest,
    grant: Arc<Grant>,
    revoked: bool,
    /// Is it one of the database's?
    kept: bool,
    account: Arc<Account>,
}

impl Admit {
    /// Who shows one of these keys: what it allows, or `None` where nobody needs one. SDKs may send two, of which one
    /// that is good suffices.
    ///
    /// # Errors
    /// Why they are not let in.
    pub fn who<'a>(&self, shown: impl IntoIterator<Item = &'a str>) -> Result<Option<Arc<Grant>>, Stranger> {
        let known = self.keys.load();
        let (now, mut refused, mut any) = (self.clock.wall(), None, false);
        for key in shown {
            any = true;
            match known.look_up(&digest(key), now) {
                Some(Ok(grant)) => return Ok(Some(grant)),
                Some(Err(stranger)) => refused = Some(stranger),
                None => {}
            }
        }
        if let Some(stranger) = refused {
            return Err(stranger);
        }
        // A key that is not known here may be known where nobody can ask now.
        let away = known.unread || self.store.as_ref().is_some_and(|store| !store.answers());
        match (any, known.required) {
            (true, _) if known.unread => Err(Stranger::Unreachable),
            (true, true) if away => Err(Stranger::Unreachable),
            (false, true) if known.unread && self.options.keys.is_empty() => Err(Stranger::Unreachable),
            (_, true) => Err(Stranger::Unknown),
            (_, false) => Ok(None),
        }
    }
}

impl Known {
    /// The keys of the environment and those of the database.
    pub(super) fn new(
        env: Vec<(Digest, Arc<Grant>)>,
        rows: Vec<(Digest, KeyRow)>,
        account: impl Fn(&Arc<str>) -> Arc<Account>,
    ) -> Known {
        let env = env.into_iter().map(|(digest, grant)| (digest, grant, false, false));
        let kept = rows.into_iter().map(|(digest, row)| (digest, Arc::new(row.grant), row.revoked_at.is_some(), true));
        let mut keys: HashMap<u64, Vec<Key>> = HashMap::new();
        for (digest, grant, revoked, kept) in env.chain(kept) {
            let account = account(&grant.id);
            keys.entry(prefix(&digest)).or_default().push(Key { digest, grant, revoked, kept, account });
        }
        Known { required: !keys.is_empty(), keys, unread: false }
    }

    /// The same while the database has not been read.
    pub(super) fn unread(self) -> Known {
        Known { unread: true, ..self }
    }

    /// The same where a key is required, though there be none.
    pub(super) fn required(self, required: bool) -> Known {
        Known { required: self.required || required, ..self }
    }

    pub(super) fn is_required(&self) -> bool {
        self.required
    }

    /// Every key.
    pub(super) fn all(&self) -> impl Iterator<Item = &Key> {
        self.keys.values().flatten()
    }

    /// The key of this digest. The digest alone chooses whom it is compared with, and it is compared as a whole.
    fn look_up(&self, digest: &Digest, now: Timestamp) -> Option<Result<Arc<Grant>, Stranger>> {
        let alike = self.keys.get(&prefix(digest))?;
        let key = alike.iter().find(|key| bool::from(key.digest.ct_eq(digest)))?;
        if key.revoked {
            return Some(Err(Stranger::Revoked));
        }
        if let Some(end) = key.grant.expires_at.filter(|end| *end <= now) {
            return Some(Err(Stranger::Expired(end)));
        }
        if key.kept {
            key.account.use_at(now);
        }
        Some(Ok(key.grant.clone()))
    }
}

impl Key {
    /// What it allows.
    pub(super) fn grant(&self) -> &Arc<Grant> {
        &self.grant
    }

    /// Its account, where it is one of the database's.
    pub(super) fn kept(&self) -> Option<&Account> {
        self.kept.then_some(&*self.account)
    }
}

/// The keys of the environment, named `key-1`, `key-2` and so on.
pub(super) fn env_grants(options: &Options) -> Vec<(Digest, Arc<Grant>)> {
    let named = |(at, digest): (usize, &Digest)| {
        let name: Arc<str> = Arc::from(format!("key-{}", at + 1));
        let grant = Grant {
            id: name.clone(),
            name,
            models: Vec::new(),
            rpm: options.rpm,
            tpm: None,
            budget: None,
            expires_at: None,
        };
        (*digest, Arc::new(grant))
    };
    options.keys.iter().enumerate().map(named).collect()
}

/// The digest of a key.
pub fn digest(key: &str) -> Digest {
    Sha256::digest(key.as_bytes()).into()
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        write!(out, "{byte:02x}").ok();
        out
    })
}

/// A digest from its hexadecimal digits.
pub(super) fn unhex(digits: &str) -> Option<Digest> {
    let digits = digits.trim();
    let mut out = Digest::default();
    if digits.len() != 2 * out.len() || !digits.is_ascii() {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(out)
}

fn prefix(digest: &Digest) -> u64 {
    digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests;
