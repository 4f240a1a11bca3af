//! Redis that goes, hangs, refuses, and comes back under requests: each is answered, and soon everything is shared again.
