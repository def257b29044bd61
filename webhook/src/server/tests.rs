//! What a request allocates on its whole way: TLS, HTTP, reading, judging, answering.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ajj_engine::{Selection, Source};
use futures_util::FutureExt;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::sync::{Semaphore, watch};

use super::routes::{Surface, routes};
use super::{Limits, Phase, Shared, Worker, connection};
use crate::answers::Answers;
use crate::decision_id::Replica;
use crate::decision_log::{DecisionLog, LogDecisions};
use crate::judge::{Detail, judge};
use crate::kinds::Kinds;
use crate::metrics::Shard;
use crate::policies::Policies;
use crate::review::{ResourceKinds, parse, respond};
use crate::tls::{CertificateSource, Certificates, provider, server_config};

/// A Deployment that 17 policies have nothing to object to.
const REVIEW: &str = include_str!("../../../benches/src/review.json");

/// Policies of `policies/` that other sets of 17 do not have.
const BEYOND_SEVENTEEN: [&str; 2] = ["baseline/host-probes", "restricted/proc-mount"];

fn policies() -> Policies {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/pod-security");
    let folders = ["baseline", "restricted"].map(|level| std::fs::read_dir(root.join(level)));
    let sources: Vec<Source> = folders
        .into_iter()
        .flat_map(|folder| folder.unwrap())
        .map(|folder| folder.unwrap().path())
        .filter(|folder| !BEYOND_SEVENTEEN.iter().any(|name| folder.ends_with(name)))
        .map(|folder| {
            let file = folder.join("policy.yaml");
            let text = std::fs::read_to_string(&file).unwrap();
            Source::new(Arc::<str>::from(file.to_string_lossy()), text)
        })
        .collect();
    assert_eq!(sources.len(), 17);
    let policies = Policies::default();
    policies.offer(&sources, Vec::new()).unwrap();
    policies
}

fn worker(certificates: &Arc<Certificates>) -> Worker {
    let limits = Limits::default();
    let shard = Arc::new(Shard::default());
    let shared = Shared {
        policies: Arc::new(policies()),
        cluster: None,
        registered: None,
        audited: None,
        answers: Answers::nobody(),
        kinds: Arc::new(Kinds::default()),
        log: DecisionLog::new(LogDecisions::Findings, std::io::sink()).unwrap(),
        peers: None,
        traces: None,
        certificates: Arc::clone(certificates),
        shards: vec![Arc::clone(&shard)],
        replica: Replica::new("test"),
        limits,
        clients_need_certificate: false,
        is_draining: AtomicBool::new(false),
        large_bodies: Semaphore::new(limits.large_bodies >> 10),
        connections: Arc::new(Semaphore::new(limits.connections)),
    };
    Worker { shared: Arc::new(shared), shard }
}

/// Sends so many reviews over one connection; each has to be allowed.
fn ask(stream: TcpStream, authority: &[u8], requests: usize) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(session, stream);
    let request = format!(
        "POST /validate?timeout=10s HTTP/1.1\r\nHost: ajj.ajj-system.svc\r\nUser-Agent: \
         kube-apiserver-admission\r\nAccept: application/json, */*\r\nContent-Type: \
         application/json\r\nContent-Length: {}\r\n\r\n{REVIEW}",
        REVIEW.len()
    );
    for _ in 0..requests {
        stream.write_all(request.as_bytes()).unwrap();
        stream.flush().unwrap();
        let mut answer = String::new();
        while !answer.ends_with("}}") {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).unwrap();
            assert_ne!(length, 0, "{answer}");
            answer.push_str(std::str::from_utf8(&part[..length]).unwrap());
        }
        assert!(answer.contains("\"allowed\":true"), "{answer}");
    }
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

/// The allocations of a connection with so many requests.
fn allocations(worker: &'static Worker, certificates: &Arc<Certificates>, requests: usize) -> u64 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let authority = certificates.ca_bundle().unwrap().as_bytes().to_vec();
    let client =
        std::thread::spawn(move || ask(TcpStream::connect(address).unwrap(), &authority, requests));
    let (stream, peer) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let tls = Arc::new(server_config(Arc::clone(certificates), None).unwrap());
    let (_sender, phase) = watch::channel(Phase::Serving);
    let routes = routes(worker, Surface::Everything);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let counted = allocation_counter::measure(|| {
        let served = runtime.block_on(async {
            let stream = tokio::net::TcpStream::from_std(stream).unwrap();
            connection::serve(stream, peer, worker, routes, tls, phase).await
        });
        served.unwrap();
    });
    client.join().unwrap();
    counted.count_total
}

/// The allocations of the steps without a network.
fn parts(worker: &Worker) -> [u64; 3] {
    let kinds = ResourceKinds::default();
    let shared = &worker.shared;
    let current = shared.policies.current();
    let policies = &current.as_ref().unwrap().policies;
    let (mut request, mut judged) = (None, None);
    let read = allocation_counter::measure(|| {
        request = Some(parse(REVIEW.as_bytes(), &kinds, Timestamp::UNIX_EPOCH).unwrap());
    });
    let request = request.unwrap();
    let (facts, source) =
        (shared.answers.beforehand(&request), shared.answers.until(Instant::now()));
    let policies = policies.select(Selection::Admission);
    let judging = judge(policies, &request, facts, &source, shared.replica, Detail::Findings);
    let judge = allocation_counter::measure(|| judged = judging.now_or_never());
    let answer = judged.unwrap().answer;
    let respond = allocation_counter::measure(|| {
        assert!(!respond(&request.uid, &answer, None::<()>).is_empty());
    });
    [read, judge, respond].map(|counted| counted.count_total)
}

#[test]
fn a_review_allocates_little() {
    let own = CertificateSource::Own(vec!["localhost".to_owned()]);
    let certificates = Arc::new(Certificates::new(own, Timestamp::now()).unwrap());
    let worker: &'static Worker = Box::leak(Box::new(worker(&certificates)));
    allocations(worker, &certificates, 10);
    let (few, many) = (10, 110);
    let difference =
        allocations(worker, &certificates, many) - allocations(worker, &certificates, few);
    let each = difference as f64 / (many - few) as f64;
    let [read, judged, answered] = parts(worker);
    println!(
        "{each:.1} allocations for a review of {} bytes and 17 policies: {read} to read it, {judged} to \
         judge it, {answered} for the answer, the others for TLS and HTTP",
        REVIEW.len()
    );
    // How the bytes of a request come, in one part or several, makes a few more or less.
    assert!(each <= 100.0, "{each}");
}
