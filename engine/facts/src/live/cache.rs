//! Answers that are kept for a short time, within a number of bytes.

use std::time::{Duration, Instant};

use ajj_engine::{FactError, FactKey, Method};
use moka::Expiry;
use moka::sync;

use super::cluster::is_object;
use super::watched::weigh;
use super::{Answer, LiveOptions};

/// What an entry costs beside its answer.
const OVERHEAD: usize = 256;

/// Kept answers.
#[derive(Debug)]
pub(super) struct Cache {
    answers: sync::Cache<FactKey, Kept>,
    objects_for: Duration,
    errors_for: Duration,
}

#[derive(Clone, Debug)]
struct Kept {
    answer: Answer,
    keep_for: Duration,
}

struct KeepFor;

impl Expiry<FactKey, Kept> for KeepFor {
    fn expire_after_create(&self, _: &FactKey, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.keep_for)
    }

    fn expire_after_update(
        &self,
        _: &FactKey,
        kept: &Kept,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(kept.keep_for)
    }
}

impl Cache {
    pub(super) fn new(options: &LiveOptions) -> Self {
        let answers = sync::Cache::builder()
            .max_capacity(options.cache_bytes)
            .weigher(|key: &FactKey, kept: &Kept| {
                let answer = kept.answer.as_ref().map_or(0, |tree| weigh(tree));
                u32::try_from(answer + key_bytes(key) + OVERHEAD).unwrap_or(u32::MAX)
            })
            .expire_after(KeepFor)
            .build();
        Self {
            answers,
            objects_for: options.cache_objects_for,
            errors_for: options.cache_errors_for,
        }
    }

    pub(super) fn get(&self, key: &FactKey) -> Option<Answer> {
        self.answers.get(key).map(|kept| kept.answer)
    }

    pub(super) fn keep(&self, key: &FactKey, answer: &Answer) {
        let keep_for = match answer {
            Ok(_) if is_kept(key) => self.objects_for,
            Err(FactError::Forbidden | FactError::Failed(_)) => self.errors_for,
            // That something is not there can change with the next request.
            Ok(_) | Err(_) => return,
        };
        if !keep_for.is_zero() {
            self.answers.insert(key.clone(), Kept { answer: answer.clone(), keep_for });
            // Left to itself, the bound comes into force some writes later.
            self.answers.run_pending_tasks();
        }
    }
}

/// Whether what was answered a moment ago is good enough.
pub(super) fn is_kept(key: &FactKey) -> bool {
    match key {
        FactKey::Api { method, path, .. } => *method == Method::Get && is_object(path),
        FactKey::ExternalUrl(_) => true,
        _ => false,
    }
}

fn key_bytes(key: &FactKey) -> usize {
    match key {
        FactKey::Api { path, body, .. } => path.len() + body.len(),
        FactKey::Service { url, body, headers, ca_bundle, .. } => {
            let headers: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
            url.len() + body.len() + ca_bundle.len() + headers
        }
        FactKey::Inventory => 0,
        FactKey::Image(text)
        | FactKey::GlobalContext(text)
        | FactKey::ExternalUrl(text)
        | FactKey::AccessReview(text) => text.len(),
    }
}
