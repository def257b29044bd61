//! Answers what rules ask.
