//! What tests of the webhook ask, and of what: folders, policies, reviews, certificates.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

use crate::served::{Served, post};

/// A folder of one test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ajj-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Puts a file there whole: nobody sees a part of it.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let (path, aside) = (self.0.join(name), self.0.join(format!("{name}.new")));
        std::fs::write(&aside, text).unwrap();
        std::fs::rename(aside, &path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A policy that denies Pods with another value of `spec.hostNetwork`.
pub(crate) fn policy(host_network: bool) -> String {
    format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: network}}\nspec:\n  rules:\n  \
         - name: host-network\n    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}\n    validate:\n      \
         failureAction: Enforce\n      message: not so\n      pattern: {{spec: {{hostNetwork: \
         {host_network}}}}}\n"
    )
}

#[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
pub(crate) fn review(uid: &str, spec: Value) -> Vec<u8> {
    let review = json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
            "uid": uid, "operation": "CREATE", "name": "web-0", "namespace": "shop",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "userInfo": {"username": "alice"}, "dryRun": false, "oldObject": null,
            "object": {"kind": "Pod", "apiVersion": "v1",
                "metadata": {"name": "web-0", "namespace": "shop"}, "spec": spec}}});
    serde_json::to_vec(&review).unwrap()
}

/// A webhook with the policy that wants `hostNetwork: false`.
pub(crate) fn serve(folder: &Folder, arguments: &[&str]) -> Served {
    let policies = folder.write("policies.yaml", &policy(false));
    let arguments = [&["-p", policies.to_str().unwrap()], arguments].concat();
    Served::start(&folder.0, &arguments, None)
}

pub(crate) fn is_allowed(served: &Served, host_network: bool) -> bool {
    let review = review("u1", json!({"hostNetwork": host_network}));
    served.post("/validate?timeout=5s", &review).json()["response"]["allowed"].as_bool().unwrap()
}

/// An authority, and a certificate of it for localhost.
pub(crate) fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn pair(issuer: &CertifiedIssuer<'_, KeyPair>) -> (String, String) {
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
}

/// Stops what goes on beside a test when the test ends, be it by a panic.
pub(crate) struct Stopping<'s>(pub(crate) &'s AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Asks for the first and the second verdict in turn, over connections that are kept, until `stop`;
/// each answer is for the review that was sent. Hands back what was asked and answered.
pub(crate) fn keep_asking(
    served: &Served,
    clients: usize,
    stop: &AtomicBool,
    check: impl Fn(bool, bool) + Sync,
) -> Vec<(String, bool)> {
    let (check, next) = (&check, &AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let ask = move || {
            let mut answers = Vec::new();
            let mut connection = served.connect();
            while !stop.load(Ordering::SeqCst) {
                let number = next.fetch_add(1, Ordering::SeqCst);
                let (uid, host_network) = (format!("asked-{number}"), number.is_multiple_of(2));
                let review = review(&uid, json!({"hostNetwork": host_network}));
                let answer = post(&mut connection, "/validate", &review).unwrap().json();
                let response = &answer["response"];
                assert_eq!(response["uid"], uid);
                let allowed = response["allowed"].as_bool().unwrap();
                check(host_network, allowed);
                answers.push((uid, allowed));
            }
            answers
        };
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(ask)).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}
