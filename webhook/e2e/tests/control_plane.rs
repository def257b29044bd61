//! Runs against a real control plane: `cargo test -p ajj-e2e --test control_plane`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests end a test that cannot go on"
)]
#![expect(clippy::needless_pass_by_value, reason = "callers write values in place")]

#[path = "control_plane/audit.rs"]
mod audit;
#[path = "control_plane/audit_background.rs"]
mod audit_background;
#[path = "control_plane/chart.rs"]
mod chart;
#[path = "../../../cli/tests/runner/collector.rs"]
#[expect(dead_code, reason = "shared with the tests of the binary")]
mod collector;
#[path = "control_plane/controllers.rs"]
mod controllers;
#[path = "control_plane/life.rs"]
mod life;
#[path = "control_plane/page.rs"]
mod page;
#[path = "../../../cli/tests/conformance/chainsaw/suite.rs"]
#[expect(dead_code, reason = "shared with the replay of the same suites")]
mod suite;
#[path = "control_plane/suites.rs"]
mod suites;
#[path = "control_plane/support.rs"]
mod support;
#[path = "control_plane/users.rs"]
mod users;
#[path = "control_plane/webhook_cluster.rs"]
mod webhook_cluster;
#[path = "control_plane/webhook_refuses.rs"]
mod webhook_refuses;
#[path = "control_plane/webhook_register.rs"]
mod webhook_register;
