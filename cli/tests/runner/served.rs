//! A running `ajj webhook`, and a client that speaks HTTP/1.1 byte by byte, so that it can also
//! speak it wrongly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

/// How long anything may take that takes a moment on an idle machine.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// A webhook on a free port of this machine; ends with the value.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What its certificate is signed by, in PEM.
    pub(crate) authority: Vec<u8>,
    pub(crate) log: Lines,
    pub(crate) decisions: Lines,
}

/// What a process has written so far.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

/// One answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) type Connection = StreamOwned<ClientConnection, TcpStream>;

impl Served {
    /// Starts with these arguments, in a directory, and waits until it serves. Without a
    /// certificate among the arguments it makes one, whose authority stands in the log.
    pub(crate) fn start(directory: &Path, arguments: &[&str], authority: Option<Vec<u8>>) -> Self {
        Self::start_in("exec \"$@\"", directory, arguments, authority)
    }

    /// The same, by a line of shell that limits it: `ulimit -n 128; exec "$@"`.
    pub(crate) fn start_in(
        shell: &str,
        directory: &Path,
        arguments: &[&str],
        authority: Option<Vec<u8>>,
    ) -> Self {
        let mut child = Command::new("/bin/sh")
            .args(["-c", shell, "sh", env!("CARGO_BIN_EXE_ajj")])
            .args(["webhook", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .env("POD_NAME", "test")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Lines::default();
        log.read(child.stderr.take().unwrap());
        let decisions = Lines::default();
        decisions.read(child.stdout.take().unwrap());
        let serving = eventually(|| {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}\n{}", log.text());
            log.find("\"serving\"")
        });
        let serving: Value = serde_json::from_str(&serving).unwrap();
        let authority = authority
            .unwrap_or_else(|| STANDARD.decode(serving["ca_bundle"].as_str().unwrap()).unwrap());
        let address = serving["address"].as_str().unwrap().parse().unwrap();
        Self { child, address, authority, log, decisions }
    }

    /// A connection that offers a protocol.
    pub(crate) fn try_connect(&self, config: ClientConfig) -> std::io::Result<Connection> {
        let name = ServerName::try_from("localhost").unwrap();
        let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(BOUND))?;
        stream.set_write_timeout(Some(BOUND))?;
        stream.set_nodelay(true)?;
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(session, stream))
    }

    pub(crate) fn connect(&self) -> Connection {
        self.try_connect(client(&self.authority)).unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) fn post(&self, path: &str, body: &[u8]) -> Reply {
        post(&mut self.connect(), path, body).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        let mut connection = self.connect();
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        connection.write_all(head.as_bytes()).unwrap();
        reply(&mut connection).unwrap()
    }

    /// The value of a metric without labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let page = String::from_utf8(self.get("/metrics").body).unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in\n{page}")).parse().unwrap()
    }

    /// A number of KiB in the status of the process, such as `VmHWM`.
    pub(crate) fn status(&self, key: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Ends it without a warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to end.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// The exit code, once it ended.
    pub(crate) fn wait(mut self) -> i32 {
        eventually(|| self.child.try_wait().unwrap()).code().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lines {
    /// Reads all that comes, from a thread that ends with it.
    fn read(&self, from: impl Read + Send + 'static) {
        let lines = Arc::clone(&self.0);
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines() {
                let Ok(line) = line else { return };
                lines.lock().unwrap().push(line);
            }
        });
    }

    /// The last line with this text.
    pub(crate) fn find(&self, text: &str) -> Option<String> {
        self.0.lock().unwrap().iter().rev().find(|line| line.contains(text)).cloned()
    }

    /// Every line.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

/// A client that trusts an authority.
pub(crate) fn client(authority: &[u8]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    builder.with_root_certificates(roots).with_no_client_auth()
}

pub(crate) fn post(connection: &mut Connection, path: &str, body: &[u8]) -> std::io::Result<Reply> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes())?;
    connection.write_all(body)?;
    reply(connection)
}

/// Reads one answer; its length has to be told.
pub(crate) fn reply(connection: &mut impl Read) -> std::io::Result<Reply> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    connection.read_exact(&mut body)?;
    Ok(Reply { status, head, body })
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks again until there is an answer, up to a bound.
pub(crate) fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < BOUND, "it did not happen within {BOUND:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
