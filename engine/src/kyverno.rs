//! Kyverno's classic policies.

mod autogen;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod condition;
pub(crate) mod conditions;
pub(crate) mod context;
pub(crate) mod exception;
pub(crate) mod pattern;
pub(crate) mod pod_security;
pub(crate) mod roles;
mod schema;
pub(crate) mod validation;
mod variables;
