//! Calls of services: no token, no redirect, no address that is nobody's business.

use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{FactError, FactKey, Method};
use ajj_facts::LiveOptions;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;

use crate::fixture::{Fixture, failed, options};
use crate::server::{BodyKind, Route, Server};

fn get(url: &str) -> FactKey {
    service(Method::Get, url, "", &[], "")
}

fn service(
    method: Method,
    url: &str,
    body: &str,
    headers: &[(&str, &str)],
    ca_bundle: &str,
) -> FactKey {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    FactKey::Service {
        method,
        url: url.into(),
        body: body.into(),
        headers: headers.collect(),
        ca_bundle: ca_bundle.into(),
    }
}

async fn with_service(options: LiveOptions) -> (Fixture, Server) {
    let fixture = Fixture::ready(options).await;
    let service = Server::start(fixture.control.as_ref().unwrap().handle()).await;
    (fixture, service)
}

#[tokio::test]
async fn a_call_says_what_the_policy_says_and_no_more() {
    let (fixture, server) = with_service(options()).await;
    server.route("/x", Route::json(r#"{"ok":true}"#));
    let url = format!("http://{}/x?a=b", server.address);
    assert_eq!(fixture.ask(&get(&url)).await.as_deref(), Ok(r#"{"ok":true}"#));
    let headers = [("X-Team", "shop"), ("Accept", "text/json")];
    let key = service(Method::Post, &url, r#"{"a":1}"#, &headers, "");
    assert_eq!(fixture.ask(&key).await.as_deref(), Ok(r#"{"ok":true}"#));

    let [first, second] = &server.calls_of("/x")[..] else { panic!("two calls") };
    assert_eq!((&*first.method, &*first.query, &*first.body), ("GET", "a=b", ""));
    assert_eq!(first.headers["host"], server.address.to_string());
    assert_eq!((&*second.method, &*second.body), ("POST", r#"{"a":1}"#));
    assert_eq!(second.headers["content-type"], "application/json");
    assert_eq!(
        (&second.headers["x-team"], &second.headers["accept"]),
        (&"shop".parse().unwrap(), &"text/json".parse().unwrap())
    );
    for call in [first, second] {
        assert!(!call.headers.contains_key("authorization"), "{call:?}");
        assert!(!format!("{call:?}").contains(crate::fixture::TOKEN));
    }
    assert_eq!(fixture.count(|counters| &counters.service_calls), 2);
}

#[tokio::test]
async fn answers_of_services_are_not_kept() {
    let (fixture, server) = with_service(options()).await;
    let url = format!("http://{}/x", server.address);
    for body in ["1", "2"] {
        server.route("/x", Route::json(body));
        assert_eq!(fixture.ask(&get(&url)).await.as_deref(), Ok(body));
    }
}

#[tokio::test]
async fn errors_are_worded_as_kyverno_words_them() {
    let (fixture, server) = with_service(options()).await;
    let url = format!("http://{}/x", server.address);
    for (code, body, expected) in [
        (404, "no such team\n", "HTTP 404 Not Found: no such team"),
        (500, "", "HTTP 500 Internal Server Error"),
        (403, r#"{"message":"not you"}"#, "HTTP 403 Forbidden: not you"),
    ] {
        server.route("/x", Route::status(code, body));
        assert_eq!(failed(fixture.ask(&get(&url)).await), expected);
    }
    server.route("/x", Route::json("<html>"));
    assert!(failed(fixture.ask(&get(&url)).await).starts_with("the answer is no JSON: "));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (fixture, server) = with_service(options()).await;
    let elsewhere = Server::start(fixture.control.as_ref().unwrap().handle()).await;
    let location = Some(format!("http://{}/x", elsewhere.address));
    server.route("/x", Route { location, ..Route::status(302, "") });
    let url = format!("http://{}/x", server.address);
    assert_eq!(failed(fixture.ask(&get(&url)).await), "HTTP 302 Found");
    assert_eq!(elsewhere.calls().len(), 0);
}

#[tokio::test]
async fn time_and_size_are_bounded() {
    let bounds = LiveOptions {
        max_service_response_bytes: 1_000,
        call_timeout: Duration::from_millis(200),
        ..options()
    };
    let (fixture, server) = with_service(bounds).await;
    let url = format!("http://{}/x", server.address);
    let long = format!("\"{}\"", "x".repeat(2_000));
    for body_kind in [BodyKind::Whole, BodyKind::Chunked] {
        server.route("/x", Route { body_kind, ..Route::json(&long) });
        let message = failed(fixture.ask(&get(&url)).await);
        assert_eq!(message, "the answer is larger than 1000 bytes");
    }
    server.route("/x", Route { body_kind: BodyKind::Stuck, ..Route::json("[1,2]") });
    assert_eq!(fixture.ask(&get(&url)).await, Err(FactError::Timeout));
    server.route("/x", Route { body_kind: BodyKind::Crash, ..Route::json("[1,2]") });
    failed(fixture.ask(&get(&url)).await);
}

#[tokio::test]
async fn addresses_of_metadata_and_of_oneself_are_refused() {
    let (fixture, server) =
        with_service(LiveOptions { loopback_services: false, ..options() }).await;
    server.route("/x", Route::json("{}"));
    let port = server.address.port();
    for host in [
        // The last ones are 127.0.0.1 in other words, as a name's answer could have it.
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "[::]",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "2130706433",
        "127.1",
        "0x7f000001",
        "017700000001",
    ] {
        let message = failed(fixture.ask(&get(&format!("http://{host}:{port}/x"))).await);
        assert!(message.contains(" may not be called: "), "{host}: {message}");
    }
    assert_eq!(server.calls().len(), 0);
    assert_eq!(fixture.count(|counters| &counters.service_calls), 0);
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let (fixture, server) = with_service(options()).await;
    let host = server.address;
    for url in ["", "/x", "ftp://a.test/", "file:///etc/passwd", &format!("http://u:p@{host}/x")] {
        failed(fixture.ask(&get(url)).await);
    }
    let url = format!("http://{host}/x");
    for (name, value) in [
        ("Host", "else.test"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "upgrade"),
        ("a b", "c"),
        ("x", "a\r\nb: c"),
    ] {
        let key = service(Method::Get, &url, "", &[(name, value)], "");
        assert!(failed(fixture.ask(&key).await).contains("header"), "{name}");
    }
    assert_eq!(server.calls().len(), 0);
}

#[tokio::test]
async fn a_service_is_who_the_bundle_says() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let tls = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let fixture = Fixture::ready(options()).await;
    let control = fixture.control.as_ref().unwrap().handle();
    let server = Server::start_with(control, Some(tls)).await;
    server.route("/x", Route::json("[1]"));
    let port = server.address.port();
    let url = format!("https://localhost:{port}/x");
    let bundle = cert.pem();

    let key = service(Method::Get, &url, "", &[], &bundle);
    assert_eq!(fixture.ask(&key).await.as_deref(), Ok("[1]"));
    assert_eq!(server.calls().len(), 1);

    let other = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem();
    for (url, bundle) in [
        // Another authority, another name, the system's authorities, none at all.
        (&url, other.as_str()),
        (&format!("https://127.0.0.1:{port}/x"), bundle.as_str()),
        (&url, ""),
        (&url, "no certificate"),
        (&url, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        failed(fixture.ask(&service(Method::Get, url, "", &[], bundle)).await);
    }
    assert_eq!(server.calls().len(), 1);
}
