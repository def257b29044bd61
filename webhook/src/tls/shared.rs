//! An authority that replicas share: what the Secret holds, and how one follows another.
//!
//! The next authority is made after two thirds of the life of the current one. It is first published
//! beside it; only when the API server has been told for a while do certificates come from it. The
//! one before stays published until every certificate of it has expired. All of this is decided by
//! what the Secret holds and by the time, so that whichever replica comes first does the same.

#![expect(
    clippy::indexing_slicing,
    reason = "values of JSON: what is not there is null, and what is written to is a map of ours"
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Map, Value, json};

use super::TlsError;
use super::files::validity;
use super::own::{AUTHORITY, Authority, CERTIFICATE};

/// The Secret's name.
pub(crate) const SECRET: &str = "ajj-webhook-ca";
/// Asks for another authority now: whenever its text is not the one that was followed last.
const ROTATE: &str = "ajj.dev/rotate";

/// When the next authority is made: after two thirds of the current one's life.
const LAST_THIRD: SignedDuration = SignedDuration::from_hours(24 * 365 / 3);
/// How long the next authority is published before certificates come from it: API servers hear of
/// it by a watch.
const PUBLISHED: SignedDuration = SignedDuration::from_secs(30);
/// Replicas learn a moment later which authority to use.
const LATE: SignedDuration = SignedDuration::from_hours(1);
/// Certificates begin a little before they are made.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Authorities of the past that stay published at most.
const MOST_OLD: usize = 4;

/// What the Secret holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SharedAuthority {
    current: Pair,
    next: Option<Pair>,
    /// Certificates of authorities before.
    old: Vec<String>,
    /// When the current one became it.
    since: Option<Timestamp>,
    /// The request to rotate that was followed last.
    followed: String,
    /// The request that stands.
    request: String,
}

/// Certificate and key in PEM.
#[derive(Clone, Default, PartialEq, Eq)]
struct Pair {
    certificate: String,
    key: String,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pair").finish_non_exhaustive()
    }
}

impl SharedAuthority {
    /// The first.
    pub(crate) fn new(now: Timestamp) -> Result<Self, TlsError> {
        Ok(Self { current: Pair::new(now)?, since: Some(now), ..Self::default() })
    }

    /// The authority that certificates come from.
    pub(crate) fn authority(&self) -> Result<Authority, TlsError> {
        Authority::load(&self.current.certificate, &self.current.key)
    }

    /// Names the authority that certificates come from.
    pub(crate) fn current(&self) -> &str {
        &self.current.certificate
    }

    /// What the API server is to trust, in PEM: the same for whoever holds the same certificates,
    /// whichever of them is in use.
    pub(crate) fn bundle(&self) -> String {
        let next = self.next.as_ref().map(|next| next.certificate.as_str());
        let old = self.old.iter().map(String::as_str);
        let mut certificates: Vec<&str> =
            std::iter::once(self.current()).chain(next).chain(old).map(str::trim).collect();
        certificates.sort_unstable();
        certificates.dedup();
        certificates.iter().map(|certificate| format!("{certificate}\n")).collect()
    }

    /// What the Secret should hold instead, if something is due. `published` is the bundle that the
    /// API server has been told.
    pub(crate) fn step(
        &self,
        now: Timestamp,
        published: Option<&str>,
    ) -> Result<Option<Self>, TlsError> {
        let (_, expires) = self.current.validity()?;
        match &self.next {
            None if now + LAST_THIRD >= expires || self.request != self.followed => {
                let next = Some(Pair::new(now)?);
                return Ok(Some(Self { next, followed: self.request.clone(), ..self.clone() }));
            }
            Some(next) => {
                let (begins, _) = next.validity()?;
                let is_known =
                    published.is_some_and(|published| published.contains(next.certificate.trim()));
                if is_known && now >= begins + SKEW + PUBLISHED {
                    let mut old = self.old.clone();
                    old.insert(0, self.current.certificate.clone());
                    old.truncate(MOST_OLD);
                    let (current, since) = (next.clone(), Some(now));
                    return Ok(Some(Self { current, next: None, old, since, ..self.clone() }));
                }
            }
            None => {}
        }
        let all_expired = |since| now >= since + CERTIFICATE + LATE;
        if !self.old.is_empty() && self.since.is_none_or(all_expired) {
            return Ok(Some(Self { old: Vec::new(), ..self.clone() }));
        }
        Ok(None)
    }

    /// Reads the Secret.
    pub(crate) fn read(secret: &Value) -> Result<Self, TlsError> {
        let text = |key: &str| -> Result<Option<String>, TlsError> {
            // An API server that is given nothing for a key keeps an empty text for it.
            let encoded = secret["data"][key].as_str().unwrap_or_default();
            if encoded.is_empty() {
                return Ok(None);
            }
            let bytes = STANDARD.decode(encoded).map_err(|_| unreadable(key))?;
            Ok(Some(String::from_utf8(bytes).map_err(|_| unreadable(key))?))
        };
        let pair = |certificate: &str, key: &str| -> Result<Option<Pair>, TlsError> {
            let (Some(text_of_certificate), Some(text_of_key)) = (text(certificate)?, text(key)?)
            else {
                return Ok(None);
            };
            let pair = Pair { certificate: text_of_certificate, key: text_of_key };
            Authority::load(&pair.certificate, &pair.key).map_err(|_| unreadable(certificate))?;
            Ok(Some(pair))
        };
        let current = pair("ca.crt", "ca.key")?.ok_or_else(|| unreadable("ca.crt"))?;
        let old = text("old-ca.crt")?.unwrap_or_default();
        Ok(Self {
            current,
            next: pair("next-ca.crt", "next-ca.key")?,
            old: certificates(&old),
            since: text("since")?.and_then(|since| since.parse().ok()),
            followed: text("followed")?.unwrap_or_default(),
            request: secret["metadata"]["annotations"][ROTATE].as_str().unwrap_or_default().into(),
        })
    }

    /// The Secret as it is created.
    pub(crate) fn to_secret(&self, namespace: &str) -> Value {
        let mut data = self.data();
        data.retain(|_, value| !value.is_null());
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": SECRET,
                "namespace": namespace,
                "labels": {
                    "app.kubernetes.io/managed-by": "ajj", "app.kubernetes.io/name": "ajj",
                },
            },
            "type": "Opaque",
            "data": data,
        })
    }

    /// What changes the Secret, if it is still the one of that version.
    pub(crate) fn to_patch(&self, version: &str) -> Value {
        json!({"metadata": {"resourceVersion": version}, "data": self.data()})
    }

    fn data(&self) -> Map<String, Value> {
        let encoded = |text: &str| match text {
            "" => Value::Null,
            text => STANDARD.encode(text).into(),
        };
        let next = self.next.clone().unwrap_or_default();
        let since = self.since.map(|since| since.to_string()).unwrap_or_default();
        let fields = [
            ("ca.crt", self.current.certificate.as_str()),
            ("ca.key", &self.current.key),
            ("next-ca.crt", &next.certificate),
            ("next-ca.key", &next.key),
            ("old-ca.crt", &self.old.concat()),
            ("since", &since),
            ("followed", &self.followed),
        ];
        fields.into_iter().map(|(key, text)| (key.to_owned(), encoded(text))).collect()
    }
}

impl Pair {
    fn new(now: Timestamp) -> Result<Self, TlsError> {
        let authority = Authority::new(now)?;
        Ok(Self { certificate: authority.pem().to_owned(), key: authority.key_pem() })
    }

    fn validity(&self) -> Result<(Timestamp, Timestamp), TlsError> {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes())
            .map_err(|_| unreadable("ca.crt"))?;
        validity(&certificate).map_err(|_| unreadable("ca.crt"))
    }
}

/// The certificates of a bundle, each by itself.
fn certificates(bundle: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let ends = bundle.split_inclusive(END).filter(|part| part.contains(END));
    ends.map(|part| format!("{}\n", part.trim())).collect()
}

fn unreadable(key: &str) -> TlsError {
    TlsError(format!(
        "the Secret `{SECRET}` holds no usable `{key}`: delete it to have an authority made anew"
    ))
}

const _: () = assert!(LAST_THIRD.as_secs() < AUTHORITY.as_secs());

#[cfg(test)]
mod tests {
    use super::*;

    fn time(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap()
    }

    const YEAR: i64 = 24 * 365;

    /// Through the Secret and back.
    fn stored(shared: &SharedAuthority) -> SharedAuthority {
        SharedAuthority::read(&shared.to_secret("ajj")).unwrap()
    }

    #[test]
    fn what_is_stored_is_what_is_read() {
        let first = SharedAuthority::new(time(0)).unwrap();
        assert_eq!(stored(&first), first);
        let both = first.step(time(YEAR), None).unwrap().unwrap();
        assert_eq!(stored(&both), both);
        let bundle = both.bundle();
        let after = both.step(time(YEAR + 1), Some(&bundle)).unwrap().unwrap();
        assert_eq!(stored(&after), after);
        assert_eq!(after.bundle(), bundle, "whichever is in use");
        // A merge patch takes away what is not there any more.
        let patch = after.to_patch("7");
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        assert!(patch["data"]["next-ca.crt"].is_null() && patch["data"]["old-ca.crt"].is_string());
    }

    #[test]
    fn an_empty_text_is_none() {
        let first = SharedAuthority::new(time(0)).unwrap();
        let mut secret = first.to_secret("ajj");
        for key in ["next-ca.crt", "next-ca.key", "old-ca.crt", "followed"] {
            secret["data"][key] = "".into();
        }
        assert_eq!(SharedAuthority::read(&secret).unwrap(), first);
    }

    #[test]
    fn the_next_is_published_before_it_is_used_and_the_last_until_its_certificates_are_gone() {
        let first = SharedAuthority::new(time(0)).unwrap();
        let two_thirds = YEAR * 2 / 3;
        assert_eq!(first.step(time(two_thirds - 1), None).unwrap(), None);

        let both = first.step(time(two_thirds + 1), None).unwrap().unwrap();
        assert_eq!(both.current(), first.current());
        assert_eq!(certificates(&both.bundle()).len(), 2);
        // Told to nobody, it is not used, however late it is.
        assert_eq!(both.step(time(two_thirds + 100), None).unwrap(), None);
        assert_eq!(both.step(time(two_thirds + 100), Some(&first.bundle())).unwrap(), None);
        // Told a moment ago neither.
        let bundle = both.bundle();
        assert_eq!(both.step(time(two_thirds + 1), Some(&bundle)).unwrap(), None);

        let used = time(two_thirds + 2);
        let after = both.step(used, Some(&bundle)).unwrap().unwrap();
        assert_ne!(after.current(), first.current());
        assert_eq!(after.bundle(), bundle);
        // A certificate of the first may have been issued in the last moment.
        let names = ["localhost".to_owned()];
        let last = first.authority().unwrap().issue(&names, used).unwrap().expires;
        let before = last - SignedDuration::from_secs(1);
        assert_eq!(after.step(before, Some(&bundle)).unwrap(), None);
        let alone = after.step(last + LATE, Some(&bundle)).unwrap().unwrap();
        assert_eq!(alone.bundle(), format!("{}\n", after.current().trim()));
        assert_eq!(alone.step(last + LATE, Some(&bundle)).unwrap(), None);
    }

    #[test]
    fn a_request_is_followed_once() {
        let first = SharedAuthority::new(time(0)).unwrap();
        let mut secret = first.to_secret("ajj");
        secret["metadata"]["annotations"] = json!({(ROTATE): "please"});
        let asked = SharedAuthority::read(&secret).unwrap();
        let both = asked.step(time(1), None).unwrap().unwrap();
        let after = both.step(time(2), Some(&both.bundle())).unwrap().unwrap();
        assert_eq!(after.step(time(3), Some(&both.bundle())).unwrap(), None);
        let mut secret = after.to_secret("ajj");
        secret["metadata"]["annotations"] = json!({(ROTATE): "please"});
        let again = SharedAuthority::read(&secret).unwrap();
        assert_eq!(again.step(time(4), None).unwrap(), None);
    }

    #[test]
    fn certificates_of_the_past_do_not_pile_up() {
        let mut shared = SharedAuthority::new(time(0)).unwrap();
        for round in 0..10 {
            shared.request = round.to_string();
            shared = shared.step(time(round), None).unwrap().unwrap();
            let bundle = shared.bundle();
            shared = shared.step(time(round + 1), Some(&bundle)).unwrap().unwrap();
        }
        assert_eq!(certificates(&shared.bundle()).len(), MOST_OLD + 1);
    }

    #[test]
    fn one_that_expired_while_nobody_was_there_is_followed_by_another() {
        let first = SharedAuthority::new(time(0)).unwrap();
        let both = first.step(time(2 * YEAR), None).unwrap().unwrap();
        let after = both.step(time(2 * YEAR + 1), Some(&both.bundle())).unwrap().unwrap();
        assert_ne!(after.current(), first.current());
    }

    #[test]
    fn what_is_no_authority_is_refused() {
        let good = SharedAuthority::new(time(0)).unwrap();
        let other = SharedAuthority::new(time(0)).unwrap();
        for (key, value) in [
            ("ca.crt", json!("!")),
            ("ca.crt", json!("")),
            ("ca.crt", Value::Null),
            ("ca.key", other.to_secret("ajj")["data"]["ca.key"].clone()),
            ("next-ca.crt", json!("YQ==")),
        ] {
            let mut secret = good.to_secret("ajj");
            secret["data"]["next-ca.key"] = secret["data"]["ca.key"].clone();
            secret["data"][key] = value.clone();
            let answer = SharedAuthority::read(&secret);
            let error = answer.unwrap_err().to_string();
            assert!(error.contains("delete it"), "{key} {value}: {error}");
        }
        assert!(SharedAuthority::read(&json!({})).is_err());
    }
}
