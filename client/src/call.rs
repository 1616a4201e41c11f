//! One call: when it must end, and who may end it earlier.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::fault::Fault;
use crate::log::CallLog;
use crate::{Code, Error, Outcome, Report, process};

/// The error message of a call that was forked into a child process.
pub(crate) const FORKED: &str =
    "the process forked inside a callback, and this is the child: if it needs the result, make the call again here";

/// A call under way. Cheap to copy: the connection it uses holds one.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
    pub(crate) cancel: Arc<Cancel>,
    pub(crate) log: CallLog,
    /// The process that makes it. A child that is forked in a callback has its connection in common
    /// with it.
    process: u32,
}

impl Call {
    pub(crate) fn start(timeout: Duration, cancel: &Arc<Cancel>) -> Call {
        let started = Instant::now();
        let (log, process) = (CallLog::default(), process::generation());
        Call { started, deadline: started + timeout, cancel: Arc::clone(cancel), log, process }
    }

    /// The same call, with what it does in the log.
    pub(crate) fn telling(self, log: CallLog) -> Call {
        Call { log, ..self }
    }

    /// Ends the call: its outcome, from the setting that was read and what is known besides.
    pub(crate) fn end(self, result: Result<bool, Error>, mut report: Report) -> Result<Outcome, Error> {
        report.elapsed = self.started.elapsed();
        self.log.end(&report, result.as_ref().ok().copied(), result.as_ref().err());
        match result {
            Ok(enabled) => Ok(Outcome { enabled, report }),
            Err(error) => Err(error.with_report(report)),
        }
    }

    /// Restarts the call's clock: the wait until now does not count toward the deadline.
    pub(crate) fn restart(&mut self) {
        let timeout = self.deadline - self.started;
        self.started = Instant::now();
        self.deadline = self.started + timeout;
    }

    /// Leaves a wait out of what the call may last.
    pub(crate) fn extend(&mut self, wait: Duration) {
        self.deadline += wait;
    }

    /// The same call, to end earlier.
    pub(crate) fn within(&self, limit: Duration) -> Call {
        Call { deadline: self.deadline.min(Instant::now() + limit), ..self.clone() }
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Waits, unless the call is cancelled.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Fault> {
        self.pause_until(Instant::now() + time)
    }

    pub(crate) fn pause_until(&self, time: Instant) -> Result<(), Fault> {
        self.cancel.sleep_until(time);
        if self.cancel.is_cancelled() { Err(Fault::cancelled()) } else { Ok(()) }
    }

    /// The part of the call that is `doing` something, for as long as the call may last.
    pub(crate) fn step(&self, doing: &'static str) -> Step<'_> {
        Step { call: self, deadline: self.deadline, doing }
    }

    /// The same for at most `limit`.
    pub(crate) fn step_within(&self, limit: Duration, doing: &'static str) -> Step<'_> {
        Step { call: self, deadline: self.deadline.min(Instant::now() + limit), doing }
    }
}

/// A part of a call with a limit of its own and a name for the message when that passes.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) call: &'a Call,
    deadline: Instant,
    doing: &'static str,
}

impl<'a> Step<'a> {
    /// The same deadline, with another name for the timeout message.
    pub(crate) fn named(self, doing: &'static str) -> Step<'a> {
        Step { doing, ..self }
    }

    /// The time left, never zero; a fault when there is none or the call was cancelled.
    pub(crate) fn time_left(&self) -> Result<Duration, Fault> {
        if self.call.cancel.is_cancelled() {
            return Err(Fault::cancelled());
        }
        if self.call.process != process::generation() {
            return Err(Fault::new(Code::Cancelled, FORKED));
        }
        let now = Instant::now();
        match self.deadline.checked_duration_since(now) {
            Some(left) if !left.is_zero() => Ok(left),
            _ => Err(Fault::timeout(self.doing, self.call.started, now, self.deadline < self.call.deadline)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_step_has_no_more_time_than_its_limit_and_its_call(
            timeout in 1..5_000_000_000_u64,
            limit in 1..5_000_000_000_u64,
        ) {
            let (timeout, limit) = (Duration::from_millis(timeout), Duration::from_millis(limit));
            let call = Call::start(timeout, &Arc::default());
            let step = call.step_within(limit, "testing");
            match step.time_left() {
                Ok(left) => prop_assert!(left <= timeout.min(limit) && !left.is_zero()),
                Err(fault) => prop_assert_eq!(fault.code, Code::Timeout),
            }
            prop_assert!(call.remaining() <= timeout);
            prop_assert_eq!(step.named("other").deadline, step.deadline);
        }

        #[test]
        fn a_limit_that_passed_is_told_from_a_deadline_that_did(timeout in 0..100_u64, limit in 0..100_u64) {
            let call = Call::start(Duration::from_millis(timeout), &Arc::default());
            let step = call.step_within(Duration::from_millis(limit), "testing");
            let past = Step { call: &call, deadline: step.deadline.min(call.started), doing: step.doing };
            let fault = past.time_left().unwrap_err();
            prop_assert_eq!(fault.code, Code::Timeout);
            // Only another attempt at connecting may go better.
            prop_assert_eq!(fault.transient, past.deadline < call.deadline);
        }
    }
}
