//! An API server whose EndpointSlices can mean this machine.
//!
//! It takes none at the loopback, and tests talk to nothing else. So one address that nobody has stands
//! for it: `kubectl proxy` asks the API server, and on the way back that address is replaced.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use ajj_e2e::{ControlPlane, Process, eventually, free_ports};
use serde_json::json;

use crate::support::BOUND;

/// Set aside for documentation (RFC 5737); as long in letters as the loopback.
pub(super) const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

/// A way to the API server; ends with the value.
pub(super) struct Way {
    _proxy: Process,
    /// For whoever goes this way, as the same user.
    pub(super) kubeconfig: PathBuf,
}

impl Way {
    pub(super) fn open(plane: &ControlPlane, account: &Path) -> Self {
        let [port] = free_ports().unwrap();
        let folder = plane.folder();
        let (kubectl, log) = (plane.programs().join("kubectl"), folder.join("proxy.log"));
        let arguments = [
            "proxy".to_owned(),
            format!("--port={port}"),
            format!("--kubeconfig={}", account.display()),
        ];
        let environment = [("HOME", folder.to_str().unwrap())];
        let proxy = Process::start(&kubectl, arguments, &environment, &log).unwrap();
        let proxied = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        eventually(BOUND, || TcpStream::connect(proxied).map_err(|error| (error, proxy.log())))
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                // Whoever comes after the proxy has ended gets no answer.
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(proxied)) {
                    carry(client, server);
                }
            }
        });
        let kubeconfig = folder.join("elsewhere.kubeconfig");
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "plane",
            "clusters": [{"name": "plane", "cluster": {"server": server}}],
            "users": [{"name": "user", "user": {}}],
            "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "user"}}],
        });
        std::fs::write(&kubeconfig, config.to_string()).unwrap();
        Self { _proxy: proxy, kubeconfig }
    }
}

/// Carries bytes both ways until one side ends.
fn carry(client: TcpStream, server: TcpStream) {
    let (from_client, from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut &from_client, &mut &server);
        let _ = server.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        let _ = replace(from_server, &client);
        let _ = client.shutdown(Shutdown::Both);
    });
}

fn replace(mut from: impl Read, mut to: impl Write) -> std::io::Result<()> {
    let (wanted, other) = (ELSEWHERE.to_string(), Ipv4Addr::LOCALHOST.to_string());
    let (wanted, other) = (wanted.as_bytes(), other.as_bytes());
    let (mut held, mut part) = (Vec::new(), [0; 8192]);
    loop {
        let length = from.read(&mut part)?;
        held.extend_from_slice(&part[..length]);
        while let Some(at) = held.windows(wanted.len()).position(|window| window == wanted) {
            held[at..at + wanted.len()].copy_from_slice(other);
        }
        // Its beginning may stand at the end of what has come so far.
        let begun = (1..wanted.len()).rev().find(|begun| held.ends_with(&wanted[..*begun]));
        let rest = held.split_off(held.len() - begun.filter(|_| length > 0).unwrap_or(0));
        to.write_all(&held)?;
        to.flush()?;
        held = rest;
        if length == 0 {
            return Ok(());
        }
    }
}

#[test]
fn one_address_is_replaced_wherever_it_is_cut() {
    let text = "a 192.0.2.9:1, 192.0.2.99, 192.0.2.8 192.0.2.";
    for size in 1..text.len() {
        let mut to = Vec::new();
        let parts = text
            .as_bytes()
            .chunks(size)
            .fold(Box::new(std::io::empty()) as Box<dyn Read>, |read, part| {
                Box::new(read.chain(part))
            });
        replace(parts, &mut to).unwrap();
        assert_eq!(String::from_utf8(to).unwrap(), "a 127.0.0.1:1, 127.0.0.19, 192.0.2.8 192.0.2.");
    }
}
