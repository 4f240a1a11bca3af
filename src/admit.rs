//! Who may ask, how fast, and for how much.

/// The operator's settings.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The most requests in 60 seconds of a key that has no limit of its own.
    pub rpm: Option<u64>,
}
