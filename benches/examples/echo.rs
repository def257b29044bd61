//! The least that an answer can cost: the webhook's own stack (axum, hyper, rustls), which reads the
//! body and answers a fixed review that has the uid of the request. What the example `load` compares
//! with; it is no webhook.

#![expect(clippy::print_stderr, reason = "it says where it serves")]

use std::error::Error;
use std::sync::Arc;

use axum::body::Bytes;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What stands before the uid of a review.
const BEFORE_UID: &[u8] = b"\"uid\":\"";

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.self_signed(&key)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private = PrivateKeyDer::try_from(key.serialize_der())?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.send_tls13_tickets = 0;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let bundle = STANDARD.encode(certificate.pem());
    let address = listener.local_addr()?;
    eprintln!(
        "{}",
        serde_json::json!({"message": "serving", "address": address, "ca_bundle": bundle})
    );
    let router = axum::Router::new().route("/validate", post(answer));
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let (stream, service) = (TokioIo::new(stream), TowerToHyperService::new(router));
            if is_http2 {
                let mut builder =
                    hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
                builder.initial_stream_window_size(1 << 20).initial_connection_window_size(8 << 20);
                let _ = builder.serve_connection(stream, service).await;
            } else {
                let mut builder = hyper::server::conn::http1::Builder::new();
                let _ = builder.header_read_timeout(None).serve_connection(stream, service).await;
            }
        });
    }
}

/// Every review is allowed: without reading it, only its uid is looked for.
async fn answer(body: Bytes) -> ([(&'static str, &'static str); 1], Vec<u8>) {
    let at = body.windows(BEFORE_UID.len()).position(|window| window == BEFORE_UID);
    let uid = at.and_then(|at| body.get(at + BEFORE_UID.len()..)?.get(..36)).unwrap_or_default();
    let parts: [&[u8]; 3] = [
        br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":""#,
        uid,
        br#"","allowed":true}}"#,
    ];
    ([("content-type", "application/json")], parts.concat())
}
