//! The real `ajj webhook --cluster` as a process, and what it says of itself.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

use ajj_e2e::{ControlPlane, Process, eventually, free_ports};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;

use crate::support::BOUND;

/// The program, built once from the sources that these tests belong to.
pub(crate) static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let built = Command::new(cargo)
        .args(["build", "--locked", "--quiet", "--package", "ajj-cli", "--manifest-path", manifest])
        .status()
        .unwrap();
    assert!(built.success(), "`cargo build -p ajj-cli` ended with {built}");
    // This test stands in `deps` beside it.
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("ajj")
});

/// A webhook that follows a control plane.
pub(crate) struct Served {
    process: Mutex<Option<Process>>,
    kubeconfig: PathBuf,
    folder: PathBuf,
    port: u16,
    name: &'static str,
    more: Vec<String>,
}

impl Served {
    /// Starts it, and waits until it serves; policies may come later.
    pub(super) fn start(plane: &ControlPlane) -> Self {
        Self::start_with(plane, "webhook", &[])
    }

    /// Starts one of several, with more arguments.
    pub(crate) fn start_with(plane: &ControlPlane, name: &'static str, more: &[&str]) -> Self {
        let [port] = free_ports().unwrap();
        let served = Self {
            process: Mutex::new(None),
            kubeconfig: plane.kubeconfig().to_owned(),
            folder: plane.folder().to_owned(),
            port,
            name,
            more: more.iter().map(|one| (*one).to_owned()).collect(),
        };
        served.start_again();
        served
    }

    /// Starts it at the same port, with a certificate of its own that nobody knows yet.
    pub(super) fn start_again(&self) {
        let arguments = [
            "webhook",
            "--cluster",
            "--exceptions-from=*",
            "--kubeconfig",
            self.kubeconfig.to_str().unwrap(),
            "--listen",
            &format!("127.0.0.1:{}", self.port),
            "--tls-names",
            "127.0.0.1",
            "--workers",
            "1",
            "--log-decisions",
            "all",
        ];
        let environment = [("HOME", self.folder.to_str().unwrap())];
        let arguments = arguments.into_iter().chain(self.more.iter().map(String::as_str));
        let process = Process::start(&PROGRAM, arguments, &environment, &self.log_file()).unwrap();
        *self.process.lock().unwrap() = Some(process);
        self.ca_bundle();
    }

    /// Kills it in the middle of whatever it does.
    pub(crate) fn kill(&self) {
        self.process.lock().unwrap().take();
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join(self.name).with_extension("log")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The log's lines that are JSON.
    pub(super) fn said(&self) -> Vec<Value> {
        self.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    /// The authority that vouches for it, as a registration wants it.
    pub(super) fn ca_bundle(&self) -> String {
        let serving = eventually(BOUND, || {
            let serving = self.said().into_iter().find(|line| line["message"] == "serving");
            serving.ok_or_else(|| self.log())
        });
        serving.unwrap()["ca_bundle"].as_str().unwrap().to_owned()
    }

    /// Waits until it is ready to judge.
    pub(crate) fn ready(&self) {
        let ready = eventually(BOUND, || {
            let (code, body) = self.get("/readyz");
            if code == 200 { Ok(()) } else { Err((code, body, self.log())) }
        });
        ready.unwrap();
    }

    /// Gets a page: status and body.
    pub(super) fn get(&self, path: &str) -> (u16, String) {
        let mut roots = rustls::RootCertStore::empty();
        let pem = STANDARD.decode(self.ca_bundle()).unwrap();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
        let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        // Whether the other side says goodbye before it hangs up is of no interest.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        (code.unwrap_or_default(), body.unwrap_or_default())
    }

    /// A metric by its whole name, labels included.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let page = self.get("/metrics").1;
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no `{name}` in {page}")).parse().unwrap()
    }
}
