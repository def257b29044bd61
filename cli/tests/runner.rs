//! Runs the binary as a user does, and compares what it says with what was read and agreed to.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests end a test that cannot go on"
)]

#[path = "runner/admission.rs"]
mod admission;
#[path = "runner/collector.rs"]
mod collector;
#[path = "runner/completions.rs"]
mod completions;
#[path = "runner/conftest.rs"]
mod conftest;
#[path = "runner/faults_certificates.rs"]
mod faults_certificates;
#[path = "runner/faults_clients.rs"]
mod faults_clients;
#[path = "runner/faults_limits.rs"]
mod faults_limits;
#[path = "runner/faults_policies.rs"]
mod faults_policies;
#[path = "runner/faults_reviews.rs"]
mod faults_reviews;
#[path = "runner/policy_impact.rs"]
mod policy_impact;
#[path = "runner/policy_replay.rs"]
mod policy_replay;
#[path = "runner/policy_test.rs"]
mod policy_test;
#[path = "runner/policy_validate.rs"]
mod policy_validate;
#[path = "runner/schema.rs"]
mod schema;
#[path = "runner/served.rs"]
mod served;
#[path = "runner/support.rs"]
mod support;
#[path = "runner/webhook.rs"]
mod webhook;
#[path = "runner/webhook_metrics.rs"]
mod webhook_metrics;
#[path = "runner/webhook_traces.rs"]
mod webhook_traces;
