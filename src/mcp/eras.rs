//! What a server of one era wants to know from a client of the other.

/// Calls that wait for a modern client's next word.
#[derive(Default)]
pub(super) struct Parked {}
