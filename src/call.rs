//! One call: when it must end, and who may end it earlier.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::fault::Fault;

/// A call under way. Cheap to copy: the connection it uses holds one.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
    pub(crate) cancel: Arc<Cancel>,
}

impl Call {
    pub(crate) fn start(timeout: Duration, cancel: &Arc<Cancel>) -> Call {
        let started = Instant::now();
        Call { started, deadline: started + timeout, cancel: Arc::clone(cancel) }
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
    /// The same limit, said of another thing.
    pub(crate) fn named(self, doing: &'static str) -> Step<'a> {
        Step { doing, ..self }
    }

    /// The time left, never zero; a fault when there is none or the call was cancelled.
    pub(crate) fn time_left(&self) -> Result<Duration, Fault> {
        if self.call.cancel.is_cancelled() {
            return Err(Fault::cancelled());
        }
        let now = Instant::now();
        match self.deadline.checked_duration_since(now) {
            Some(left) if !left.is_zero() => Ok(left),
            _ => Err(Fault::timeout(self.doing, self.call.started, now, self.deadline < self.call.deadline)),
        }
    }
}
