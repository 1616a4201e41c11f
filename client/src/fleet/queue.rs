//! The queue in which the requests of a fleet wait for their turn.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::attempts::{Go, Turns};
use crate::call::Call;
use crate::fault::Fault;
use crate::log::{CallLog, Hold};
use crate::net::Reply;
use crate::pace::Sender;
use crate::{Client, Code, Error, Report};

/// An item gives up after this many 429s.
const REFUSALS_MAX: u32 = 100;

/// An item that alone gets 429s is retried like any failure, but at least this many times.
const RETRIES_WHEN_ALONE: u32 = 2;

/// How long a refused item lets others go first after the hold ends. If they succeed, the 429
/// concerned only this item.
const OTHERS_FIRST: Duration = Duration::from_millis(50);

/// One call's place among all that share the client's pace.
pub(crate) struct Queue {
    pub(crate) client: Client,
    is_over: AtomicBool,
    began: Instant,
    /// When the last that was not answered by 429 was sent, in microseconds since it began.
    passed: AtomicU64,
    /// Whoever holds it is first: a fleet asks for one turn at a time, so that single calls and
    /// other fleets get theirs between.
    front: Mutex<()>,
}

impl Queue {
    pub(crate) fn new(client: &Client) -> Queue {
        Queue {
            client: client.handle(),
            is_over: AtomicBool::new(false),
            began: Instant::now(),
            passed: AtomicU64::new(0),
            front: Mutex::new(()),
        }
    }

    /// Whether no further request is to be begun.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire) || self.client.cancel.is_cancelled() || self.client.cancel.is_draining()
    }

    /// Has no further request begin.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.client.cancel.wake();
    }

    /// Waits for a turn; `None` once it is over.
    fn turn(&self, log: &CallLog) -> Option<Go<'_>> {
        let _front = self.front.lock().unwrap_or_else(PoisonError::into_inner);
        let Client { shared, cancel, .. } = &self.client;
        let mut is_told = false;
        while !self.is_over() {
            let wakes = cancel.wakes();
            let now = Instant::now();
            if let Err(until) = shared.pace.due(now) {
                if !is_told {
                    let is_refused = shared.pace.resumes() > Some(now);
                    log.hold(if is_refused { Hold::Refused } else { Hold::Limit }, until);
                    is_told = true;
                }
                cancel.wait_in_queue(until, wakes);
                continue;
            }
            let turn = shared.pace.take_turn(None).ok()?;
            if let Some(time) = turn.time() {
                log.hold(Hold::Cap, time);
                self.wait_until(time);
            }
            if self.is_over() {
                return None;
            }
            // A refusal may have come meanwhile.
            if let Ok(start) = shared.pace.start(Instant::now()) {
                return Some(Go { turn, start: Some(start) });
            }
        }
        None
    }

    /// Waits, unless it is over.
    fn wait_until(&self, time: Instant) {
        let cancel = &self.client.cancel;
        while !self.is_over() && Instant::now() < time {
            cancel.wait_in_queue(time, cancel.wakes());
        }
    }

    fn time_of(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.began).as_micros()).unwrap_or(u64::MAX)
    }
}

/// An item's turns in the queue. Waiting for a turn does not count toward its deadline.
pub(crate) struct Item<'q> {
    queue: &'q Queue,
    began: bool,
    refusals: u32,
    /// When it was refused last, as the queue counts the time.
    refused_at: Option<u64>,
    /// Others that were sent after it was refused have passed: then it is not the account's limit.
    overtaken: bool,
}

impl<'q> Item<'q> {
    pub(crate) fn new(queue: &'q Queue) -> Item<'q> {
        Item { queue, began: false, refusals: 0, refused_at: None, overtaken: false }
    }
}

impl<'q> Turns<'q> for Item<'q> {
    fn wait(&mut self, call: &mut Call, _: &mut Report) -> Result<Go<'q>, Error> {
        let waits_since = Instant::now();
        if self.refused_at.is_some()
            && !self.overtaken
            && let Some(resumes) = self.queue.client.shared.pace.resumes()
        {
            call.log.hold(Hold::Refused, resumes);
            self.queue.wait_until(resumes + OTHERS_FIRST);
        }
        let Some(go) = self.queue.turn(&call.log) else {
            return Err(if call.cancel.is_cancelled() {
                Fault::cancelled().into()
            } else {
                Error::new(Code::Cancelled, "not sent: the call ended before its turn came")
            });
        };
        if self.began {
            call.extend(waits_since.elapsed());
        } else {
            call.restart();
        }
        self.began = true;
        let passed = self.queue.passed.load(Ordering::Relaxed);
        self.overtaken = self.refused_at.is_some_and(|refused_at| passed > refused_at);
        Ok(go)
    }

    fn sender(&self) -> Sender {
        if self.overtaken { Sender::RefusedAlone } else { Sender::Fleet }
    }

    fn note(&mut self, sent: Instant, result: &Result<Reply, Fault>) -> bool {
        let refused = is_refusal(result);
        if !refused && result.is_ok() {
            self.queue.passed.fetch_max(self.queue.time_of(sent), Ordering::Relaxed);
        }
        // What the reply told may have made room for others.
        self.queue.client.cancel.wake();
        if !refused || self.overtaken {
            return false;
        }
        self.refusals += 1;
        self.refused_at = Some(self.queue.time_of(Instant::now()));
        self.refusals < REFUSALS_MAX
    }

    /// Once the queue is over, there will be no retry: then its last answer is what it has.
    fn pause(&self, _: &Call, time: Duration) -> Result<(), Fault> {
        self.queue.wait_until(Instant::now() + time);
        Ok(())
    }

    fn retries(&self, result: &Result<Reply, Fault>) -> u32 {
        let retries = self.queue.client.shared.max_retries;
        match is_refusal(result) {
            true if self.refusals >= REFUSALS_MAX => 0,
            true => retries.max(RETRIES_WHEN_ALONE),
            false => retries,
        }
    }
}

fn is_refusal(result: &Result<Reply, Fault>) -> bool {
    matches!(result, Ok(reply) if reply.status == 429)
}
