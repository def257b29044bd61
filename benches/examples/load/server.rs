//! The server under load: a process of its own, and what the kernel knows of it.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A server that was started; ends with the value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Mutex<Child>,
    id: u32,
    pub(crate) address: SocketAddr,
    /// What its certificate is signed by, in PEM.
    pub(crate) authority: Vec<u8>,
    /// From its start until it said that it serves.
    pub(crate) ready: Duration,
}

impl Server {
    /// Starts a command, on one core if that is asked, and waits until it serves.
    pub(crate) fn start(command: &[String], core: Option<u32>) -> Result<Self, Box<dyn Error>> {
        let mut words: Vec<String> = Vec::new();
        if let Some(core) = core {
            words.extend(["taskset".to_owned(), "-c".to_owned(), core.to_string()]);
        }
        words.extend_from_slice(command);
        let (program, arguments) = words.split_first().ok_or("expected a command")?;
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let errors = child.stderr.take().ok_or("no stderr")?;
        let mut said = String::new();
        let mut lines = BufReader::new(errors).lines();
        for line in lines.by_ref() {
            let line = line?;
            if !line.contains("\"serving\"") {
                said.push_str(&line);
                said.push('\n');
                continue;
            }
            let ready = started.elapsed();
            let serving: Value = serde_json::from_str(&line)?;
            let text = |key: &str| serving.get(key).and_then(Value::as_str).unwrap_or_default();
            let address = text("address").parse()?;
            let authority = STANDARD.decode(text("ca_bundle"))?;
            // What it says later is read, so that it never waits for a reader.
            std::thread::spawn(move || lines.for_each(drop));
            let id = child.id();
            return Ok(Self { child: Mutex::new(child), id, address, authority, ready });
        }
        child.wait()?;
        Err(format!("the server did not start:\n{said}").into())
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Whether it is gone; an error where it did not end well.
    pub(crate) fn has_ended(&self) -> Result<bool, Box<dyn Error>> {
        let status = self.child.lock().map_err(|_| "a thread ended badly")?.try_wait()?;
        match status {
            Some(status) if !status.success() => Err(format!("the server ended: {status}").into()),
            status => Ok(status.is_some()),
        }
    }

    /// Seconds of CPU time of all its threads.
    pub(crate) fn cpu(&self) -> Result<f64, Box<dyn Error>> {
        let mut nanoseconds = 0_u64;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.id))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(nanoseconds as f64 / 1e9)
    }

    /// A number of its status, such as `VmRSS` in KiB.
    pub(crate) fn status(&self, key: &str) -> Result<u64, Box<dyn Error>> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.ok_or("no such line in the status")?.parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
