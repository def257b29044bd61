//! What must hold of the engine as a whole.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "engine/determinism.rs"]
mod determinism;
#[path = "engine/hostile.rs"]
mod hostile;
#[path = "engine/own_namespace.rs"]
mod own_namespace;
#[path = "engine/support.rs"]
mod support;
