//! Kyverno's classic policies.

pub(crate) mod condition;
pub(crate) mod pattern;
pub(crate) mod pod_security;
