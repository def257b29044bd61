//! Connections: HTTP/1.1 by hand, HTTP/2 by hyper, both over TLS 1.3.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

type Problem = Box<dyn Error + Send + Sync>;

/// Where requests go, and whom to trust there.
pub(crate) struct Target {
    address: SocketAddr,
    connector: TlsConnector,
    name: ServerName<'static>,
}

/// One connection of HTTP/1.1.
pub(crate) struct Http1 {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
    /// Whether the server said that this was the last answer.
    is_ended: bool,
}

/// One connection of HTTP/2; a clone shares it.
#[derive(Clone)]
pub(crate) struct Http2(SendRequest<Full<Bytes>>);

impl Target {
    pub(crate) fn new(
        address: SocketAddr,
        authority: &[u8],
        http2: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority) {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // As the HTTP client of an API server: each connection is a whole handshake.
        config.resumption = rustls::client::Resumption::disabled();
        config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { address, connector, name: ServerName::try_from("localhost")? })
    }

    pub(crate) async fn open(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    pub(crate) async fn connect(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = self.open().await?;
        self.connector.connect(self.name.clone(), stream).await
    }
}

impl Http1 {
    pub(crate) async fn connect(target: &Target) -> std::io::Result<Self> {
        let stream = target.connect().await?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10), is_ended: false })
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Sends a review, and hands back status and body of the answer.
    pub(crate) async fn ask(&mut self, body: &[u8]) -> Result<(u16, &[u8]), Problem> {
        self.buffer.clear();
        let head = format!(
            "POST /validate?timeout=10s HTTP/1.1\r\nHost: ajj.ajj-system.svc:443\r\n\
             User-Agent: kube-apiserver-admission\r\nContent-Length: {}\r\n\
             Accept: application/json, */*\r\nContent-Type: application/json\r\n\
             Accept-Encoding: gzip\r\n\r\n",
            body.len()
        );
        self.buffer.extend_from_slice(head.as_bytes());
        self.buffer.extend_from_slice(body);
        self.stream.write_all(&self.buffer).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        let (end, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection ended before the answer".into());
            }
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                const LAST: &[u8] = b"connection: close";
                let head = self.buffer.get(..end).unwrap_or_default();
                self.is_ended =
                    head.windows(LAST.len()).any(|window| window.eq_ignore_ascii_case(LAST));
                break (end + 4, length(&self.buffer)?);
            }
        };
        while self.buffer.len() < end + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection ended within the answer".into());
            }
        }
        let status = std::str::from_utf8(self.buffer.get(9..12).unwrap_or_default())?.parse()?;
        Ok((status, self.buffer.get(end..end + length).unwrap_or_default()))
    }
}

fn length(answer: &[u8]) -> Result<usize, Problem> {
    const NAME: &[u8] = b"content-length: ";
    let at = answer.windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME));
    let digits = at.and_then(|at| answer.get(at + NAME.len()..)).unwrap_or_default();
    let digits: Vec<u8> = digits.iter().copied().take_while(u8::is_ascii_digit).collect();
    Ok(std::str::from_utf8(&digits)?.parse()?)
}

impl Http2 {
    pub(crate) async fn connect(target: &Target) -> Result<Self, Box<dyn Error>> {
        let stream = TokioIo::new(target.connect().await?);
        let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(1 << 20).initial_connection_window_size(8 << 20);
        let (sender, connection) = builder.handshake(stream).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    pub(crate) async fn ask(&mut self, body: &[u8]) -> Result<(u16, Bytes), Problem> {
        let request = hyper::Request::post("https://ajj.ajj-system.svc/validate?timeout=10s")
            .header("content-type", "application/json")
            .header("accept", "application/json, */*")
            .header("user-agent", "kube-apiserver-admission")
            .body(Full::from(body.to_vec()))?;
        self.0.ready().await?;
        let response = self.0.send_request(request).await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
