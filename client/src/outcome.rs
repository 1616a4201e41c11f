//! What a call that went well answers, and what is known of any call.

use std::time::Duration;

/// What the server reports, and what is known of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Whether open tracking is on.
    pub enabled: bool,
    /// Status, attempts, and the time spent.
    pub report: Report,
}

/// What is known of a call beside its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The HTTP status of the last response; `None` if none arrived.
    pub http_status: Option<u16>,
    /// Requests sent, the first included; 0 if none was.
    pub attempts: u32,
    /// The wait that the server asked for, at most an hour; `None` if it named none.
    pub retry_after: Option<Duration>,
    /// The whole call, waits included.
    pub elapsed: Duration,
}
