//! Starts the control plane and ends it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Folder, Kubeconfig, Kubectl, Output, Process, Programs, ProgramsError, eventually};

mod arguments;

/// How long the API server may take until it is ready; three seconds on an idle machine.
const READY_BOUND: Duration = Duration::from_secs(180);

/// How long the controllers may take to do something.
const CONTROLLERS_BOUND: Duration = Duration::from_secs(120);

/// How often a start is tried: others may take a port before it is ours.
const STARTS: usize = 3;

/// Who the administrator is; everything listens on the loopback only.
const TOKEN: &str = "token";
const USERS: &str = "token,admin,admin,\"system:masters\"\n";

const API_SERVER: &str = "kube-apiserver";

/// Whether kube-controller-manager runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controllers {
    /// Nothing makes ReplicaSets, Pods, default ServiceAccounts, or deletes what is in a namespace;
    /// the admission plugin that asks for ServiceAccounts is off.
    Absent,
    /// Garbage collection, deletion of namespaces, and Deployments' Pods work. There are no nodes.
    Running,
}

/// A running control plane; ends when it is dropped, or when this process ends.
#[derive(Debug)]
pub struct ControlPlane {
    // In the order in which they end.
    processes: Vec<Process>,
    kubectl: Kubectl,
    access: Kubeconfig,
    controllers: Controllers,
    /// What the API server is told beside.
    api_server: Vec<String>,
    programs: Programs,
    layout: arguments::Layout,
    folder: Folder,
}

impl ControlPlane {
    /// Starts etcd and kube-apiserver, and waits until they are ready.
    pub fn start(controllers: Controllers) -> Result<Self, StartError> {
        Self::start_with(controllers, &[])
    }

    /// The same, with more arguments for kube-apiserver.
    pub fn start_with(controllers: Controllers, api_server: &[String]) -> Result<Self, StartError> {
        let programs = Programs::find().map_err(StartError::Programs)?;
        let mut result = start(&programs, controllers, api_server);
        for _ in 1..STARTS {
            match &result {
                // Only the program knows that it did not get its port, and it says so in its log.
                Err(StartError::Ended { log, .. }) if log.contains("address already in use") => {
                    result = start(&programs, controllers, api_server);
                }
                _ => break,
            }
        }
        result
    }

    /// Runs kubectl as the administrator, with arguments and a text on standard input.
    pub fn kubectl(&self, arguments: &[&str], stdin: &str) -> io::Result<Output> {
        self.kubectl.run(arguments, stdin)
    }

    /// Runs Helm as the administrator.
    pub fn helm(&self, arguments: &[&str]) -> io::Result<Output> {
        let program = self.programs.path("helm");
        Kubectl { program, ..self.kubectl.clone() }.run(arguments, "")
    }

    /// Where kubectl and Helm are.
    pub fn programs(&self) -> &Path {
        self.programs.folder()
    }

    /// Creates a namespace, and waits until Pods can be created in it.
    pub fn create_namespace(&self, name: &str) -> Result<(), String> {
        let kubectl = |arguments: &[&str]| {
            self.kubectl(arguments, "").map_err(|error| error.to_string())?.succeeded()
        };
        kubectl(&["create", "namespace", name])?;
        if self.controllers == Controllers::Running {
            let account = ["get", "serviceaccount", "default", "--namespace", name];
            eventually(CONTROLLERS_BOUND, || kubectl(&account))?;
        }
        Ok(())
    }

    /// The URL of the API server.
    pub fn server(&self) -> &str {
        &self.access.server
    }

    /// The kubeconfig of the administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubectl.kubeconfig
    }

    /// Writes a kubeconfig with another token, a ServiceAccount's for instance.
    pub fn write_kubeconfig(&self, name: &str, token: &str) -> io::Result<PathBuf> {
        let file = self.folder.path().join(name).with_extension("kubeconfig");
        Kubeconfig { token: token.to_owned(), ..self.access.clone() }.write(&file)?;
        Ok(file)
    }

    /// The folder of this control plane, for files that go with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the API server, in the middle of whatever it does; what it keeps stays in etcd.
    pub fn stop_api_server(&mut self) {
        self.processes.retain(|process| process.name() != API_SERVER);
    }

    /// Starts the API server again at the same address, and waits until it is ready.
    pub fn start_api_server(&mut self) -> Result<(), StartError> {
        self.run_api_server()?;
        self.wait_for(&["get", "--raw=/readyz"])
    }

    /// The process ids of the programs.
    pub fn process_ids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::id).collect()
    }

    /// What the programs have logged lately, for tests that fail.
    pub fn logs(&self) -> String {
        logs(&self.processes)
    }

    fn run_api_server(&mut self) -> Result<(), StartError> {
        let own = self.layout.api_server(self.controllers);
        self.run(API_SERVER, own.into_iter().chain(self.api_server.iter().cloned()).collect())
    }

    fn run(&mut self, program: &str, arguments: Vec<String>) -> Result<(), StartError> {
        let log = self.folder.path().join(program).with_extension("log");
        let path = self.programs.path(program);
        let process = Process::start(&path, arguments, &[], &log).map_err(StartError::Io)?;
        self.processes.insert(0, process);
        Ok(())
    }

    /// Waits until kubectl can do this, as long as all programs are there.
    fn wait_for(&mut self, arguments: &[&str]) -> Result<(), StartError> {
        let arguments = [&["--request-timeout=5s"], arguments].concat();
        let Self { processes, kubectl, .. } = self;
        eventually(READY_BOUND, || {
            for process in &mut *processes {
                if let Some(status) = process.ended().map_err(|error| error.to_string())? {
                    let (program, log) = (process.name().to_owned(), process.log());
                    return Ok(Err(StartError::Ended { program, status, log }));
                }
            }
            let output = kubectl.run(&arguments, "").map_err(|error| error.to_string())?;
            output.succeeded().map(|_| Ok(()))
        })
        .unwrap_or_else(|seen| Err(StartError::NotReady { seen, logs: logs(&self.processes) }))
    }
}

/// Starts it once, on ports of its own.
fn start(
    programs: &Programs,
    controllers: Controllers,
    api_server: &[String],
) -> Result<ControlPlane, StartError> {
    let io = StartError::Io;
    let folder = Folder::create("control-plane-").map_err(io)?;
    let layout = arguments::Layout::choose(folder.path()).map_err(io)?;
    layout.write_files(USERS).map_err(io)?;
    let access = Kubeconfig {
        server: layout.server(),
        certificate_authority: layout.server_certificate(),
        token: TOKEN.to_owned(),
    };
    let kubeconfig = folder.path().join("admin.kubeconfig");
    access.write(&kubeconfig).map_err(io)?;
    let kubectl = Kubectl {
        program: programs.path("kubectl"),
        home: folder.path().to_owned(),
        kubeconfig: kubeconfig.clone(),
    };
    let (programs, api_server) = (programs.clone(), api_server.to_vec());
    let processes = Vec::new();
    let mut plane = ControlPlane {
        processes,
        kubectl,
        access,
        controllers,
        api_server,
        programs,
        layout,
        folder,
    };
    plane.run("etcd", plane.layout.etcd())?;
    plane.run_api_server()?;
    plane.wait_for(&["get", "--raw=/readyz"])?;
    if controllers == Controllers::Running {
        // They end when there is no API server yet, since its certificate is not there.
        let arguments = plane.layout.controller_manager(&kubeconfig);
        plane.run("kube-controller-manager", arguments)?;
        // The first thing that they make.
        plane.wait_for(&["get", "serviceaccount", "default", "--output=name"])?;
    }
    Ok(plane)
}

/// The last lines of each log.
fn logs(processes: &[Process]) -> String {
    const LINES: usize = 60;
    let mut text = String::new();
    for process in processes {
        let log = process.log();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
        text.push_str(&format!("--- {} ---\n{}\n", process.name(), last.join("\n")));
    }
    text
}

/// Why a control plane did not start.
#[derive(Debug)]
pub enum StartError {
    /// There are no programs.
    Programs(ProgramsError),
    /// The system did not give what it takes.
    Io(io::Error),
    /// A program ended.
    Ended {
        /// Its name.
        program: String,
        /// What it ended with.
        status: std::process::ExitStatus,
        /// All that it wrote.
        log: String,
    },
    /// The API server or the controllers did not become ready in time.
    NotReady {
        /// What the last look at it showed.
        seen: String,
        /// The ends of all logs.
        logs: String,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Programs(error) => error.fmt(formatter),
            Self::Io(error) => write!(formatter, "cannot start a control plane: {error}"),
            Self::Ended { program, status, log } => {
                write!(formatter, "`{program}` ended with {status}; its log:\n{log}")
            }
            Self::NotReady { seen, logs } => write!(
                formatter,
                "expected a control plane that is ready within {READY_BOUND:?}, found: {seen}\n{logs}"
            ),
        }
    }
}

impl std::error::Error for StartError {}
