//! The other replicas: what one of them decided is asked of it, by whichever was asked first.
//!
//! One hop, and never to an address that is not among those of our own Service: a replica that is
//! called by another one answers from its own memory alone.

mod addresses;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{FactError, FactKey, Tree};
use ajj_facts::{FactSource, Live};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::decision_id::{DecisionId, Replica};
use crate::tls::{Certificates, replica_client};
use addresses::{Address, addresses};

/// How long it takes at most to find out where the others are, and to ask one of them.
const WITHIN: Duration = Duration::from_secs(3);
/// Bytes of an answer; lines are shorter.
const MAX_ANSWER: usize = 1 << 20;
/// Replicas of one name that are asked at most; names that look alike are rare.
const MOST_ASKED: usize = 4;

/// How to reach the other replicas.
#[derive(Debug)]
pub(crate) struct Peers {
    pub(crate) live: Live,
    pub(crate) namespace: String,
    pub(crate) service: String,
    pub(crate) certificates: Arc<Certificates>,
}

/// Why another replica's decision is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotFound {
    /// It is not among the replicas that there are.
    #[error(
        "the replica `{replica}` that decided it is gone, and what it remembered with it: the log of \
         decisions has it"
    )]
    Gone {
        /// What its ids begin with.
        replica: String,
    },
    /// It remembers only the last ones.
    #[error("the replica `{pod}` that decided it does not remember it: only the last denials are")]
    Forgotten {
        /// Its Pod.
        pod: String,
    },
    /// It does not answer.
    #[error("the replica `{pod}` that decided it cannot be asked: {reason}")]
    Unreachable {
        /// Its Pod.
        pod: String,
        /// Why.
        reason: String,
    },
    /// Nobody says where the replicas are.
    #[error("where the other replicas are is not known: {0}")]
    NotListed(String),
}

impl Peers {
    /// Asks the replica that decided for the line of its decision.
    pub(crate) async fn ask(&self, id: DecisionId) -> Result<Bytes, NotFound> {
        let listed = self.list().await.map_err(|error| NotFound::NotListed(error.to_string()))?;
        let is_it = |address: &&Address| id.is_of(Replica::new(&address.pod));
        let mut last = NotFound::Gone { replica: id.replica().to_owned() };
        for Address { pod, address } in addresses(&listed).iter().filter(is_it).take(MOST_ASKED) {
            let pod = pod.clone();
            last = match timeout(WITHIN, self.get(*address, id)).await {
                Ok(Ok(Some(line))) => return Ok(line),
                Ok(Ok(None)) => NotFound::Forgotten { pod },
                Ok(Err(reason)) => NotFound::Unreachable { pod, reason },
                Err(_) => NotFound::Unreachable { pod, reason: "no answer in time".to_owned() },
            };
        }
        Err(last)
    }

    /// The EndpointSlices of our Service.
    async fn list(&self) -> Result<Arc<Tree>, FactError> {
        let Self { namespace, service, .. } = self;
        let key = FactKey::get(format!(
            "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices\
             ?labelSelector=kubernetes.io/service-name={service}"
        ));
        let keys = BTreeSet::from([key.clone()]);
        let facts = self.live.until(Instant::now() + WITHIN).fetch(&keys).await;
        facts.get(&key).cloned().unwrap_or(Err(FactError::Timeout))
    }

    /// The line of a decision, if whoever answers there remembers it.
    async fn get(&self, address: SocketAddr, id: DecisionId) -> Result<Option<Bytes>, String> {
        let config = replica_client(&self.certificates, Timestamp::now());
        let connector = TlsConnector::from(Arc::new(config.map_err(|error| error.to_string())?));
        let host = format!("{}.{}.svc", self.service, self.namespace);
        let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
        let request = Request::get(format!("/decisions/{id}"))
            .header(HOST, host)
            .body(Empty::<Bytes>::new())
            .map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let asked = async move {
            let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            match status {
                StatusCode::OK => {
                    body.map(|body| Some(body.to_bytes())).map_err(|error| error.to_string())
                }
                StatusCode::NOT_FOUND => Ok(None),
                status => Err(format!("it answers HTTP {status}")),
            }
        };
        // The connection moves the bytes, and ends with the answer.
        tokio::select! {
            answer = asked => answer,
            Err(problem) = connection => Err(problem.to_string()),
        }
    }
}
