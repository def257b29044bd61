//! `ajj webhook` as a client sees it: real connections, real certificates, real signals.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rcgen::{CertifiedIssuer, KeyPair};
use serde_json::{Value, json};

use crate::admission::{Folder, authority, is_allowed, pair, policy, review, serve};
use crate::served::{Served, client, eventually, post, reply};
use crate::support::ajj_in;

#[test]
fn a_review_is_answered_the_same_over_both_protocols() {
    let folder = Folder::new("protocols");
    let served = serve(&folder, &[]);
    for host_network in [true, false] {
        let review = review("u1", json!({"hostNetwork": host_network}));
        let first = served.post("/validate?timeout=5s", &review);
        assert_eq!(first.json()["response"]["allowed"], json!(!host_network));
        assert_eq!(first.json()["response"]["uid"], "u1");
        assert_eq!(over_http2(&served, &review), first.body);
        // One connection carries many.
        let mut connection = served.connect();
        for _ in 0..50 {
            assert_eq!(post(&mut connection, "/validate", &review).unwrap().body, first.body);
        }
    }
}

/// Sends a review many times over one HTTP/2 connection, and hands back the answer that all are.
fn over_http2(served: &Served, review: &[u8]) -> Vec<u8> {
    use http_body_util::{BodyExt, Full};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let mut config = client(&served.authority);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(served.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let stream = TokioIo::new(connector.connect(name, stream).await.unwrap());
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
        let (sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let request = hyper::Request::post("https://localhost/validate?timeout=5s")
                .header("content-type", "application/json")
                .body(Full::<bytes::Bytes>::from(review.to_vec()))
                .unwrap();
            let mut sender = sender.clone();
            asked.spawn(async move {
                let response = sender.send_request(request).await.unwrap();
                assert_eq!(response.status(), 200);
                response.into_body().collect().await.unwrap().to_bytes()
            });
        }
        let mut answers = asked.join_all().await;
        answers.dedup();
        assert_eq!(answers.len(), 1);
        answers.remove(0).to_vec()
    })
}

#[test]
fn what_is_no_review_is_refused_and_harms_nobody() {
    let folder = Folder::new("bad");
    let served = serve(&folder, &[]);
    let good = review("u1", json!({"hostNetwork": false}));
    let length = good.len();
    let json = "Content-Type: application/json\r\n";
    let body = String::from_utf8(good.clone()).unwrap();
    for (name, request, status) in [
        (
            "a body that is no JSON",
            format!("POST /validate HTTP/1.1\r\nHost: a\r\n{json}Content-Length: 1\r\n\r\nx"),
            400,
        ),
        (
            "no body",
            format!("POST /validate HTTP/1.1\r\nHost: a\r\n{json}Content-Length: 0\r\n\r\n"),
            400,
        ),
        (
            "protobuf",
            format!(
                "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/vnd.kubernetes.protobuf\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
            415,
        ),
        (
            "no type",
            format!("POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"),
            415,
        ),
        (
            "gzip",
            format!(
                "POST /validate HTTP/1.1\r\nHost: a\r\n{json}Content-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
            415,
        ),
        ("another method", "GET /validate HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 405),
        (
            "another path",
            format!(
                "POST /mutate HTTP/1.1\r\nHost: a\r\n{json}Content-Length: {length}\r\n\r\n{body}"
            ),
            404,
        ),
        (
            "two slashes",
            format!(
                "POST //validate HTTP/1.1\r\nHost: a\r\n{json}Content-Length: {length}\r\n\r\n{body}"
            ),
            404,
        ),
        (
            "an encoded slash",
            format!(
                "POST /%2fvalidate HTTP/1.1\r\nHost: a\r\n{json}Content-Length: {length}\r\n\r\n{body}"
            ),
            404,
        ),
        (
            "a length beyond all",
            format!(
                "POST /validate HTTP/1.1\r\nHost: a\r\n{json}Content-Length: 99999999999\r\n\r\n"
            ),
            413,
        ),
        (
            "a length that is none",
            format!("POST /validate HTTP/1.1\r\nHost: a\r\n{json}Content-Length: 1x\r\n\r\n"),
            400,
        ),
        (
            "two lengths",
            format!(
                "POST /validate HTTP/1.1\r\nHost: a\r\n{json}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"
            ),
            400,
        ),
        (
            "a head beyond all",
            format!("POST /validate HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)),
            431,
        ),
        ("no HTTP", "hello\r\n\r\n".to_owned(), 400),
        // Chunks without a length are fine, if slower.
        (
            "chunks",
            format!(
                "POST /validate HTTP/1.1\r\nHost: a\r\n{json}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
            ),
            200,
        ),
    ] {
        let mut connection = served.connect();
        // The server may answer, and close, before it has read all.
        let _ = connection.write_all(request.as_bytes());
        match reply(&mut connection) {
            Ok(reply) => assert_eq!(reply.status, status, "{name}: {}", reply.text()),
            // What is not even HTTP may end without an answer, and an answer to what was not read
            // to its end may be lost.
            Err(problem) => assert!([400, 431].contains(&status), "{name}: {problem}"),
        }
    }
    for timeout in ["", "?timeout=", "?timeout=0", "?timeout=soon", "?timeout=99999h", "?a=b&c"] {
        let reply = served.post(&format!("/validate{timeout}"), &good);
        assert_eq!(reply.json()["response"]["allowed"], true, "{timeout}");
    }
    assert!(is_allowed(&served, false) && !is_allowed(&served, true));
}

#[test]
fn large_and_deep_objects_are_judged() {
    let folder = Folder::new("large");
    let served = serve(&folder, &[]);
    let containers: Vec<Value> =
        (0..90_000).map(|number| json!({"name": format!("c{number}"), "image": "i"})).collect();
    let denied = review("u1", json!({"hostNetwork": true, "containers": containers}));
    assert!(denied.len() > 2 << 20);
    assert_eq!(served.post("/validate", &denied).json()["response"]["allowed"], false);
    let text = String::from_utf8(review("u1", json!({"hostNetwork": true, "x": 0}))).unwrap();
    for (open, close, depth) in [("[", "]", 9_900), ("{\"a\":", "}", 9_900)] {
        let deep = format!("\"x\":{}1{}", open.repeat(depth), close.repeat(depth));
        let deep = text.replace("\"x\":0", &deep);
        let reply = served.post("/validate", deep.as_bytes());
        assert_eq!(reply.json()["response"]["allowed"], false);
    }
    let deeper = text.replace("\"x\":0", &format!("\"x\":{}", "[".repeat(1_000_000)));
    assert_eq!(served.post("/validate", deeper.as_bytes()).status, 400);
}

#[test]
fn a_changed_policy_takes_effect_and_a_broken_one_does_not() {
    let folder = Folder::new("policies");
    let served = serve(&folder, &[]);
    assert!(is_allowed(&served, false) && !is_allowed(&served, true));
    folder.write("policies.yaml", &policy(true));
    eventually(|| is_allowed(&served, true).then_some(()));
    assert!(!is_allowed(&served, false));

    folder.write("policies.yaml", &policy(false).replace("pattern:", "patern:"));
    eventually(|| (served.metric("ajj_policies_stale") == 1.0).then_some(()));
    assert!(is_allowed(&served, true) && !is_allowed(&served, false));
    assert_eq!(served.get("/readyz").status, 200);
    let said = eventually(|| served.log.find("unknown-field"));
    assert!(said.contains("policies.yaml:11:7"), "{said}");

    folder.write("policies.yaml", &policy(false));
    eventually(|| is_allowed(&served, false).then_some(()));
    assert_eq!(served.metric("ajj_policies_stale"), 0.0);
    assert_eq!(served.metric("ajj_policies_replaced_total"), 3.0);
    assert_eq!(served.metric("ajj_policies_refused_total"), 1.0);
}

#[test]
fn policies_that_do_not_compile_end_it_at_the_start() {
    let folder = Folder::new("broken");
    folder.write("policies.yaml", &policy(false).replace("pattern:", "patern:"));
    let path = folder.0.join("policies.yaml");
    let run = ajj_in("validate", &format!("webhook --listen 127.0.0.1:0 -p {}", path.display()));
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("policies.yaml:11:7: error[unknown-field]"), "{}", run.stderr);
    assert!(run.stderr.contains("nothing is served"), "{}", run.stderr);
}

#[test]
fn rules_that_ask_for_roles_end_it_at_the_start_where_nobody_knows_roles() {
    let folder = Folder::new("roles");
    let asks = policy(false).replace("any: [{", "any: [{clusterRoles: [admin], ");
    folder.write("policies.yaml", &asks);
    let path = folder.0.join("policies.yaml");
    let run = ajj_in("validate", &format!("webhook --listen 127.0.0.1:0 -p {}", path.display()));
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("error[roles-need-cluster]"), "{}", run.stderr);
}

#[test]
fn without_a_way_to_the_cluster_it_does_not_start() {
    let folder = Folder::new("no-cluster");
    let path = folder.write("kubeconfig", "not: [a, kubeconfig");
    let arguments =
        format!("webhook --listen 127.0.0.1:0 --cluster --kubeconfig {}", path.display());
    let run = ajj_in("validate", &arguments);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("the kubeconfig `"), "{}", run.stderr);
    let run = ajj_in("validate", "webhook --kubeconfig file");
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("--cluster"), "{}", run.stderr);
}

#[test]
fn before_the_cluster_is_heard_nothing_is_judged_but_policies_are_checked() {
    let folder = Folder::new("unheard");
    // Nobody listens at this port, which only the administrator could take.
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    });
    let path = folder.write("kubeconfig", &kubeconfig.to_string());
    let served = serve(&folder, &["--cluster", "--kubeconfig", path.to_str().unwrap()]);
    eventually(|| (served.metric("ajj_cluster_trouble") == 1.0).then_some(()));
    assert_eq!(served.get("/readyz").status, 503);
    assert_eq!(served.metric("ajj_cluster_listed"), 0.0);
    let judged = served.post("/validate", &review("u1", json!({"hostNetwork": false})));
    assert_eq!(judged.status, 503, "{}", judged.text());

    let check = |patterns: &str| {
        let review = json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "u2",
                "operation": "CREATE",
                "name": "p",
                "kind": {"group": "kyverno.io", "version": "v1", "kind": "ClusterPolicy"},
                "resource": {"group": "kyverno.io", "version": "v1", "resource": "clusterpolicies"},
                "object": {
                    "apiVersion": "kyverno.io/v1",
                    "kind": "ClusterPolicy",
                    "metadata": {"name": "p"},
                    "spec": {"rules": [{
                        "name": "r",
                        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
                        "validate": {"message": "m", patterns: {"spec": {"hostNetwork": false}}},
                    }]},
                },
            },
        });
        served.post("/validate/policies", review.to_string().as_bytes()).json()
    };
    assert_eq!(check("pattern")["response"]["allowed"], true);
    let refused = check("patern");
    assert_eq!(refused["response"]["allowed"], false);
    assert_eq!(refused["response"]["status"]["code"], 403);
    assert_eq!(
        refused["response"]["status"]["details"]["causes"][0]["field"],
        "spec.rules[0].validate"
    );
    // What is no policy is not let through unread.
    let other = served.post("/validate/policies", &review("u3", json!({})));
    assert_eq!(other.status, 400, "{}", other.text());
}

#[test]
fn a_decision_is_logged_found_by_its_id_and_replayed_to_the_byte() {
    let folder = Folder::new("decisions");
    let served = serve(&folder, &["--log-decisions", "all"]);
    for (uid, host_network) in [("denied", true), ("allowed", false)] {
        let review = review(uid, json!({"hostNetwork": host_network}));
        let answer = served.post("/validate", &review).json();
        let line = eventually(|| served.decisions.find(&format!("\"uid\":\"{uid}\"")));
        let line: Value = serde_json::from_str(&line).unwrap();
        folder.write("review.json", std::str::from_utf8(&review).unwrap());
        let run = ajj_in(
            "validate",
            &format!(
                "policy replay --verbose -p {0}/policies.yaml {0}/review.json",
                folder.0.display()
            ),
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
        let replayed: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(line["decision"].to_string(), replayed["decision"].to_string());
        assert_eq!(line["user"], "alice");
        assert_eq!(answer["response"]["allowed"], replayed["response"]["allowed"]);
        let id = line["id"].as_str().unwrap();
        let found = served.get(&format!("/decisions/{}", id.to_lowercase()));
        if host_network {
            assert_eq!(found.json(), line);
            let message = answer["response"]["status"]["message"].as_str().unwrap();
            assert!(message.contains(&format!("[decision {id}]")), "{message}");
        } else {
            // Only denials are remembered.
            assert_eq!(found.status, 404);
        }
    }
    assert_eq!(served.get("/decisions/nonsense").status, 400);
    assert!(served.get("/decisions/000000000000").text().contains("another replica"));
}

#[test]
fn certificates_are_replaced_and_connections_go_on() {
    let folder = Folder::new("certificates");
    let (old, new) = (authority("old"), authority("new"));
    let install = |issuer: &CertifiedIssuer<'_, KeyPair>| {
        let (certificate, key) = pair(issuer);
        folder.write("key.pem", &key);
        folder.write("cert.pem", &certificate);
    };
    install(&old);
    let policies = folder.write("policies.yaml", &policy(false));
    let arguments =
        ["-p", policies.to_str().unwrap(), "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let served = Served::start(&folder.0, &arguments, Some(old.pem().into_bytes()));
    let review = review("u1", json!({"hostNetwork": false}));
    let mut kept = served.connect();
    assert_eq!(post(&mut kept, "/validate", &review).unwrap().status, 200);

    install(&new);
    let mut fresh = eventually(|| served.try_connect(client(new.pem().as_bytes())).ok());
    assert_eq!(post(&mut fresh, "/validate", &review).unwrap().status, 200);
    assert!(served.try_connect(client(old.pem().as_bytes())).is_err());
    // The connection that was there before goes on with what it was opened with.
    assert_eq!(post(&mut kept, "/validate", &review).unwrap().status, 200);

    // A key that does not belong to the certificate is not taken.
    folder.write("key.pem", &KeyPair::generate().unwrap().serialize_pem());
    eventually(|| served.log.find("certificate refused"));
    assert!(served.try_connect(client(new.pem().as_bytes())).is_ok());
}

#[test]
fn only_clients_with_a_certificate_are_answered_where_that_is_asked() {
    let folder = Folder::new("clients");
    let clients = authority("clients");
    folder.write("clients.pem", &clients.pem());
    let served = serve(&folder, &["--client-ca", "clients.pem"]);
    let review = review("u1", json!({"hostNetwork": false}));
    assert_eq!(served.post("/validate", &review).status, 401);
    // Probes have none.
    assert_eq!(served.get("/readyz").status, 200);
    let with = |issuer: &CertifiedIssuer<'_, KeyPair>| {
        use rustls::pki_types::pem::PemObject;
        let (certificate, key) = pair(issuer);
        let chain = vec![
            rustls::pki_types::CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap(),
        ];
        let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        let authority = &served.authority;
        roots.add(rustls::pki_types::CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap()
    };
    let mut known = served.try_connect(with(&clients)).unwrap();
    assert_eq!(post(&mut known, "/validate", &review).unwrap().status, 200);
    let stranger = served.try_connect(with(&authority("strangers")));
    let refused = stranger.and_then(|mut stranger| post(&mut stranger, "/validate", &review));
    assert!(refused.is_err(), "{refused:?}");
}

#[test]
fn told_to_end_it_answers_all_that_came() {
    let folder = Folder::new("end");
    let served = serve(&folder, &[]);
    let review = review("u1", json!({"hostNetwork": true}));
    let ended = AtomicBool::new(false);
    let answered: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut answered = 0;
                    // Each asks until it is asked to go elsewhere, and retries nothing.
                    let mut connection = served.connect();
                    loop {
                        let reply = post(&mut connection, "/validate", &review).unwrap();
                        assert_eq!(reply.json()["response"]["allowed"], false);
                        answered += 1;
                        if reply.head.contains("connection: close") {
                            assert!(ended.load(Ordering::SeqCst), "closed before the end");
                            return answered;
                        }
                    }
                })
            })
            .collect();
        eventually(|| {
            let text = served.get("/metrics").text();
            text.contains("operation=\"create\",decision=\"denied\"} 0").eq(&false).then_some(())
        });
        ended.store(true, Ordering::SeqCst);
        served.terminate();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert!(answered >= 8);
    assert_eq!(served.wait(), 0);
}

#[test]
fn slow_and_silent_clients_do_not_keep_others_waiting() {
    let folder = Folder::new("slow");
    let served = serve(&folder, &["--workers", "1"]);
    let mut held = Vec::new();
    for number in 0..50_u32 {
        // Some never begin the handshake, some the request, some never end its body.
        if number.is_multiple_of(3) {
            held.push(
                Box::new(std::net::TcpStream::connect(served.address).unwrap()) as Box<dyn Read>
            );
            continue;
        }
        let mut connection = served.connect();
        if number % 3 == 1 {
            let head = "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
            connection.write_all(head.as_bytes()).unwrap();
            connection.flush().unwrap();
        }
        held.push(Box::new(connection));
    }
    assert!(is_allowed(&served, false) && !is_allowed(&served, true));
    assert!(served.metric("ajj_connections") >= 33.0);
}

#[test]
fn the_help_names_what_is_served() {
    let run = ajj_in("validate", "webhook --help");
    assert_eq!(run.code, 0);
    for word in [
        "/validate",
        "/readyz",
        "--tls-cert",
        "--listen",
        "0.0.0.0:8443",
        "SIGTERM",
        "--cluster",
        "--kubeconfig",
    ] {
        assert!(run.stdout.contains(word), "`{word}` is missing in\n{}", run.stdout);
    }
}
