//! The line in which requests of a call for many wait for their turn, and the way of one request
//! from its turn to its reply.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::call::Call;
use crate::fault::Fault;
use crate::net::Reply;
use crate::pace::{Sender, Start};
use crate::request::Request;
use crate::{Client, Error, Report, retry};

/// An item gives up after so many 429 with nothing else between them.
const REFUSALS_MAX: u32 = 100;

/// An item that is refused while others pass is retried like any failure, but so often at least.
const RETRIES_WHEN_ALONE: u32 = 2;

/// When the pause after a 429 is over, others go first for so long: should it be that item alone
/// that is refused, they are through by then.
const OTHERS_FIRST: Duration = Duration::from_millis(50);

/// One call's place among all that share the client's pace.
pub(crate) struct Line<'a> {
    pub(crate) client: &'a Client,
    is_over: AtomicBool,
    began: Instant,
    /// When the last that was not answered by 429 was sent, in microseconds since it began.
    passed: AtomicU64,
}

impl<'a> Line<'a> {
    pub(crate) fn new(client: &'a Client) -> Line<'a> {
        Line { client, is_over: AtomicBool::new(false), began: Instant::now(), passed: AtomicU64::new(0) }
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

    /// Waits for the turn of a request; `None` once it is over. For one thread of a call at a
    /// time.
    pub(crate) fn wait(&self) -> Option<Start<'a>> {
        let Client { shared, cancel, .. } = self.client;
        while !self.is_over() {
            let wakes = cancel.wakes();
            match shared.pace.start(Instant::now()) {
                Ok(start) => return Some(start),
                Err(until) => cancel.wait_in_line(until, wakes),
            }
        }
        None
    }

    fn time_of(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.began).as_micros()).unwrap_or(u64::MAX)
    }

    fn let_others_go_first(&self) {
        let Client { shared, cancel, .. } = self.client;
        let until = shared.pace.resumes() + OTHERS_FIRST;
        while !self.is_over() && Instant::now() < until {
            cancel.wait_in_line(until, cancel.wakes());
        }
    }

    /// Sends the request until there is a reply that a retry would not better, or no time for one.
    /// The time that passes before `next_turn` comes does not count.
    pub(crate) fn exchange(
        &self,
        request: &Request,
        mut start: Start<'a>,
        next_turn: impl Fn() -> Option<Start<'a>>,
        report: &mut Report,
    ) -> Result<Reply, Error> {
        let Client { shared, cancel, timeout } = self.client;
        let (mut left, mut retries, mut refusals) = (*timeout, 0, 0);
        let mut refused_at = u64::MAX;
        loop {
            let call = Call::start(left, cancel);
            // Others that were sent after it was refused have passed: then it is not the account's
            // limit.
            let overtaken = self.passed.load(Ordering::Relaxed) > refused_at;
            let sender = if overtaken { Sender::RefusedAlone } else { Sender::Fleet };
            let result = self.client.attempt(&call, request, report, sender);
            left = call.remaining();
            drop(start);
            let refused = matches!(&result, Ok(reply) if reply.status == 429);
            if !refused && result.is_ok() {
                self.passed.fetch_max(self.time_of(call.started), Ordering::Relaxed);
            }
            cancel.wake();
            if refused && !overtaken {
                refusals += 1;
                if refusals == REFUSALS_MAX {
                    return Ok(result?);
                }
                refused_at = self.time_of(Instant::now());
                self.let_others_go_first();
            } else {
                let most = if refused { shared.max_retries.max(RETRIES_WHEN_ALONE) } else { shared.max_retries };
                if retry::is_final(&result) || retries >= most {
                    return Ok(result?);
                }
                let pause = retry::pause(retries, report.retry_after);
                if pause >= left {
                    return Ok(result?);
                }
                call.pause(pause)?;
                left = call.remaining();
                retries += 1;
            }
            start = match next_turn() {
                Some(start) => start,
                None if cancel.is_cancelled() => return Err(Fault::cancelled().into()),
                None => return Ok(result?),
            };
        }
    }
}

/// Ends the line, however its call ends.
pub(crate) struct EndOnDrop<'a>(pub(crate) &'a Line<'a>);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
