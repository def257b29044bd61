//! The chart before a real API server: its objects are taken, and what it starts may do what it does.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use ajj_e2e::{ControlPlane, Controllers, Programs, eventually};
use ajj_engine::{Limits, parse_yaml};
use serde_json::{Value, json};

use crate::support::{BOUND, plane};
use crate::webhook_cluster::served::PROGRAM;
use crate::webhook_register::{Cluster, DRY_RUN, bad, config_map};

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

static PROGRAMS: LazyLock<Programs> = LazyLock::new(|| Programs::find().unwrap());

/// Renders the chart with values: `a=b`.
pub(crate) fn render(values: &[&str]) -> Result<String, String> {
    let chart = format!("{ROOT}/charts/ajj");
    let mut command = Command::new(PROGRAMS.path("helm"));
    command.args(["template", "ajj", &chart, "--namespace", "ajj", "--kube-version", "1.36.0"]);
    for value in values {
        command.args(["--set", value]);
    }
    let rendered = command.output().unwrap();
    match rendered.status.success() {
        true => Ok(String::from_utf8(rendered.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&rendered.stderr).into_owned()),
    }
}

const VARIANTS: [&[&str]; 5] = [
    &[],
    &[
        "certificates.from=secret",
        "certificates.secretName=tls",
        "image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "podLabels.team=platform",
        "podAnnotations.note=text",
        "serviceAccount.annotations.note=text",
        "imagePullSecrets[0].name=registry",
    ],
    &[
        "certificates.from=certManager",
        "certificates.issuerRef.name=ca",
        "exemptNamespaces={cni,csi}",
        "exceptionsFrom={platform,security}",
        "nodeSelector.disk=ssd",
        "tolerations[0].operator=Exists",
        "extraArgs={--log-decisions=all}",
        "otlpEndpoint=http://otel.monitoring:4318",
    ],
    &[
        "replicas=1",
        "metrics.serviceMonitor.enabled=true",
        "metrics.serviceMonitor.labels.release=monitoring",
        "metrics.prometheusRule.enabled=true",
        "metrics.prometheusRule.labels.release=monitoring",
        "metrics.dashboard.enabled=true",
        "networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.a=b",
    ],
    &[
        "crds.install=false",
        "rbac.create=false",
        "serviceAccount.create=false",
        "serviceAccount.name=other",
        "podDisruptionBudget.enabled=false",
        "networkPolicy.enabled=false",
    ],
];

#[test]
fn our_own_policies_find_nothing_in_it() {
    for values in VARIANTS {
        let mut judging = Command::new(&*PROGRAM)
            .args([
                "policy",
                "validate",
                "--policies",
                &format!("{ROOT}/policies"),
                "-o",
                "json",
                "-",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = judging.stdin.take().unwrap();
        input.write_all(render(values).unwrap().as_bytes()).unwrap();
        drop(input);
        let judged = judging.wait_with_output().unwrap();
        let report: Value = serde_json::from_slice(&judged.stdout).unwrap();
        assert_eq!(judged.status.code(), Some(0), "{values:?}: {report:#}");
        assert!(report["summary"]["evaluated"].as_u64().unwrap() > 0);
    }
}

#[test]
fn values_that_mean_nothing_are_refused() {
    for value in [
        "replica=2",
        "image.tag=latest",
        "certificates.from=elsewhere",
        "workers=-1",
        "otlpEndpoint=ftp://a",
        "exceptionsFrom={A}",
    ] {
        let said = render(&[value]).unwrap_err();
        assert!(said.contains("values don't meet the specifications"), "{value}: {said}");
    }
    for (value, missing) in [
        ("certificates.from=secret", "certificates.secretName"),
        ("certificates.from=certManager", "certificates.issuerRef.name"),
    ] {
        let said = render(&[value]).unwrap_err();
        assert!(said.contains(missing), "{value}: {said}");
    }
}

/// The rules of the chart's network policy: port, and who may reach it; nobody where everybody may.
fn ingress(values: &[&str]) -> Vec<(String, Vec<Value>)> {
    let rendered = render(values).unwrap();
    let is_it = |document: &&str| document.contains("\nkind: NetworkPolicy\n");
    let document = rendered.split("\n---\n").find(is_it).unwrap();
    let read = parse_yaml(document.to_owned(), &Limits::default()).unwrap();
    let policy: Value = serde_json::from_str(&read.root().to_json()).unwrap();
    let rules = policy["spec"]["ingress"].as_array().unwrap().iter();
    let rule = |rule: &Value| {
        let port = rule["ports"][0]["port"].as_str().unwrap().to_owned();
        assert_eq!(rule["ports"].as_array().unwrap().len(), 1);
        (port, rule["from"].as_array().cloned().unwrap_or_default())
    };
    rules.map(rule).collect()
}

#[test]
fn everybody_may_send_reviews_and_who_is_named_may_scrape() {
    let own = json!({"podSelector": {"matchLabels": {
        "app.kubernetes.io/name": "ajj",
        "app.kubernetes.io/instance": "ajj",
        "app.kubernetes.io/component": "webhook",
    }}});
    let every_pod = json!({"namespaceSelector": {}});
    let monitoring = json!({"namespaceSelector": {"matchLabels": {"team": "monitoring"}}});
    let named = "networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.team=monitoring";
    for (values, scrapers) in [
        (&[][..], vec![own.clone(), every_pod]),
        (&[named][..], vec![own.clone(), monitoring]),
        (&["networkPolicy.metricsFrom=null"][..], vec![own]),
    ] {
        let rules = [("https".to_owned(), vec![]), ("metrics".to_owned(), scrapers)];
        assert_eq!(ingress(values), rules, "{values:?}");
    }
}

#[test]
fn an_api_server_takes_every_object_of_it_without_a_warning() {
    let namespace = "chart-variants";
    plane().create_namespace(namespace).unwrap();
    let arguments = "apply --server-side --force-conflicts --dry-run=server --validate=strict";
    let arguments: Vec<&str> =
        arguments.split(' ').chain(["--namespace", namespace, "-f", "-"]).collect();
    for values in VARIANTS {
        // The kinds of operators are not served here.
        let manifest =
            render(values).unwrap().replace("namespace: ajj", "namespace: chart-variants");
        let foreign = ["apiVersion: monitoring.coreos.com/", "apiVersion: cert-manager.io/"];
        let (left_out, known): (Vec<&str>, Vec<&str>) = manifest
            .split("\n---\n")
            .partition(|document| foreign.iter().any(|foreign| document.contains(foreign)));
        assert!(left_out.len() <= 2, "{left_out:?}");
        let taken = plane().kubectl(&arguments, &known.join("\n---\n")).unwrap();
        assert_eq!((taken.code, taken.stderr.as_str()), (0, ""), "{values:?}: {taken:?}");
        assert_eq!(taken.stdout.lines().count(), known.len(), "{values:?}: {taken:?}");
    }
}

/// The arguments that the installed chart gives, as kubelet would.
pub(crate) fn arguments(plane: &ControlPlane) -> Vec<String> {
    let deployment = ["get", "deployment", "ajj", "--namespace", "ajj", "--output", "json"];
    let deployment = plane.kubectl(&deployment, "").unwrap().json().unwrap();
    let arguments = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
    let arguments = arguments.as_array().unwrap().iter();
    arguments.map(|one| one.as_str().unwrap().replace("$(POD_NAMESPACE)", "ajj")).collect()
}

/// A kubeconfig with a token of the chart's ServiceAccount.
pub(crate) fn account(plane: &ControlPlane) -> std::path::PathBuf {
    let token = plane.kubectl(&["create", "token", "ajj", "--namespace", "ajj"], "").unwrap();
    plane.write_kubeconfig("chart", token.succeeded().unwrap().trim()).unwrap()
}

#[test]
fn what_it_starts_may_do_what_it_does() {
    let cluster = Cluster::bare();
    let applied = cluster.kubectl_with("apply --namespace ajj -f -", &render(&[]).unwrap());
    assert_eq!(applied.code, 0, "{applied:?}");
    // The kinds are served a moment after they are defined.
    for kind in ["clusterpolicies", "policies", "policyexceptions", "globalcontextentries"] {
        let none = "No resources found";
        cluster.until_said(&format!("get {kind}.kyverno.io --all-namespaces"), "", none);
        let described = cluster.kubectl(&format!("get crd {kind}.kyverno.io --output json"));
        let conditions = described.json().unwrap()["status"]["conditions"].clone();
        let structural =
            conditions.as_array().unwrap().iter().all(|one| one["type"] != "NonStructuralSchema");
        assert!(structural, "{conditions}");
    }
    let account: &Path = &account(&cluster.plane);
    cluster.replicas.start_as_told(account, &arguments(&cluster.plane));

    cluster.apply(&bad("bad", "Fail", json!(["ConfigMap"])));
    cluster.until_said(DRY_RUN, &config_map("probe", "shop", true), "it is bad");
    // The status was written, the registration is watched, the Secret is ours.
    let ready =
        "get clusterpolicy bad --output jsonpath={.status.conditions[?(@.type=='Ready')].status}";
    cluster.until_said(ready, "", "True");
    let deleted = cluster.kubectl("delete validatingwebhookconfiguration ajj");
    assert_eq!(deleted.code, 0, "{deleted:?}");
    let registered = "validatingwebhookconfiguration.admissionregistration.k8s.io/ajj";
    cluster.until_said("get validatingwebhookconfiguration ajj --output name", "", registered);
    let asked = "annotate secret ajj-webhook-ca ajj.dev/rotate=now --namespace ajj";
    assert_eq!(cluster.kubectl(asked).code, 0);
    let secret = "get secret ajj-webhook-ca --namespace ajj --output json";
    let followed = eventually(BOUND, || {
        let found = cluster.kubectl(secret).json().unwrap_or_default();
        if found["data"]["next-ca.crt"].is_string() { Ok(()) } else { Err(cluster.replicas.logs()) }
    });
    followed.unwrap();
    let logs = cluster.replicas.logs().to_lowercase();
    assert!(!logs.contains("forbidden"), "{logs}");
}

#[test]
fn a_release_that_goes_takes_the_registration_along() {
    let cluster = Cluster::with(Controllers::Running);
    let helm = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        cluster.plane.helm(&arguments).unwrap().succeeded().unwrap()
    };
    helm(&format!("install ajj {ROOT}/charts/ajj --namespace ajj"));
    let account = account(&cluster.plane);
    cluster.replicas.start_as_told(&account, &arguments(&cluster.plane));
    cluster.apply(&bad("bad", "Fail", json!(["ConfigMap"])));
    cluster.until_said(DRY_RUN, &config_map("probe", "shop", true), "it is bad");
    let role = cluster.kubectl("get clusterrole ajj --output json").json().unwrap();
    for written in ["validatingwebhookconfiguration ajj", "secret ajj-webhook-ca --namespace ajj"] {
        let written = cluster.kubectl(&format!("get {written} --output json")).json().unwrap();
        let owners = &written["metadata"]["ownerReferences"];
        assert_eq!(owners.as_array().unwrap().len(), 1, "{owners}");
        assert_eq!(owners[0]["uid"], role["metadata"]["uid"]);
    }

    // The Pods that Helm would end are ours to end, in the middle of whatever they do.
    helm("uninstall ajj --namespace ajj");
    cluster.replicas.kill();
    let name = "secrets/ajj-webhook-ca validatingwebhookconfigurations/ajj";
    let gone = eventually(BOUND, || {
        let seen = cluster.kubectl(&format!("get {name} --namespace ajj --ignore-not-found"));
        if (seen.code, seen.stdout.as_str()) == (0, "") { Ok(()) } else { Err(seen) }
    });
    gone.unwrap();
    let created = cluster.kubectl_with("create -f -", &config_map("late", "shop", true));
    assert_eq!(created.code, 0, "{created:?}");
    // Policies are not the release's to take away.
    let policy = cluster.kubectl("get clusterpolicy bad --output name");
    assert_eq!(policy.stdout, "clusterpolicy.kyverno.io/bad\n", "{policy:?}");
}
