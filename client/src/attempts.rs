//! The retry loop, for single calls and for the items of a fleet: sends one request until the reply is
//! final, the retries are used up, or the deadline leaves no time for another.

use std::time::{Duration, Instant};

use crate::call::Call;
use crate::fault::Fault;
use crate::log::{Hold, Record};
use crate::net::Reply;
use crate::pace::{Sender, Start, Turn};
use crate::rate_limit::Standing;
use crate::request::Request;
use crate::service::Shared;
use crate::{Code, Error, Report, rate_limit, retry};

/// What a request waits for before each attempt, and what a 429 means to it.
pub(crate) trait Turns<'p> {
    /// Waits until the request may go out. The error says why it may not: what the caller gets if
    /// nothing was sent yet.
    fn wait(&mut self, call: &mut Call, report: &mut Report) -> Result<Go<'p>, Error>;

    /// Whose request it is.
    fn sender(&self) -> Sender;

    /// Records how an attempt ended. True for a 429 that concerns the whole account: the item then
    /// waits with the others, and no retry is used up.
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

/// Sends the request until the result is final. Waits that do not count toward the deadline are added
/// to it by `turns`.
pub(crate) fn exchange<'p>(
    shared: &Shared,
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
        let result = attempt(shared, call, request, report, sent, sender);
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

/// Sends the request, at `sent`, and takes in what the reply tells.
fn attempt(
    shared: &Shared,
    call: &Call,
    request: &Request,
    report: &mut Report,
    sent: Instant,
    sender: Sender,
) -> Result<Reply, Fault> {
    let (result, times) = shared.service.pool.exchange(request, call);
    report.attempts = report.attempts.saturating_add(times);
    report.retry_after = None;
    if let Ok(reply) = &result {
        report.http_status = Some(reply.status);
        if retry::is_worth_repeating(reply.status) {
            report.retry_after = rate_limit::asked_wait(reply.status, &reply.headers);
        }
        call.log.reply(|record| describe(reply, report.retry_after, record));
        shared.pace.learn(sent, reply.status, &reply.headers, sender);
    }
    result
}

/// What the log says of a reply.
fn describe(reply: &Reply, retry_after: Option<Duration>, record: &mut Record) {
    record.word("status", reply.status);
    match &reply.body {
        Ok(body) => record.word("bytes", body.len()),
        Err(fault) => record.text("why", &fault.message),
    };
    if let Some(wait) = retry_after {
        record.ms("retry_after_ms", wait);
    }
    if let Some(standing) = Standing::read(&reply.headers) {
        record.word("limit", standing.limit).word("remaining", standing.remaining).ms("resets_ms", standing.at_most);
    }
}

/// The turns of a single call: it waits for the caller's own cap, within its deadline.
pub(crate) struct Single<'s>(pub(crate) &'s Shared);

impl<'s> Turns<'s> for Single<'s> {
    fn wait(&mut self, call: &mut Call, report: &mut Report) -> Result<Go<'s>, Error> {
        match self.0.pace.take_turn(Some(call.deadline)) {
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
        self.0.max_retries
    }
}
