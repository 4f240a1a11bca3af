//! Requests, read and written: the golden cases, what callers send, what is refused, and the way there and back.

mod bad;
mod good;
