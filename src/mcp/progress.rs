//! Notes of progress to a client that wants them, at most four a second.
