//! Connections to services, and whose certificates they may show.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use ajj_engine::FactError;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failed;
use super::target::Target;

/// Whose certificates are trusted: the system's, or those of a call's own bundle.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Read when the first call needs it.
    system: Mutex<Option<Arc<ClientConfig>>>,
}

impl Trust {
    pub(super) async fn connect(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        ca_bundle: &str,
    ) -> Result<Stream, FactError> {
        let stream = TcpStream::connect(addresses).await.map_err(|error| failed(&error))?;
        if !target.is_https {
            return Ok(Stream::Plain(stream));
        }
        let config = if ca_bundle.trim().is_empty() {
            self.system().await?
        } else {
            Arc::new(config(bundle(ca_bundle)?)?)
        };
        let name = ServerName::try_from(target.host.clone()).map_err(|error| failed(&error))?;
        let connected = TlsConnector::from(config).connect(name, stream).await;
        connected.map(|stream| Stream::Tls(Box::new(stream))).map_err(|error| failed(&error))
    }

    async fn system(&self) -> Result<Arc<ClientConfig>, FactError> {
        let known = || self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = &*known() {
            return Ok(Arc::clone(config));
        }
        let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
        let found = read.await.map_err(|error| failed(&error))?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let message = "this system trusts no certificate authority: name one in `caBundle`";
            return Err(FactError::Failed(message.to_owned()));
        }
        let config = Arc::new(config(roots)?);
        *known() = Some(Arc::clone(&config));
        Ok(config)
    }
}

fn bundle(pem: &str) -> Result<RootCertStore, FactError> {
    let wrong = |reason: &str| FactError::Failed(format!("the caBundle cannot be used: {reason}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| wrong(&error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(&error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate"));
    }
    Ok(roots)
}

fn config(roots: RootCertStore) -> Result<ClientConfig, FactError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| failed(&error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A connection, encrypted or not.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
