//! Anthropic's own SDKs.

use super::{Case, MOCK, NOBODY};
use crate::sdk::stand::Who;

/// Each case, and where it makes no sense.
pub(super) const CASES: &[Case] = &[];
