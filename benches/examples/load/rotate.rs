//! Certificates of two authorities in turn, put in place of one another while a server is asked.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A folder with a certificate and its key, which are replaced from time to time.
pub(crate) struct Rotation {
    folder: PathBuf,
    /// One pair for each rotation, the first for the start.
    pairs: Arc<[(String, String)]>,
    authorities: String,
    every: Duration,
}

/// A rotation that goes on.
pub(crate) struct Rotating {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<std::io::Result<u32>>,
}

impl Rotation {
    pub(crate) fn new(times: u32, seconds: f64) -> Result<Self, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("ajj-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let authorities = [authority()?, authority()?];
        let pairs = authorities.iter().cycle().take(times as usize + 1).map(pair);
        let pairs: Arc<[_]> = pairs.collect::<Result<Vec<_>, _>>()?.into();
        let rotation = Self {
            folder,
            pairs,
            authorities: authorities.iter().map(|authority| authority.pem()).collect(),
            every: Duration::from_secs_f64(seconds),
        };
        if let Some(pair) = rotation.pairs.first() {
            install(&rotation.folder, pair)?;
        }
        Ok(rotation)
    }

    /// What a server is told.
    pub(crate) fn flags(&self) -> Vec<String> {
        let file = |name: &str| self.folder.join(name).to_string_lossy().into_owned();
        let flag = |name: &str| name.to_owned();
        vec![flag("--tls-cert"), file("cert.pem"), flag("--tls-key"), file("key.pem")]
    }

    /// Both authorities, in PEM.
    pub(crate) fn authorities(&self) -> Vec<u8> {
        self.authorities.clone().into_bytes()
    }

    pub(crate) fn start(&self) -> Rotating {
        let stop = Arc::new(AtomicBool::new(false));
        let (pairs, folder) = (Arc::clone(&self.pairs), self.folder.clone());
        let (every, stopped) = (self.every, Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut rotated = 0;
            for pair in pairs.iter().skip(1) {
                std::thread::sleep(every);
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                install(&folder, pair)?;
                rotated += 1;
            }
            Ok(rotated)
        });
        Rotating { stop, thread }
    }
}

impl Rotating {
    /// Ends it, and says how often there was another certificate.
    pub(crate) fn stop(self) -> Result<u32, Box<dyn Error>> {
        self.stop.store(true, Ordering::Relaxed);
        Ok(self.thread.join().map_err(|_| "the rotation ended badly")??)
    }
}

impl Drop for Rotation {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Puts both files there whole, the key first: a server keeps what it has until they fit.
fn install(folder: &Path, (certificate, key): &(String, String)) -> std::io::Result<()> {
    for (name, text) in [("key.pem", key), ("cert.pem", certificate)] {
        let aside = folder.join(format!("{name}.new"));
        std::fs::write(&aside, text)?;
        std::fs::rename(aside, folder.join(name))?;
    }
    Ok(())
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn pair(authority: &CertifiedIssuer<'static, KeyPair>) -> Result<(String, String), rcgen::Error> {
    let params = CertificateParams::new(vec!["localhost".to_owned()])?;
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, authority)?.pem(), key.serialize_pem()))
}
