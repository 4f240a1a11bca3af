//! New keys, from random numbers of the operating system.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::crypto::ring;

use super::keys::{digest, hex};
use crate::secret::Secret;

/// A key that nobody has seen yet.
pub struct Minted {
    /// The key, to be shown once.
    pub key: Secret,
    /// Its id.
    pub id: String,
    /// Its SHA-256, in hexadecimal digits.
    pub hash: String,
    /// Its beginning, by which people know it again.
    pub prefix: String,
}

/// So many letters of a key are no secret.
const SHOWN: usize = 10;

/// Makes a key from the operating system's random numbers; `None` where it gives none.
pub fn mint() -> Option<Minted> {
    let random = ring::default_provider().secure_random;
    let (mut secret, mut id) = ([0; 32], [0; 8]);
    random.fill(&mut secret).ok()?;
    random.fill(&mut id).ok()?;
    let key = format!("amg-{}", URL_SAFE_NO_PAD.encode(secret));
    let (hash, prefix) = (hex(&digest(&key)), key[..SHOWN].to_owned());
    Some(Minted { key: Secret::new(key), id: format!("key_{}", hex(&id)), hash, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_are_alike() {
        let (one, other) = (mint().unwrap(), mint().unwrap());
        assert_ne!(one.key.expose(), other.key.expose());
        assert_ne!((&one.id, &one.hash), (&other.id, &other.hash));
        assert!(one.key.expose().starts_with(&one.prefix) && one.key.expose().len() == 47, "{}", one.prefix);
    }
}
