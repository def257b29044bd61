//! The loop between rules that ask and sources that answer; the only caller of `evaluate`.

use ajj_engine::{Decision, Evaluation, FactError, Facts, Request, Selected};

use crate::source::FactSource;

/// A look-up may depend on a look-up, but not forever.
const MAX_ROUNDS: usize = 16;

/// Decides one request. Webhook, gate and command line all call this.
///
/// `policies` is a set, or the part of it that is asked; `facts` is what is known beforehand; everything else is asked of `source`.
pub async fn decide<'p>(
    policies: impl Into<Selected<'p>>,
    request: &Request,
    mut facts: Facts,
    source: &impl FactSource,
) -> Decision {
    let policies = policies.into();
    for _ in 0..MAX_ROUNDS {
        match policies.evaluate(request, &facts) {
            Evaluation::Decided(decision) => return decision,
            Evaluation::Needs(keys) => {
                let mut answers = source.fetch(&keys).await;
                // A source that forgets a question must not be asked it again.
                for key in keys {
                    if answers.get(&key).is_none() {
                        answers.insert(key, Err(FactError::NotFetched));
                    }
                }
                facts.extend(answers);
            }
        }
    }
    policies.conclude(request, &facts)
}
