//! The trace that a request belongs to, as W3C's `traceparent` says it.

use std::hash::{BuildHasher, RandomState};

use hyper::header::HeaderMap;

/// Bytes of a `tracestate` that are passed on.
const MAX_STATE: usize = 512;

/// What a request says of its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: [u8; 16],
    /// The span of whoever sent the request; empty for a trace that begins here.
    pub(super) span: Option<[u8; 8]>,
    pub(super) is_sampled: bool,
    pub(super) state: String,
}

impl Parent {
    /// Reads the headers; where they say nothing that can be read, a trace begins.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut written = headers.get_all("traceparent").iter();
        let first = written.next().and_then(|value| value.to_str().ok());
        match first.and_then(read).filter(|_| written.next().is_none()) {
            Some((trace, span, is_sampled)) => {
                Self { trace, span: Some(span), is_sampled, state: state(headers) }
            }
            None => Self { trace: random(), span: None, is_sampled: true, state: String::new() },
        }
    }
}

/// Version, trace, span and flags; later versions may say more after that.
fn read(text: &str) -> Option<([u8; 16], [u8; 8], bool)> {
    let mut parts = text.trim().splitn(5, '-');
    let [version] = hex::<1>(parts.next()?)?;
    let (trace, span) = (hex::<16>(parts.next()?)?, hex::<8>(parts.next()?)?);
    let [flags] = hex::<1>(parts.next()?)?;
    let has_more = parts.next().is_some();
    let is_sound =
        version != 0xff && (version > 0 || !has_more) && trace != [0; 16] && span != [0; 8];
    is_sound.then_some((trace, span, flags & 1 == 1))
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != N * 2 || !text.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn state(headers: &HeaderMap) -> String {
    let written: Vec<&str> =
        headers.get_all("tracestate").iter().filter_map(|value| value.to_str().ok()).collect();
    let state = written.join(",");
    // A part of it could mean something else.
    if state.len() <= MAX_STATE { state } else { String::new() }
}

/// An id that nobody else has, most likely; it keeps no secret.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut id = [0; N];
    for part in id.chunks_mut(8) {
        let random = RandomState::new().hash_one(0).to_le_bytes();
        part.iter_mut().zip(random).for_each(|(place, byte)| *place = byte);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(values: &[&'static str]) -> Parent {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", hyper::header::HeaderValue::from_static(value));
        }
        headers.append("tracestate", hyper::header::HeaderValue::from_static("a=1"));
        headers.append("tracestate", hyper::header::HeaderValue::from_static("b=2"));
        Parent::of(&headers)
    }

    #[test]
    fn a_trace_goes_on_as_its_flag_says() {
        let sampled = parent(&["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]);
        assert_eq!(sampled.trace[..2], [0x0a, 0xf7]);
        assert_eq!(sampled.span.unwrap()[..2], [0xb7, 0xad]);
        assert!(sampled.is_sampled);
        assert_eq!(sampled.state, "a=1,b=2");
        for (text, is_sampled) in [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-what-comes", false),
        ] {
            let parent = parent(&[text]);
            assert!(parent.span.is_some() && parent.is_sampled == is_sampled, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_begins_a_trace() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let mut begun = Vec::new();
        for values in [
            &[][..],
            &[good, good],
            &[""],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"],
            &["00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"],
            &["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"],
            &["00-00000000000000000000000000000000-b7ad6b7169203331-00"],
            &["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-00"],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-more"],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"],
        ] {
            let parent = parent(values);
            assert!(parent.span.is_none() && parent.is_sampled, "{values:?}");
            assert_eq!(parent.state, "");
            begun.push(parent.trace);
        }
        begun.sort_unstable();
        begun.dedup();
        assert_eq!(begun.len(), 10);
    }
}
