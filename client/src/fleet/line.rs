//! The line in which the requests of a fleet wait for their turn.

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

/// An item gives up after so many 429 with nothing else between them.
const REFUSALS_MAX: u32 = 100;

/// An item that is refused while others pass is retried like any failure, but so often at least.
const RETRIES_WHEN_ALONE: u32 = 2;

/// When the hold after a 429 is over, others go first for so long: should it be that item alone
/// that is refused, they are through by then.
const OTHERS_FIRST: Duration = Duration::from_millis(50);

/// One call's place among all that share the client's pace.
pub(crate) struct Line {
    pub(crate) client: Client,
    is_over: AtomicBool,
    began: Instant,
    /// When the last that was not answered by 429 was sent, in microseconds since it began.
    passed: AtomicU64,
    /// Whoever holds it is first: a fleet asks for one turn at a time, so that single calls and
    /// other fleets get theirs between.
    front: Mutex<()>,
}

impl Line {
    pub(crate) fn new(client: &Client) -> Line {
        Line {
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
                cancel.wait_in_line(until, wakes);
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
            cancel.wait_in_line(time, cancel.wakes());
        }
    }

    fn time_of(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.began).as_micros()).unwrap_or(u64::MAX)
    }
}

/// An item's turns in the line. The time that it waits for them is none of its own.
pub(crate) struct Item<'l> {
    line: &'l Line,
    began: bool,
    refusals: u32,
    /// When it was refused last, as the line counts the time.
    refused_at: Option<u64>,
    /// Others that were sent after it was refused have passed: then it is not the account's limit.
    overtaken: bool,
}

impl<'l> Item<'l> {
    pub(crate) fn new(line: &'l Line) -> Item<'l> {
        Item { line, began: false, refusals: 0, refused_at: None, overtaken: false }
    }
}

impl<'l> Turns<'l> for Item<'l> {
    fn wait(&mut self, call: &mut Call, _: &mut Report) -> Result<Go<'l>, Error> {
        let waits_since = Instant::now();
        let resumes = self.line.client.shared.pace.resumes();
        if let Some(resumes) = resumes.filter(|_| self.refused_at.is_some() && !self.overtaken) {
            call.log.hold(Hold::Refused, resumes);
            self.line.wait_until(resumes + OTHERS_FIRST);
        }
        let Some(go) = self.line.turn(&call.log) else {
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
        let passed = self.line.passed.load(Ordering::Relaxed);
        self.overtaken = self.refused_at.is_some_and(|refused_at| passed > refused_at);
        Ok(go)
    }

    fn sender(&self) -> Sender {
        if self.overtaken { Sender::RefusedAlone } else { Sender::Fleet }
    }

    fn note(&mut self, sent: Instant, result: &Result<Reply, Fault>) -> bool {
        let refused = is_refusal(result);
        if !refused && result.is_ok() {
            self.line.passed.fetch_max(self.line.time_of(sent), Ordering::Relaxed);
        }
        // What the reply told may have made room for others.
        self.line.client.cancel.wake();
        if !refused || self.overtaken {
            return false;
        }
        self.refusals += 1;
        self.refused_at = Some(self.line.time_of(Instant::now()));
        self.refusals < REFUSALS_MAX
    }

    /// Once the line is over, there will be no retry: then its last answer is what it has.
    fn pause(&self, _: &Call, time: Duration) -> Result<(), Fault> {
        self.line.wait_until(Instant::now() + time);
        Ok(())
    }

    fn retries(&self, result: &Result<Reply, Fault>) -> u32 {
        let retries = self.line.client.shared.max_retries;
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
