//! Why one attempt failed before there was a reply.

use std::fmt;
use std::time::Instant;

use crate::{Code, Error};

/// A failure of the connection or of the exchange on it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Whether a retry may succeed: true for failures of the connection, DNS included.
    pub(crate) transient: bool,
}

impl Fault {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), transient: false }
    }

    pub(crate) fn transient(code: Code, message: impl Into<String>) -> Fault {
        Fault { transient: true, ..Fault::new(code, message) }
    }

    pub(crate) fn cancelled() -> Fault {
        Fault::new(Code::Cancelled, "the call was cancelled")
    }

    pub(crate) fn timeout(doing: &str, started: Instant, now: Instant, by_connect_limit: bool) -> Fault {
        let spent = now.saturating_duration_since(started).as_millis();
        if by_connect_limit {
            let message = format!("{doing} took longer than the connect timeout ({spent} ms into the call)");
            return Fault::transient(Code::Timeout, message);
        }
        Fault::new(Code::Timeout, format!("the deadline passed after {spent} ms while {doing}"))
    }

    /// The connection broke while a request or reply was on it. Asking again does no harm: the update
    /// says the same thing however often it is sent.
    pub(crate) fn broken(what: impl fmt::Display) -> Fault {
        Fault::transient(Code::Io, format!("the connection broke during the call: {what}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::new(fault.code, fault.message)
    }
}
