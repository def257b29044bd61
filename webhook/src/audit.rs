//! Audit in the background: what is in the cluster is judged as it comes and changes, and reported.
//!
//! `table` knows what is to be judged again and what is to be reported; it is pure. `round` lists,
//! watches, judges and writes, on a thread of its own, as long as `lease` says that this replica does.

mod finding;
mod gauges;
mod judging;
mod lease;
mod policies;
mod report;
mod round;
mod table;
mod writing;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{error, warn};

use crate::cluster::Cluster;
use crate::kinds::Kinds;
use crate::policies::Policies;
pub(crate) use gauges::Audited;
pub use report::ReportApi;
use round::Auditor;

/// How to audit.
#[derive(Clone, Debug)]
pub struct AuditConfig {
    /// Our own namespace: where the Lease is that replicas compete for.
    pub namespace: String,
    /// How often everything is judged again, for what depends on time and facts.
    pub interval: Duration,
    /// Which kinds of reports are written.
    pub reports: ReportApi,
}

/// How much is left to those who answer reviews, as the system counts niceness.
const NICENESS: i32 = 10;
/// The pause after a defect.
const AFTER_DEFECT: Duration = Duration::from_secs(60);

/// Begins to audit; `replica` names this one among others, calls are made on `runtime`.
pub(crate) fn begin(
    config: AuditConfig,
    replica: &str,
    runtime: &Handle,
    cluster: &Arc<Cluster>,
    policies: &Arc<Policies>,
    kinds: &Arc<Kinds>,
) -> std::io::Result<Arc<Audited>> {
    let audited = Arc::<Audited>::default();
    let (tell, mut held) = watch::channel(None);
    // Two processes may have one name, but not at one time on one machine.
    let me = format!("{replica}_{}_{}", std::process::id(), Timestamp::now().as_nanosecond());
    runtime.spawn(lease::compete(cluster.live.writer(), config.namespace, me, tell));
    let auditor = Auditor {
        cluster: Arc::clone(cluster),
        policies: Arc::clone(policies),
        kinds: Arc::clone(kinds),
        interval: config.interval,
        reports: config.reports,
        audited: Arc::clone(&audited),
    };
    let own = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let audit = move || {
        // Elsewhere it would be that of the whole process.
        if cfg!(target_os = "linux")
            && let Err(problem) = rustix::process::nice(NICENESS)
        {
            warn!(%problem, "the audit runs with the priority of everything else");
        }
        own.block_on(async {
            loop {
                lease::won(&mut held).await;
                auditor.audited.is_leading.store(true, Ordering::Relaxed);
                tokio::select! {
                    // What was begun is dropped where it stands.
                    () = lease::lost(&mut held) => {}
                    ended = AssertUnwindSafe(auditor.audit()).catch_unwind() => {
                        if ended.is_err() {
                            error!("a defect of ajj: the audit begins anew");
                            Audited::add(&auditor.audited.errors);
                            tokio::time::sleep(AFTER_DEFECT).await;
                        }
                    }
                }
                auditor.audited.is_leading.store(false, Ordering::Relaxed);
            }
        });
    };
    std::thread::Builder::new().name("audit".to_owned()).spawn(audit)?;
    Ok(audited)
}
