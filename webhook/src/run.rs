//! From a configuration to a server, and to its end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ajj_engine::{Diagnostic, Source};
use ajj_facts::ConnectError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tracing::{info, warn};

use crate::answers::Answers;
use crate::audit::{self, AuditConfig};
use crate::cluster::{Cluster, ClusterConfig};
use crate::decision_id::Replica;
use crate::decision_log::{DecisionLog, LogDecisions};
use crate::kinds::Kinds;
use crate::metrics::Shard;
use crate::peers::Peers;
use crate::policies::{Files, Policies, Refused, poll, read};
use crate::register::{self, RegistrationConfig};
use crate::server::{Limits, Listening, Phase, Shared, connections, serve};
use crate::tls::{CertificateSource, Certificates, TlsError, metrics_config, server_config};
use crate::traces::{Collector, Traces};

/// What a webhook is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where metrics and decisions are served instead, so that a network can tell them apart.
    pub listen_metrics: Option<SocketAddr>,
    /// The cluster that policies and facts come from, if there is one.
    pub cluster: Option<ClusterConfig>,
    /// How it registers at the API server of the cluster, if it does.
    pub registration: Option<RegistrationConfig>,
    /// How it audits what is in the cluster, if it does.
    pub audit: Option<AuditConfig>,
    /// What it serves with.
    pub certificate: CertificateSource,
    /// The authorities of clients in PEM: given, `/validate` answers only who has a certificate.
    pub client_authorities: Option<Vec<u8>>,
    /// What it may spend.
    pub limits: Limits,
    /// Names this replica among others, such as the Pod's name.
    pub replica: String,
    /// Which decisions are logged to stdout.
    pub log_decisions: LogDecisions,
    /// Where traces of reviews go, if somebody wants them.
    pub traces: Option<Collector>,
}

/// Why a webhook did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Policies do not compile; their texts give the places.
    #[error("the policies do not compile")]
    Policies {
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
        /// Where.
        sources: Vec<Source>,
    },
    /// There is no way to a cluster.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The system refuses a thread, a signal handler or the like.
    #[error("the system refuses what a server needs: {0}")]
    System(#[from] std::io::Error),
}

/// How long a replica answers on after it was told to end: until nobody sends it reviews.
const DRAINING: Duration = Duration::from_secs(1);

/// Serves until the process is told to end; then answers what came before, and returns.
///
/// Policies come from files, from a cluster, or from both.
pub fn run(config: Config, files: Option<impl Files>) -> Result<(), RunError> {
    let policies = Arc::new(match config.cluster {
        Some(_) => Policies::with_cluster(),
        None => Policies::default(),
    });
    let watching = files.map(|files| first_load(files, &policies)).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        if let Some((files, stamp)) = watching {
            tokio::spawn(poll(files, stamp, Arc::clone(&policies)));
        }
        listen(config, policies).await
    });
    // A walk over files must not hold up the end.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// Loads policies from files; those that do not compile are no beginning.
fn first_load<F: Files>(files: F, policies: &Policies) -> Result<(F, u64), RunError> {
    let (stamp, (sources, diagnostics)) = read(&files, files.stamp());
    match policies.offer(&sources, diagnostics) {
        Ok(warnings) => {
            warnings.iter().for_each(|warning| crate::policies::tell(warning, &sources));
            Ok((files, stamp))
        }
        Err(Refused { diagnostics }) => Err(RunError::Policies { diagnostics, sources }),
    }
}

/// A runtime for what goes on beside requests and connections; ends with the process.
fn background(name: &str) -> Result<Handle, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

async fn listen(config: Config, policies: Arc<Policies>) -> Result<(), RunError> {
    let certificates = Arc::new(Certificates::new(config.certificate, Timestamp::now())?);
    let tls = server_config(Arc::clone(&certificates), config.client_authorities.as_deref())?;
    let reviews = Listening { listener: bind(config.listen).await?, tls: Arc::new(tls) };
    let metrics = match config.listen_metrics {
        Some(address) => {
            let tls = metrics_config(Arc::clone(&certificates))?;
            Some(Listening { listener: bind(address).await?, tls: Arc::new(tls) })
        }
        None => None,
    };
    let addresses = Addresses {
        reviews: reviews.listener.local_addr()?,
        metrics: metrics.as_ref().map(|one| one.listener.local_addr()).transpose()?,
    };
    let mut limits = config.limits;
    limits.connections = connections(limits.connections);
    let workers = match limits.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let replica = Replica::new(&config.replica);
    let mut audited = None;
    let (cluster, answers, kinds, registered, peers) = match config.cluster {
        None => (None, Answers::nobody(), Arc::new(Kinds::default()), None, None),
        Some(cluster) => {
            let runtime = background("cluster")?;
            let cluster = Arc::new(Cluster::connect(cluster, &runtime).await?);
            let kinds = Arc::new(Kinds::of_cluster());
            cluster.keep_up(&runtime, replica, &policies, &kinds);
            let live = &cluster.live;
            let peers = config.registration.as_ref().filter(|_| certificates.are_shared());
            let peers = peers.map(|registration| Peers {
                live: live.clone(),
                namespace: registration.namespace.clone(),
                service: registration.service.clone(),
                certificates: Arc::clone(&certificates),
            });
            let registered = config.registration.map(|registration| {
                register::begin(registration, &runtime, live, &policies, &kinds, &certificates)
            });
            if let Some(audit) = config.audit {
                let replica = &config.replica;
                let began = audit::begin(audit, replica, &runtime, &cluster, &policies, &kinds)?;
                audited = Some(began);
            }
            let answers = Answers::Cluster(cluster.live.clone());
            (Some(cluster), answers, kinds, registered, peers)
        }
    };
    let traces = config.traces.map(|collector| {
        background("traces").map(|runtime| Traces::begin(collector, replica, &runtime))
    });
    let shared = Arc::new(Shared {
        policies,
        cluster,
        registered,
        audited,
        answers,
        kinds,
        peers,
        traces: traces.transpose()?,
        log: DecisionLog::new(config.log_decisions, std::io::stdout())?,
        certificates: Arc::clone(&certificates),
        shards: (0..workers).map(|_| Arc::new(Shard::default())).collect(),
        replica,
        limits,
        clients_need_certificate: config.client_authorities.is_some(),
        is_draining: AtomicBool::new(false),
        large_bodies: Semaphore::new(limits.large_bodies >> 10),
        connections: Arc::new(Semaphore::new(limits.connections)),
    });
    let told = told_to_end()?;
    let (phase, phases) = watch::channel(Phase::Serving);
    let ca_bundle = certificates.ca_bundle().map(|pem| STANDARD.encode(pem.as_str()));
    tokio::spawn(certificates.keep_fresh());
    announce(&shared, addresses, ca_bundle.as_deref());
    let ending = Arc::clone(&shared);
    tokio::spawn(async move {
        told.await;
        info!("told to end: answering what is on its way");
        ending.is_draining.store(true, Ordering::Relaxed);
        phase.send_replace(Phase::Draining);
        tokio::time::sleep(DRAINING).await;
        phase.send_replace(Phase::Closing);
        // Dropped, it would look as if nothing came any more.
        std::future::pending::<()>().await;
    });
    serve(reviews, metrics, Arc::clone(&shared), phases).await?;
    if let Some(traces) = &shared.traces {
        traces.end().await;
    }
    info!("ended");
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|problem| RunError::Listen(address, problem))
}

/// Where it is reached.
#[derive(Clone, Copy, Debug)]
struct Addresses {
    reviews: SocketAddr,
    metrics: Option<SocketAddr>,
}

fn announce(shared: &Shared, addresses: Addresses, ca_bundle: Option<&str>) {
    let gauges = shared.gauges();
    let (address, metrics) = (addresses.reviews, addresses.metrics.map(|one| one.to_string()));
    let replica = shared.replica.as_str();
    info!(
        %address, metrics, replica, policies = gauges.policies, rules = gauges.rules, digest = gauges.digest,
        ca_bundle, "serving"
    );
    if shared.cluster.is_some() {
        // What there is of policies is said when they are there.
        return;
    }
    if gauges.not_evaluated > 0 {
        let rules = gauges.not_evaluated;
        warn!(rules, "rules that this build does not evaluate are not enforced");
    }
    if gauges.rules == 0 {
        warn!("there is no rule: everything is allowed");
    }
}

/// Ends when the process gets SIGTERM or SIGINT.
fn told_to_end() -> Result<impl Future<Output = ()>, std::io::Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
