//! The admission webhook: AdmissionReviews over TLS, answered by the engine that also judges
//! manifests.
//!
//! [`review`] reads and writes reviews and [`judge`] decides one; both are pure, and a recorded
//! review that is replayed goes through the same two. [`run`] puts a server around them.

mod answer;
mod answers;
mod audit;
mod cluster;
mod decision_id;
mod decision_log;
mod events;
mod exceptions;
mod judge;
mod kinds;
mod metrics;
mod peers;
mod policies;
mod policy_review;
mod register;
pub mod review;
mod roles;
mod run;
mod server;
mod status;
mod tls;
mod traces;

pub use answer::{Answer, Cause, Denial};
pub use audit::{AuditConfig, ReportApi};
pub use cluster::ClusterConfig;
pub use decision_id::{DecisionId, Replica};
pub use decision_log::LogDecisions;
pub use exceptions::ExceptionsFrom;
pub use judge::{Detail, Judged, judge};
pub use policies::{Files, ListedPolicies, list_policies};
pub use register::RegistrationConfig;
pub use roles::{Grants, Roles};
pub use run::{Config, RunError, run};
pub use server::Limits;
pub use tls::{CertificateSource, TlsError};
pub use traces::Collector;
