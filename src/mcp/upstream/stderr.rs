//! What children say on stderr, bounded, into the log.
