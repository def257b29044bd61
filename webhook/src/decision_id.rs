//! Names a decision: who decided, and which request.

use sha2::{Digest, Sha256};

/// Twelve characters without a separator, so that a double click takes all of it: four name the
/// replica that decided and remembers, eight the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionId([u8; 12]);

/// The replica that decides, as it stands in its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replica([u8; REPLICA]);

const REPLICA: usize = 4;

/// Crockford's digits: no letter that looks like a digit.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Replica {
    /// From a name that no other replica has, such as a Pod's.
    pub fn new(name: &str) -> Self {
        let mut token = [0; REPLICA];
        digits(name, &mut token);
        Self(token)
    }

    /// A number that other replicas mostly do not have.
    pub(crate) fn number(self) -> u64 {
        u64::from(u32::from_le_bytes(self.0))
    }

    /// What the ids of its decisions begin with.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl DecisionId {
    /// The id of what a replica decides about the request with this uid.
    pub fn new(replica: Replica, uid: &str) -> Self {
        let mut id = [0; 12];
        let (head, tail) = id.split_at_mut(REPLICA);
        head.copy_from_slice(&replica.0);
        digits(uid, tail);
        Self(id)
    }

    /// From what a person typed: in any case, `O` for 0, `I` and `L` for 1.
    pub fn parse(text: &str) -> Option<Self> {
        let mut id = [0; 12];
        if text.len() != id.len() {
            return None;
        }
        for (place, byte) in id.iter_mut().zip(text.bytes()) {
            *place = match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                digit if DIGITS.contains(&digit) => digit,
                _ => return None,
            };
        }
        Some(Self(id))
    }

    /// What names the replica that decided it.
    pub(crate) fn replica(&self) -> &str {
        self.0.get(..REPLICA).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// Whether a replica decided it.
    pub fn is_of(&self, replica: Replica) -> bool {
        self.0.starts_with(&replica.0)
    }
}

/// As many digits as there are places, from a hash of a text.
fn digits(text: &str, places: &mut [u8]) {
    let hash = Sha256::digest(text.as_bytes());
    for (place, byte) in places.iter_mut().zip(hash) {
        *place = DIGITS.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
    }
}

impl std::fmt::Display for DecisionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::{DecisionId, Replica};

    #[test]
    fn an_id_names_its_replica_and_its_request() {
        let (left, right) = (Replica::new("ajj-7d5f-abcde"), Replica::new("ajj-7d5f-fghij"));
        let id = DecisionId::new(left, "81fb85a7-e68c-4779-87ab-ce7b70bd0e24");
        assert!(id.is_of(left) && !id.is_of(right));
        assert_eq!(id, DecisionId::new(left, "81fb85a7-e68c-4779-87ab-ce7b70bd0e24"));
        assert_ne!(id, DecisionId::new(left, "another"));
        assert_eq!(id.to_string().len(), 12);
    }

    #[test]
    fn what_people_type_is_read_generously() {
        let id = DecisionId::new(Replica::new("a"), "b");
        assert_eq!(DecisionId::parse(&id.to_string().to_lowercase()), Some(id));
        assert_eq!(DecisionId::parse("OIL000000000"), DecisionId::parse("011000000000"));
        for wrong in ["", "short", "0123456789AB!", "U00000000000", "ü0000000000"] {
            assert_eq!(DecisionId::parse(wrong), None, "`{wrong}`");
        }
    }
}
