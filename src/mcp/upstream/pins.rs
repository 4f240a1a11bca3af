//! Which definition of each tool was seen first.
