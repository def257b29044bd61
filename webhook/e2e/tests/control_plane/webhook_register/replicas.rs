//! Replicas of `ajj webhook --register`, and what stands before them as a Service would.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ajj_e2e::{ControlPlane, Process, eventually, free_ports};

use crate::support::BOUND;
use crate::webhook_cluster::served::PROGRAM;

/// Some replicas behind one port.
pub(crate) struct Replicas {
    kubeconfig: PathBuf,
    folder: PathBuf,
    port: u16,
    running: Arc<Mutex<Vec<Replica>>>,
}

struct Replica {
    process: Process,
    port: u16,
}

impl Replicas {
    /// Opens the port; nobody is behind it yet.
    pub(super) fn new(plane: &ControlPlane) -> Self {
        let [port] = free_ports().unwrap();
        let running = Arc::<Mutex<Vec<Replica>>>::default();
        let (listener, behind) =
            (TcpListener::bind((Ipv4Addr::LOCALHOST, port)), Arc::clone(&running));
        let listener = listener.unwrap();
        // Ends with the process, as the control plane of a static does.
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let Ok(client) = client else { continue };
                let behind = behind.lock().unwrap();
                let ports: Vec<u16> = behind.iter().map(|replica| replica.port).collect();
                drop(behind);
                std::thread::spawn(move || forward(client, &ports, number));
            }
        });
        let (kubeconfig, folder) = (plane.kubeconfig().to_owned(), plane.folder().to_owned());
        Self { kubeconfig, folder, port, running }
    }

    /// Starts another one.
    pub(super) fn start(&self) {
        let told = ["webhook", "--cluster", "--register", "--namespace=ajj", "--workers=1"];
        let told = told.into_iter().chain(["--exempt-namespaces=cni"]).map(str::to_owned);
        self.start_as_told(&self.kubeconfig, &told.collect::<Vec<_>>());
    }

    /// Starts another one as somebody, with these arguments; where it is reached is ours to say.
    pub(crate) fn start_as_told(&self, kubeconfig: &Path, arguments: &[String]) {
        let metrics = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        self.start_pod("", metrics, kubeconfig, arguments);
    }

    /// The same, with the name of a Pod, and where it serves metrics and decisions.
    pub(super) fn start_pod(
        &self,
        pod: &str,
        metrics: SocketAddr,
        kubeconfig: &Path,
        arguments: &[String],
    ) {
        let [port] = free_ports().unwrap();
        let of_place = |argument: &&String| {
            ["--listen=", "--listen-metrics="].iter().any(|given| argument.starts_with(given))
        };
        let mut all: Vec<String> =
            arguments.iter().filter(|argument| !of_place(argument)).cloned().collect();
        all.extend([
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--url=https://127.0.0.1:{}", self.port),
            format!("--listen=127.0.0.1:{port}"),
            format!("--listen-metrics={metrics}"),
            "--tls-names=127.0.0.1".to_owned(),
        ]);
        let log = self.folder.join(format!("replica-{port}.log"));
        let environment = [("HOME", self.folder.to_str().unwrap()), ("POD_NAME", pod)];
        let process = Process::start(&PROGRAM, all, &environment, &log).unwrap();
        self.running.lock().unwrap().push(Replica { process, port });
    }

    /// Kills the one that was started at that place.
    pub(super) fn kill_one(&self, place: usize) {
        self.running.lock().unwrap().remove(place);
    }

    /// Kills all of them in the middle of whatever they do.
    pub(crate) fn kill(&self) {
        self.running.lock().unwrap().clear();
    }

    /// Tells all of them to end, and waits until they have.
    pub(super) fn end(&self) {
        let mut running = self.running.lock().unwrap();
        for replica in running.iter() {
            let id = replica.process.id().to_string();
            let told = std::process::Command::new("kill").args(["-TERM", &id]).status();
            assert!(told.unwrap().success());
        }
        for replica in running.iter_mut() {
            let process = &mut replica.process;
            let ended = eventually(BOUND, || process.ended().unwrap().ok_or(()));
            assert!(ended.unwrap().success(), "{}", process.log());
        }
        running.clear();
    }

    pub(crate) fn count(&self) -> usize {
        self.running.lock().unwrap().len()
    }

    /// Where the replica that decided is asked for metrics and decisions.
    pub(crate) fn metrics_of(&self, decision: &str) -> String {
        let serving = self.logs().lines().find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            let is_it = decision.starts_with(line["replica"].as_str()?);
            is_it.then(|| line["metrics"].as_str().map(str::to_owned))?
        });
        serving.unwrap_or_else(|| panic!("nobody decided `{decision}`\n{}", self.logs()))
    }

    pub(crate) fn logs(&self) -> String {
        let running = self.running.lock().unwrap();
        let logs = running.iter().map(|replica| replica.process.log());
        logs.collect::<Vec<_>>().join("\n---\n")
    }
}

/// Carries bytes to and from a replica: the next one, or one that takes the connection.
fn forward(client: TcpStream, ports: &[u16], number: usize) {
    let turn = |offset: usize| ports.get((number + offset) % ports.len().max(1));
    let replica = (0..ports.len())
        .filter_map(turn)
        .find_map(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).ok());
    let Some(replica) = replica else { return };
    let (Ok(from_client), Ok(to_replica)) = (client.try_clone(), replica.try_clone()) else {
        return;
    };
    std::thread::spawn(move || carry(from_client, to_replica));
    carry(replica, client);
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Both);
}
