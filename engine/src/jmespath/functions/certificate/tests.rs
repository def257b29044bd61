use super::super::super::{Budget, Expression, Scope};
use crate::facts::Facts;
use crate::jmespath::arena::Arena;
use crate::value::Value;

/// Self-signed, made with openssl: `/CN=x`, 1024 bits.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIB9DCCAV2gAwIBAgIUMQYRVYFTTqKWVcra49vjYU3+/AMwDQYJKoZIhvcNAQEL
BQAwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjEwOTQzMjNaFw0yNjExMjIwOTQzMjNa
MAwxCjAIBgNVBAMMAXgwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBANRANPNS
A79/7ofRn6t+iuZZI4MvE2viU67Wk5k0cEHuxVQjh0IaXVGmOiM662Mjtaxibc1y
RbqkloxPSyukjTXbpQOsOdZ1+gyO7vNTzBGXgVZ2tktovxPI/G9/KWAjOqtxXQUK
emt613SL4pJxZuATME3//2kgBlyMC7D9zSYvAgMBAAGjUzBRMB0GA1UdDgQWBBTQ
73q8rlxZDzMRe8ARYB2NKgu+1DAfBgNVHSMEGDAWgBTQ73q8rlxZDzMRe8ARYB2N
Kgu+1DAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4GBAHHvtItz8sq/
Rcfva+FEwKD+HAVwqXZpRtRdZaYXbUqBsjoVTG+V5KOsx60DBjHY0T3eSOjkpkgw
rJ+j6lqwSRjDyyCXHXHsJv0VdGraAQbasv7HmfUY9fv2WoZk4n05KI9xldC33iuV
lcAuj+S8tA8jTRkWCT6mZUhosgIgKGsq
-----END CERTIFICATE-----
";

/// Made with openssl: `/CN=req` with the alternative name `req.test`.
const REQUEST: &str = "\
-----BEGIN CERTIFICATE REQUEST-----
MIIBczCB3QIBADAOMQwwCgYDVQQDDANyZXEwgZ8wDQYJKoZIhvcNAQEBBQADgY0A
MIGJAoGBANRANPNSA79/7ofRn6t+iuZZI4MvE2viU67Wk5k0cEHuxVQjh0IaXVGm
OiM662Mjtaxibc1yRbqkloxPSyukjTXbpQOsOdZ1+gyO7vNTzBGXgVZ2tktovxPI
/G9/KWAjOqtxXQUKemt613SL4pJxZuATME3//2kgBlyMC7D9zSYvAgMBAAGgJjAk
BgkqhkiG9w0BCQ4xFzAVMBMGA1UdEQQMMAqCCHJlcS50ZXN0MA0GCSqGSIb3DQEB
CwUAA4GBAE3pBGCbD9tIecMKlw4blwCF6zg2XP3K/v6ZrvbSQzJ98ae2PoXhYRRM
ybCQRSTYYyERjuaq6G/kTxgHBaUxwX/NRmv27jwhYc7GwIDqgsLN8Sos/UP0mLcP
N4v7H4CtyFcGOAusvvg+p4dfDaa26puZLo1bPQ/ebVOiGAkGT1cy
-----END CERTIFICATE REQUEST-----
";

fn decode(pem: &str, path: &str) -> String {
    let arena = Arena::default();
    let (budget, facts) = (Budget::default(), Facts::default());
    let scope = Scope {
        arena: &arena,
        now: jiff::Timestamp::UNIX_EPOCH,
        seed: 0,
        budget: &budget,
        facts: &facts,
        trace: None,
    };
    let expression = Expression::parse(&format!("x509_decode(@){path}")).expect("valid");
    match arena.expression(expression).search(&Value::from(pem), &scope) {
        Ok(value) => value.to_json(),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn certificates() {
    for (path, expected) in [
        (".Subject.CommonName", "\"x\""),
        (
            ".Issuer",
            "{\"CommonName\":\"x\",\"Country\":null,\"ExtraNames\":null,\"Locality\":null,\"Names\":[{\"Type\":[2,5,4,3],\"Value\":\"x\"}],\"Organization\":null,\"OrganizationalUnit\":null,\"PostalCode\":null,\"Province\":null,\"SerialNumber\":\"\",\"StreetAddress\":null}",
        ),
        (".NotBefore", "\"2026-11-21T09:43:23Z\""),
        (".NotAfter", "\"2026-11-22T09:43:23Z\""),
        (".PublicKey.E", "65537"),
        (
            ".PublicKey.N",
            "\"149047586069832609570788140374715016177644843893652655290790121039526939894884742070516003762854845978648841313174620101117272172572848979260302637975423298661345993598924493142300049640567732184204052202559404688758072204281494438375844488813997197513895238560171182047212886719912970784969610833746287470127\"",
        ),
        (".KeyUsage", "0"),
        (".IsCA", "true"),
        (".MaxPathLen", "-1"),
        (".SubjectKeyId", "\"0O96vK5cWQ8zEXvAEWAdjSoLvtQ=\""),
        (".SignatureAlgorithm", "4"),
        (".Version", "3"),
        (".DNSNames", "null"),
    ] {
        assert_eq!(decode(CERTIFICATE, path), expected, "{path}");
    }
}

#[test]
fn requests() {
    for (path, expected) in [
        (".Subject.CommonName", "\"req\""),
        (".DNSNames", "[\"req.test\"]"),
        (".PublicKey.E", "65537"),
        (".Version", "0"),
        (".NotAfter", "error: Unknown key \"NotAfter\" in path"),
    ] {
        assert_eq!(decode(REQUEST, path), expected, "{path}");
    }
}

#[test]
fn what_is_none() {
    let cut = CERTIFICATE.replace("MIIB9DCC", "MIIB9DCD");
    for (pem, expected) in [
        ("x", "error: failed to decode PEM block"),
        (
            "-----BEGIN X-----\nAAAA\n-----END X-----",
            "error: PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "error: x509: malformed certificate",
        ),
        (&cut, "error: x509: malformed certificate"),
    ] {
        assert_eq!(decode(pem, ""), expected);
    }
}
