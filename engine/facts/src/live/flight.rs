//! Calls that are under way: one for a question, however many ask it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ajj_engine::{FactError, FactKey};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::Answer;
use super::answer::{Sources, is_shared};
use super::counters::LiveCounters;

/// The open questions.
#[derive(Debug)]
pub(super) struct Flights {
    open: Mutex<BTreeMap<FactKey, watch::Receiver<Option<Answer>>>>,
    room: Arc<Semaphore>,
}

/// A call that somebody waits for.
#[derive(Debug)]
pub(super) struct Flight {
    answer: watch::Receiver<Option<Answer>>,
    /// Whether the call had begun before this one asked.
    pub(super) began_earlier: bool,
}

impl Flight {
    /// The answer, or that it comes too late.
    pub(super) async fn land(&mut self, deadline: Instant, sources: &Sources) -> Answer {
        let in_time = {
            // The clock of the runtime that makes the calls: who asks may have none.
            let _entered = sources.runtime.enter();
            timeout_at(deadline, self.answer.wait_for(Option::is_some))
        };
        let answer = match in_time.await {
            Ok(Ok(answer)) => answer.clone().unwrap_or(Err(FactError::NotFetched)),
            Ok(Err(_)) => Err(FactError::Failed("the call was given up".to_owned())),
            Err(_) => Err(FactError::Timeout),
        };
        if answer.as_ref().is_err_and(|error| *error == FactError::Timeout) {
            LiveCounters::add(&sources.counters.timeouts);
        }
        answer
    }

    fn landed(answer: Answer) -> Self {
        Self { answer: watch::channel(Some(answer)).1, began_earlier: false }
    }
}

impl Flights {
    pub(super) fn new(most: usize) -> Self {
        Self { open: Mutex::default(), room: Arc::new(Semaphore::new(most)) }
    }

    fn close(&self, key: &FactKey) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Sources {
    /// Joins the call that answers a question, or begins it.
    pub(super) fn join(self: &Arc<Self>, key: &FactKey) -> Flight {
        let (teller, answer) = watch::channel(None);
        let flights = &self.flights;
        let room = Arc::clone(&flights.room).try_acquire_owned();
        if is_shared(key) {
            let mut open = flights.open.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(answer) = open.get(key) {
                LiveCounters::add(&self.counters.joined);
                return Flight { answer: answer.clone(), began_earlier: true };
            }
            // It may have landed since `known` was asked.
            if let Some(answer) = self.cache.get(key) {
                return Flight::landed(answer);
            }
            if room.is_ok() {
                open.insert(key.clone(), answer.clone());
            }
        }
        let Ok(room) = room else {
            LiveCounters::add(&self.counters.refused);
            let message = "too many questions are open: the cluster answers too slowly";
            return Flight::landed(Err(FactError::Failed(message.to_owned())));
        };
        let open = OpenQuestion { sources: Arc::clone(self), key: key.clone() };
        self.runtime.spawn(async move {
            let OpenQuestion { sources, key } = &open;
            let asked = timeout(sources.options.call_timeout, sources.ask(key)).await;
            let answer = asked.unwrap_or(Err(FactError::Timeout));
            if is_shared(key) {
                sources.cache.keep(key, &answer);
            }
            // Whoever asks from here on begins anew, or finds what is kept.
            drop(open);
            drop(room);
            teller.send_replace(Some(answer));
        });
        Flight { answer, began_earlier: false }
    }
}

/// Closes a question however its call ends, also with its runtime.
struct OpenQuestion {
    sources: Arc<Sources>,
    key: FactKey,
}

impl Drop for OpenQuestion {
    fn drop(&mut self) {
        if is_shared(&self.key) {
            self.sources.flights.close(&self.key);
        }
    }
}
