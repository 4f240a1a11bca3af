//! The id of an end user.

use sha2::{Digest, Sha256};

use super::super::BadRequest;
use super::super::fields::Fields;

/// OpenAI refuses a longer one (`string_above_max_length`).
const LONGEST: usize = 64;

/// Takes an opaque id of the end user, by its new name or its old.
pub(in crate::protocol) fn read(fields: &mut Fields<'_>) -> Result<Option<String>, BadRequest> {
    let safety = fields.string("safety_identifier")?;
    let user = fields.string("user")?;
    Ok(safety.or(user))
}

/// The id, or its SHA-256 in hexadecimal where it is too long.
pub(in crate::protocol) fn short(user: &str) -> String {
    if user.chars().count() <= LONGEST {
        return user.to_owned();
    }
    Sha256::digest(user).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_is_hashed() {
        assert_eq!(short(&"é".repeat(64)), "é".repeat(64));
        let hashed = short(&"a".repeat(65));
        assert_eq!(hashed, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0");
    }
}
