//! One request until there is a reply that a retry would not better, or no time for one: the one
//! loop of attempts, for single calls and for the items of a fleet.

use std::time::{Duration, Instant};

use crate::call::Call;
use crate::fault::Fault;
use crate::log::Hold;
use crate::net::Reply;
use crate::pace::{Sender, Start, Turn};
use crate::request::Request;
use crate::{Client, Code, Error, Report, retry};

/// What a request waits for before each attempt, and what a 429 means to it.
pub(crate) trait Turns<'p> {
    /// Waits until the request may go out. The error says why it may not: what the caller gets if
    /// nothing was sent yet.
    fn wait(&mut self, call: &mut Call, report: &mut Report) -> Result<Go<'p>, Error>;

    /// Whose request it is.
    fn sender(&self) -> Sender;

    /// Takes note of how an attempt ended. Whether it was a 429 that holds back others too: then the
    /// item only waits like they do, and it costs no retry.
    fn note(&mut self, sent: Instant, result: &Result<Reply, Fault>) -> bool;

    /// Waits before a retry.
    fn pause(&self, call: &Call, time: Duration) -> Result<(), Fault>;

    /// How many retries there are.
    fn retries(&self, result: &Result<Reply, Fault>) -> u32;
}

/// Leave to send a request.
pub(crate) struct Go<'a> {
    pub(crate) turn: Turn<'a>,
    /// Of a fleet, counted as under way as long as this lives.
    pub(crate) start: Option<Start<'a>>,
}

/// Sends the request until that is settled. The call's deadline is the item's own; what the turns
/// leave out of it, they add to it.
pub(crate) fn exchange<'p>(
    client: &Client,
    call: &mut Call,
    request: &Request,
    turns: &mut impl Turns<'p>,
    report: &mut Report,
) -> Result<Reply, Error> {
    call.log.describe(request);
    let mut retries = 0;
    let mut last: Option<Result<Reply, Fault>> = None;
    loop {
        let go = match turns.wait(call, report) {
            Ok(go) => go,
            // The server's own answer says more than that there was no turn for another attempt.
            Err(error) => {
                return match last {
                    Some(result) if !call.cancel.is_cancelled() => Ok(result?),
                    _ => Err(error),
                };
            }
        };
        let Go { turn, start } = go;
        turn.used();
        let sent = Instant::now();
        let sender = turns.sender();
        let result = client.attempt(call, request, report, sender);
        drop(start);
        if !turns.note(sent, &result) {
            if retry::is_final(&result) || retries >= turns.retries(&result) {
                return Ok(result?);
            }
            let pause = retry::pause(retries, report.retry_after);
            if pause >= call.remaining() {
                return Ok(result?);
            }
            call.log.warn("retry", |record| {
                match &result {
                    Ok(reply) => record.word("why", reply.status),
                    Err(fault) => record.text("why", &fault.message),
                };
                record.ms("wait_ms", pause);
            });
            turns.pause(call, pause)?;
            retries += 1;
        }
        last = Some(result);
    }
}

/// The turns of a single call: it waits for the caller's own cap, within its deadline.
pub(crate) struct Single<'c>(pub(crate) &'c Client);

impl<'c> Turns<'c> for Single<'c> {
    fn wait(&mut self, call: &mut Call, report: &mut Report) -> Result<Go<'c>, Error> {
        match self.0.shared.pace.take_turn(Some(call.deadline)) {
            Ok(turn) => {
                if let Some(time) = turn.time() {
                    call.log.hold(Hold::Cap, time);
                    call.pause_until(time)?;
                }
                Ok(Go { turn, start: None })
            }
            Err(wait) => {
                if report.attempts == 0 {
                    report.retry_after = Some(wait);
                }
                let message = "the cap that requests_per_minute sets leaves no turn before the deadline: raise either";
                Err(Error::new(Code::RateLimited, message))
            }
        }
    }

    fn sender(&self) -> Sender {
        Sender::Single
    }

    fn note(&mut self, _: Instant, _: &Result<Reply, Fault>) -> bool {
        false
    }

    fn pause(&self, call: &Call, time: Duration) -> Result<(), Fault> {
        call.pause(time)
    }

    fn retries(&self, _: &Result<Reply, Fault>) -> u32 {
        self.0.shared.max_retries
    }
}
