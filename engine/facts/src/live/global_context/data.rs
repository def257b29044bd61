//! The data of one entry, and what its projections make of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use ajj_engine::jmespath::{Arena, Budget, Expression, Scope};
use ajj_engine::{FactError, FactKey, Facts, Limits, Value, parse_json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::live::Answer;
use crate::live::answer::Callers;
use crate::live::watched::Watched;

/// What an entry gathered.
#[derive(Debug)]
pub(super) struct Data {
    source: Source,
    projections: Vec<(Box<str>, Expression)>,
    /// What was made of the newest revision.
    made: Mutex<Made>,
}

#[derive(Debug)]
enum Source {
    Listed(Arc<Watched>),
    /// The answers are numbered from 1.
    Called(watch::Sender<(u64, Answer)>),
}

#[derive(Debug, Default)]
struct Made {
    revision: u64,
    root: Option<Answer>,
    projected: BTreeMap<Box<str>, Answer>,
}

impl Data {
    pub(super) fn listed(watched: Arc<Watched>, projections: Vec<(Box<str>, Expression)>) -> Self {
        Self { source: Source::Listed(watched), projections, made: Mutex::default() }
    }

    pub(super) fn called(projections: Vec<(Box<str>, Expression)>) -> Self {
        let source = Source::Called(watch::Sender::new((0, Err(FactError::NotFetched))));
        Self { source, projections, made: Mutex::default() }
    }

    /// The whole, or a projection; waits for the first answer.
    pub(super) async fn answer(&self, entry: &str, projection: Option<&str>) -> Answer {
        match &self.source {
            Source::Listed(watched) => watched.settled().await?,
            Source::Called(answer) => {
                // The sender lives as long as `self`.
                let _ = answer.subscribe().wait_for(|(number, _)| *number > 0).await;
            }
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let root = self.root(&mut made);
        let Some(projection) = projection else { return root };
        if let Some(known) = made.projected.get(projection) {
            return known.clone();
        }
        let Some((_, expression)) = self.projections.iter().find(|(name, _)| **name == *projection)
        else {
            let message = format!("global context entry {entry} has no `{projection}`");
            return Err(FactError::Failed(message));
        };
        let answer = root.and_then(|root| project(&root, expression));
        made.projected.insert(projection.into(), answer.clone());
        answer
    }

    /// The newest whole; what was made of an older one is forgotten.
    fn root(&self, made: &mut Made) -> Answer {
        let (revision, objects) = match &self.source {
            Source::Called(answer) => {
                let (revision, answer) = answer.borrow().clone();
                if made.revision != revision {
                    *made = Made { revision, root: Some(answer.clone()), ..Made::default() };
                }
                return answer;
            }
            Source::Listed(watched) => watched.all()?,
        };
        match &made.root {
            Some(root) if made.revision == revision => root.clone(),
            _ => {
                let texts: Vec<_> = objects.iter().map(|object| object.root().to_json()).collect();
                let root = parse(format!("[{}]", texts.join(",")));
                *made = Made { revision, root: Some(root.clone()), ..Made::default() };
                root
            }
        }
    }

    fn tell(&self, answer: Answer) {
        if let Source::Called(told) = &self.source {
            told.send_modify(|(number, last)| {
                *number += 1;
                *last = answer;
            });
        }
    }
}

/// Makes an entry's call again and again, for as long as somebody holds the data.
///
/// What fails is the answer until it works again, as it is upstream.
pub(super) async fn call(data: Weak<Data>, callers: Callers, key: FactKey, every: Duration) {
    loop {
        let called = timeout(callers.timeout, callers.call(&key)).await;
        let answer = called.unwrap_or(Err(FactError::Timeout));
        let failed = answer.is_err();
        match data.upgrade() {
            Some(data) => data.tell(answer),
            None => return,
        }
        sleep(if failed { every.min(callers.retry_at_most) } else { every }).await;
    }
}

fn parse(text: String) -> Answer {
    let tree = parse_json(text, &Limits::default());
    tree.map(Arc::new).map_err(|error| FactError::Failed(error.to_string()))
}

fn project(root: &ajj_engine::Tree, expression: &Expression) -> Answer {
    let failed = |error: &dyn std::fmt::Display| FactError::Failed(error.to_string());
    let now = jiff::Timestamp::try_from(SystemTime::now()).map_err(|error| failed(&error))?;
    let (arena, facts) = (Arena::default(), Facts::default());
    // Larger for larger data, as rules have it for larger objects.
    let budget = Budget::new(1_000_000 + 50 * root.len(), (4 << 20) + 256 * root.len());
    let scope = Scope { arena: &arena, now, seed: 0, budget: &budget, facts: &facts, trace: None };
    let found = expression.search(&Value::from(root.root()), &scope);
    parse(found.map_err(|error| failed(&error))?.to_json())
}
