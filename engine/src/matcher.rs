//! Decides whether a rule is about a request.
