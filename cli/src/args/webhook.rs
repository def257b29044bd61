//! The flags of `ajj webhook`.

use std::path::PathBuf;
use std::time::Duration;

use ajj_webhook::{Collector, ExceptionsFrom, LogDecisions, ReportApi};
use clap::Args;

use super::{existing, unknown};

const EXAMPLES: &str = "Examples:\n  \
    ajj webhook -p policies/                              with a certificate of its own\n  \
    ajj webhook -p policies/ --tls-cert c.pem --tls-key k.pem\n  \
    ajj webhook --cluster                                 with the cluster's policies, in a Pod of it\n  \
    ajj webhook --cluster --kubeconfig ~/.kube/config     the same from elsewhere\n  \
    ajj webhook --cluster --register --audit              and what is in the cluster already\n\n\
    Serves POST /validate, and GET /readyz, /livez, /healthz, /metrics and /decisions/ID.\n\
    Policies are looked at twice a second; a set that does not compile is not taken, and the one\n\
    before goes on. SIGTERM ends it once what came before is answered.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WebhookArguments {
    /// Policies: a file, a directory or a glob; give it again for more
    /// [default: policies, or none with --cluster]
    #[arg(short, long, value_name = "PATH")]
    pub(crate) policies: Vec<String>,
    /// Enforce the policies of the cluster, and let it answer what rules ask
    #[arg(long)]
    pub(crate) cluster: bool,
    /// How to reach the cluster [default: as a Pod of it]
    #[arg(long, value_name = "FILE", requires = "cluster")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Namespaces whose PolicyExceptions count, or `*` for all [default: none]
    #[arg(long, value_name = "NAME,...", requires = "cluster")]
    pub(crate) exceptions_from: Option<ExceptionsFrom>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    pub(crate) listen: std::net::SocketAddr,
    /// Where to serve metrics and decisions, in place of --listen
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen_metrics: Option<std::net::SocketAddr>,
    /// The certificate to serve with, in PEM; without, one of its own
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Names and addresses that a certificate of its own is for
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        default_value = "localhost,127.0.0.1,::1"
    )]
    pub(crate) tls_names: Vec<String>,
    /// Keep the webhook registered at the API server, for what the policies are about
    #[arg(long, requires = "cluster")]
    pub(crate) register: bool,
    /// The namespace of the webhook, which is never judged [default: $POD_NAMESPACE or ajj]
    #[arg(long, value_name = "NAME", requires = "cluster")]
    pub(crate) namespace: Option<String>,
    /// The Service by which the API server reaches the webhook
    #[arg(long, value_name = "NAME", default_value = "ajj-webhook")]
    pub(crate) service: String,
    /// A URL instead of the Service, for a webhook outside of the cluster
    #[arg(long, value_name = "URL", requires = "register", value_parser = https)]
    pub(crate) url: Option<String>,
    /// Namespaces that are not judged, beside the own one, kube-system and kube-node-lease
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', requires = "register")]
    pub(crate) exempt_namespaces: Vec<String>,
    /// The ClusterRole that the registration belongs to, so that it goes when that is deleted
    #[arg(long, value_name = "NAME", requires = "register")]
    pub(crate) owner: Option<String>,
    /// What vouches for --tls-cert, in PEM, for the registration
    #[arg(long, value_name = "FILE", requires = "tls_cert", requires = "register")]
    pub(crate) ca_bundle: Option<PathBuf>,
    /// The Certificate of cert-manager whose authority it injects into the registration
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        requires = "tls_cert",
        requires = "register",
        conflicts_with = "ca_bundle"
    )]
    pub(crate) inject_ca_from: Option<String>,
    /// Judge what is in the cluster too, in the background, and write reports of it
    #[arg(long, requires = "cluster")]
    pub(crate) audit: bool,
    /// How often the audit judges everything again, such as 30m or 1h
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = existing::interval)]
    pub(crate) audit_interval: Duration,
    /// Which reports the audit writes: auto, openreports, wgpolicy, both or none
    #[arg(long, value_name = "WHICH", default_value = "auto", value_parser = existing::report_api)]
    pub(crate) report_api: ReportApi,
    /// Answer reviews only of clients with a certificate of one of these authorities, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,
    /// Send traces of reviews to this OTLP collector: http://HOST[:PORT][/PATH]
    #[arg(long, value_name = "URL")]
    pub(crate) otlp_endpoint: Option<Collector>,
    /// Threads that answer [default: one a core]
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    pub(crate) workers: usize,
    /// Which decisions to write to stdout: none, findings or all
    #[arg(long, value_name = "WHICH", default_value = "findings", value_parser = log_decisions)]
    pub(crate) log_decisions: LogDecisions,
}

fn https(text: &str) -> Result<String, String> {
    match text.strip_prefix("https://") {
        Some(rest) if !rest.is_empty() && !rest.contains(['?', '#', '@']) => Ok(text.to_owned()),
        _ => Err("expected `https://HOST[:PORT][/PATH]`".to_owned()),
    }
}

fn log_decisions(word: &str) -> Result<LogDecisions, String> {
    match word {
        "none" => Ok(LogDecisions::None),
        "findings" => Ok(LogDecisions::Findings),
        "all" => Ok(LogDecisions::All),
        _ => Err(unknown("word", word, &["none", "findings", "all"])),
    }
}
