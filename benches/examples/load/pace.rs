//! When requests are sent: after the answer before them, or at their own time.
//!
//! Where they have a time of their own, their wait begins then, whether or not a connection was
//! free: a server that is late is seen to be late.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ajj_benches::reviews::Review;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::client::{Http1, Http2, Target};
use crate::tally::{Ended, Tally};

/// How requests follow one another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Each connection asks again once it was answered.
    Closed,
    /// So many a second.
    Open(f64),
}

/// What is sent, and how.
pub(crate) struct Load {
    pub(crate) target: Rc<Target>,
    /// The one connection of HTTP/2.
    pub(crate) shared: Option<Http2>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) connections: usize,
    pub(crate) churn: bool,
    pub(crate) first_uid: u64,
}

/// Requests that are due: their numbers, and since when.
#[derive(Default)]
struct Due {
    queue: RefCell<VecDeque<(u64, Option<Instant>)>>,
    changed: Notify,
    is_over: Cell<bool>,
}

/// One connection after the other, or one stream of a connection that is shared.
struct Sender {
    target: Rc<Target>,
    shared: Option<Http2>,
    kept: Option<Http1>,
    churn: bool,
    reviews: Vec<Review>,
}

impl Load {
    /// Sends so many requests, and counts what comes back.
    pub(crate) async fn run(&self, requests: u64, pace: Pace) -> Tally {
        let due = Rc::new(Due::default());
        let tally = Rc::new(RefCell::new(Tally::default()));
        let mut senders = JoinSet::new();
        let started = Instant::now();
        if let Pace::Closed = pace {
            due.queue.borrow_mut().extend((0..requests).map(|number| (number, None)));
            due.is_over.set(true);
        }
        for _ in 0..self.connections {
            let sender = Sender {
                target: Rc::clone(&self.target),
                shared: self.shared.clone(),
                kept: None,
                churn: self.churn,
                reviews: self.reviews.clone(),
            };
            let (due, tally) = (Rc::clone(&due), Rc::clone(&tally));
            senders.spawn_local(sender.run(self.first_uid, due, tally));
        }
        if let Pace::Open(rate) = pace {
            due.fill(requests, rate, started).await;
        }
        while senders.join_next().await.is_some() {}
        let mut tally = tally.take();
        tally.seconds = started.elapsed().as_secs_f64();
        tally.bytes = self.reviews.first().map_or(0, |review| review.body.len());
        tally.sort();
        tally
    }
}

impl Due {
    async fn fill(&self, requests: u64, rate: f64, started: Instant) {
        for number in 0..requests {
            let intended = started + Duration::from_secs_f64(number as f64 / rate);
            // A timer is late by up to a millisecond: look at the clock instead.
            while Instant::now() < intended {
                tokio::task::yield_now().await;
            }
            self.queue.borrow_mut().push_back((number, Some(intended)));
            self.changed.notify_one();
            // One that is behind its time must let the others send all the same.
            if number % 16 == 0 {
                tokio::task::yield_now().await;
            }
        }
        self.is_over.set(true);
        self.changed.notify_waiters();
    }

    async fn next(&self) -> Option<(u64, Option<Instant>)> {
        loop {
            let next = self.queue.borrow_mut().pop_front();
            if next.is_some() || self.is_over.get() {
                return next;
            }
            self.changed.notified().await;
        }
    }
}

impl Sender {
    async fn run(mut self, first_uid: u64, due: Rc<Due>, tally: Rc<RefCell<Tally>>) {
        while let Some((number, intended)) = due.next().await {
            let since = intended.unwrap_or_else(Instant::now);
            let ended = self.ask(first_uid + number).await;
            tally.borrow_mut().add(ended, since.elapsed().as_secs_f64());
        }
    }

    async fn ask(&mut self, number: u64) -> Ended {
        let count = self.reviews.len().max(1);
        let turn = usize::try_from(number).unwrap_or_default() % count;
        let Some(review) = self.reviews.get_mut(turn) else { return Ended::Failed };
        review.set_uid(number);
        if let Some(shared) = &mut self.shared {
            return match shared.ask(&review.body).await {
                Ok((status, answer)) => judge(review, status, &answer),
                Err(_) => Ended::Failed,
            };
        }
        let mut connection = match self.kept.take() {
            Some(connection) => connection,
            None => match Http1::connect(&self.target).await {
                Ok(connection) => connection,
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Ended::Unsent,
                Err(_) => return Ended::Failed,
            },
        };
        let ended = match connection.ask(&review.body).await {
            Ok((status, answer)) => judge(review, status, answer),
            Err(_) => return Ended::Failed,
        };
        if !self.churn && !connection.is_ended() {
            self.kept = Some(connection);
        }
        ended
    }
}

fn judge(review: &Review, status: u16, answer: &[u8]) -> Ended {
    match status {
        200 if review.is_answered_by(answer) => Ended::Right,
        200 => Ended::Wrong,
        503 => Ended::Shed,
        _ => Ended::Failed,
    }
}
