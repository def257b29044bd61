//! Runs a real Kubernetes control plane for tests.
//!
//! A [`ControlPlane`] is etcd, kube-apiserver and, where asked for, kube-controller-manager on free
//! ports of the loopback, and the kubectl of the same version. The programs come from
//! `testdata/control-plane/build`. They end with the value that holds them, and with the process
//! that started them however that ends.
//!
//! ```no_run
//! use ajj_e2e::{ControlPlane, Controllers};
//!
//! let plane = ControlPlane::start(Controllers::Absent)?;
//! let output = plane.kubectl(&["get", "namespaces", "--output", "name"], "")?;
//! assert!(output.stdout.contains("namespace/default"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod control_plane;
mod eventually;
mod folder;
mod kubeconfig;
mod kubectl;
mod ports;
mod process;
mod programs;

pub use control_plane::{ControlPlane, Controllers, StartError};
pub use eventually::eventually;
pub use folder::Folder;
pub use kubeconfig::Kubeconfig;
pub use kubectl::{Kubectl, Output};
pub use ports::free_ports;
pub use process::Process;
pub use programs::{Programs, ProgramsError};
