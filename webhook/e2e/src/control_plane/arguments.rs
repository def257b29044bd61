//! The files and arguments of the programs.

use std::io;
use std::path::{Path, PathBuf};

use super::Controllers;
use crate::free_ports;

/// Who the tokens of ServiceAccounts are from.
const ISSUER: &str = "https://kubernetes.default.svc";

/// Which files and ports a control plane uses.
#[derive(Debug)]
pub(super) struct Layout {
    folder: PathBuf,
    etcd: u16,
    etcd_peers: u16,
    api_server: u16,
}

impl Layout {
    pub(super) fn choose(folder: &Path) -> io::Result<Self> {
        let [etcd, etcd_peers, api_server] = free_ports()?;
        Ok(Self { folder: folder.to_owned(), etcd, etcd_peers, api_server })
    }

    pub(super) fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.api_server)
    }

    /// The API server writes it when it starts, with the certificate that has signed it.
    pub(super) fn server_certificate(&self) -> PathBuf {
        self.folder.join("certificates/apiserver.crt")
    }

    /// Writes what has to be there before the programs start.
    pub(super) fn write_files(&self, users: &str) -> io::Result<()> {
        let key = rcgen::KeyPair::generate().map_err(io::Error::other)?;
        std::fs::write(self.folder.join("accounts.key"), key.serialize_pem())?;
        std::fs::write(self.folder.join("accounts.pub"), key.public_key_pem())?;
        std::fs::write(self.folder.join("users.csv"), users)
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn etcd_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.etcd)
    }

    pub(super) fn etcd(&self) -> Vec<String> {
        let (clients, peers) = (self.etcd_url(), format!("http://127.0.0.1:{}", self.etcd_peers));
        vec![
            format!("--data-dir={}", self.file("etcd")),
            format!("--listen-client-urls={clients}"),
            format!("--advertise-client-urls={clients}"),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=default={peers}"),
            // What is kept here is thrown away.
            "--unsafe-no-fsync".to_owned(),
            "--log-level=error".to_owned(),
        ]
    }

    pub(super) fn api_server(&self, controllers: Controllers) -> Vec<String> {
        let mut arguments = vec![
            format!("--etcd-servers={}", self.etcd_url()),
            "--bind-address=127.0.0.1".to_owned(),
            // It would look for the address of a default route, which a sandbox does not have, to
            // offer it to Pods, of which none runs.
            "--advertise-address=127.0.0.1".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--secure-port={}", self.api_server),
            format!("--cert-dir={}", self.file("certificates")),
            format!("--token-auth-file={}", self.file("users.csv")),
            "--authorization-mode=RBAC".to_owned(),
            format!("--service-account-issuer={ISSUER}"),
            format!("--service-account-key-file={}", self.file("accounts.pub")),
            format!("--service-account-signing-key-file={}", self.file("accounts.key")),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--allow-privileged=true".to_owned(),
        ];
        if controllers == Controllers::Absent {
            // Nothing makes the default account that it would ask for.
            arguments.push("--disable-admission-plugins=ServiceAccount".to_owned());
        }
        arguments
    }

    pub(super) fn controller_manager(&self, kubeconfig: &Path) -> Vec<String> {
        vec![
            format!("--kubeconfig={}", kubeconfig.display()),
            "--leader-elect=false".to_owned(),
            // Nobody asks it anything.
            "--secure-port=0".to_owned(),
            format!("--service-account-private-key-file={}", self.file("accounts.key")),
            format!("--root-ca-file={}", self.server_certificate().display()),
            "--use-service-account-credentials=false".to_owned(),
        ]
    }
}
