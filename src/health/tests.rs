//! Marks, rests and trials.
