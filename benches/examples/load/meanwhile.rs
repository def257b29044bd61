//! What happens to a server while it is asked.

use std::process::{Child, Command, Stdio};

use crate::server::Server;

/// A shell beside the load; it ends with the value.
#[derive(Debug)]
pub(crate) struct Meanwhile(Child);

impl Meanwhile {
    pub(crate) fn start(script: &str, server: &Server) -> std::io::Result<Self> {
        let mut shell = Command::new("bash");
        shell.args(["-c", script]).env("SERVER", server.id().to_string()).stdin(Stdio::null());
        Ok(Self(shell.stdout(Stdio::null()).spawn()?))
    }
}

impl Drop for Meanwhile {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
