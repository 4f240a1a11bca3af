//! What a server of one era wants to know from a client of the other.

pub(in crate::mcp) mod ask;
pub(in crate::mcp) mod parked;

pub(super) use ask::Ask;
pub(super) use parked::{Bond, Parked};
