//! `ajj webhook`: serves admission, with policies from files, from a cluster, or both.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::IsTerminal;

use ajj_engine::{Diagnostic, Source};
use ajj_webhook::{
    AuditConfig, CertificateSource, ClusterConfig, Config, Files, Limits, RegistrationConfig,
    RunError,
};

use super::Findings;
use crate::args::WebhookArguments;
use crate::command_error::CommandError;
use crate::load::{self, Loaded};
use crate::ui::Ui;

pub(crate) fn run(ui: &Ui, arguments: &WebhookArguments) -> Result<u8, CommandError> {
    start_log();
    let client_authorities = arguments.client_ca.as_ref().map(|path| {
        std::fs::read(path).map_err(|problem| {
            CommandError::user(format!("cannot read `{}`: {problem}", path.display()))
        })
    });
    let config = Config {
        listen: arguments.listen,
        listen_metrics: arguments.listen_metrics,
        cluster: arguments.cluster.then(|| ClusterConfig {
            kubeconfig: arguments.kubeconfig.clone(),
            exceptions_from: arguments.exceptions_from.clone().unwrap_or_default(),
        }),
        registration: registration(arguments)?,
        audit: arguments.audit.then(|| AuditConfig {
            namespace: namespace(arguments),
            interval: arguments.audit_interval,
            reports: arguments.report_api,
        }),
        certificate: certificate(arguments),
        client_authorities: client_authorities.transpose()?,
        limits: Limits { workers: arguments.workers, ..Limits::default() },
        replica: replica(),
        log_decisions: arguments.log_decisions,
        traces: arguments.otlp_endpoint.clone(),
    };
    let files = paths(arguments).map(|paths| PolicyFiles { paths });
    match ajj_webhook::run(config, files) {
        Ok(()) => Ok(0),
        Err(RunError::Policies { diagnostics, sources }) => {
            Findings { diagnostics, sources }.tell(ui);
            let error = CommandError::user("the policies do not compile, so nothing is served");
            Err(error.hint("mend what is said above; `ajj policy validate` shows it with snippets"))
        }
        Err(error) => Err(CommandError::user(error.to_string())),
    }
}

/// Where policies stand in files; with a cluster they need not.
fn paths(arguments: &WebhookArguments) -> Option<Vec<String>> {
    match (arguments.policies.as_slice(), arguments.cluster) {
        ([], true) => None,
        ([], false) => Some(vec!["policies".to_owned()]),
        (paths, _) => Some(paths.to_vec()),
    }
}

fn certificate(arguments: &WebhookArguments) -> CertificateSource {
    match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => {
            CertificateSource::Files { certificate: certificate.clone(), key: key.clone() }
        }
        _ if arguments.register => {
            let (service, namespace) = (&arguments.service, namespace(arguments));
            let own =
                ["svc", "svc.cluster.local"].map(|end| format!("{service}.{namespace}.{end}"));
            CertificateSource::Shared(arguments.tls_names.iter().cloned().chain(own).collect())
        }
        _ => CertificateSource::Own(arguments.tls_names.clone()),
    }
}

fn registration(arguments: &WebhookArguments) -> Result<Option<RegistrationConfig>, CommandError> {
    if !arguments.register {
        return Ok(None);
    }
    let is_vouched_for = arguments.ca_bundle.is_some() || arguments.inject_ca_from.is_some();
    if arguments.tls_cert.is_some() && !is_vouched_for {
        let error = CommandError::user("the API server is not told what vouches for `--tls-cert`");
        return Err(error.hint("give `--ca-bundle FILE` or `--inject-ca-from NAMESPACE/NAME`"));
    }
    let ca_bundle = arguments.ca_bundle.as_ref().map(|path| {
        std::fs::read_to_string(path).map_err(|problem| {
            CommandError::user(format!("cannot read `{}`: {problem}", path.display()))
        })
    });
    Ok(Some(RegistrationConfig {
        namespace: namespace(arguments),
        service: arguments.service.clone(),
        url: arguments.url.clone(),
        exempt_namespaces: arguments.exempt_namespaces.iter().cloned().collect(),
        owner: arguments.owner.clone(),
        ca_bundle: ca_bundle.transpose()?,
        inject_from: arguments.inject_ca_from.clone(),
    }))
}

/// Where the webhook is at home.
fn namespace(arguments: &WebhookArguments) -> String {
    let of_pod = || std::env::var("POD_NAMESPACE").ok().filter(|value| !value.is_empty());
    arguments.namespace.clone().or_else(of_pod).unwrap_or_else(|| "ajj".to_owned())
}

/// The Pod's name in a cluster, the machine's elsewhere; ids of decisions begin with it.
fn replica() -> String {
    ["POD_NAME", "HOSTNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| format!("process-{}", std::process::id()))
}

/// Logs to stderr: in JSON where a program reads it.
fn start_log() {
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // It would say on stderr that stderr cannot be written to, and end the thread by that.
        .log_internal_errors(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_target(false);
    match std::io::stderr().is_terminal() {
        true => log.init(),
        false => log.json().flatten_event(true).init(),
    }
}

/// The files that the arguments stand for, looked up anew each time.
struct PolicyFiles {
    paths: Vec<String>,
}

impl Files for PolicyFiles {
    fn stamp(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        for path in load::find_files(&self.paths) {
            path.hash(&mut hash);
            if let Ok(metadata) = std::fs::metadata(&path) {
                metadata.len().hash(&mut hash);
                metadata.modified().ok().hash(&mut hash);
                #[cfg(unix)]
                {
                    use std::os::unix::fs::MetadataExt;
                    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec()).hash(&mut hash);
                }
            }
        }
        hash.finish()
    }

    fn load(&self) -> (Vec<Source>, Vec<Diagnostic>) {
        let Loaded { sources, diagnostics, broken } =
            load::load_policies(&self.paths, std::io::empty());
        (sources.into_iter().chain(broken).collect(), diagnostics)
    }
}
