//! What the sandbox saw: a record of each request, and counts.

use std::collections::VecDeque;

use serde::Serialize;

use crate::limits::Window;
use crate::state::Side;

/// How many requests are remembered; the oldest go first.
pub const JOURNAL_LENGTH: usize = 100_000;

/// A request as the sandbox received it, and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The side that it came to.
    pub side: Side,
    /// The connection that it came over: 1 for the first that was accepted, and so on.
    pub connection: u64,
    /// The client's port of that connection.
    pub peer_port: u16,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The first on-behalf-of header, if there was one.
    pub on_behalf_of: Option<String>,
    /// All headers in their order, with names in the letter case that they came in.
    pub headers: Vec<(String, String)>,
    /// The body; bytes that are not UTF-8 are replaced.
    pub body: String,
    /// The status answered; none if a fault kept it from the wire.
    pub status: Option<u16>,
    /// When its head and body were read, in microseconds since the sandbox started.
    pub at_us: u64,
}

impl Record {
    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What the sandbox counted since its start or its last reset. Requests to the admin paths, and
/// connections that carried nothing else, are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Connections accepted.
    pub connections: u64,
    /// TLS handshakes, by how they went.
    pub handshakes: Handshakes,
    /// Requests received.
    pub requests: u64,
    /// Windows of the rate limit, in the order of their start for each side.
    pub windows: Vec<Window>,
}

/// TLS handshakes, by how they went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Handshakes {
    /// With the certificate shown.
    pub full: u64,
    /// With a ticket of an earlier one.
    pub resumed: u64,
    /// Broken off, for example by a client that does not trust the certificate.
    pub failed: u64,
}

/// How a connection came to be, for the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    Plain,
    FullHandshake,
    ResumedHandshake,
}

/// The records and the counts.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    records: VecDeque<Record>,
    requests: u64,
    connections: u64,
    handshakes: Handshakes,
}

impl Journal {
    pub fn accepted(&mut self) {
        self.connections += 1;
    }

    pub fn opened(&mut self, opening: Opening) {
        if let Some(count) = self.handshake(opening) {
            *count += 1;
        }
    }

    pub fn handshake_failed(&mut self) {
        self.handshakes.failed += 1;
    }

    /// Takes a connection back out of the counts: it turned out to be an admin's.
    pub fn discount(&mut self, opening: Opening) {
        self.connections = self.connections.saturating_sub(1);
        if let Some(count) = self.handshake(opening) {
            *count = count.saturating_sub(1);
        }
    }

    /// Counts a connection again that was discounted.
    pub fn recount(&mut self, opening: Opening) {
        self.accepted();
        self.opened(opening);
    }

    fn handshake(&mut self, opening: Opening) -> Option<&mut u64> {
        match opening {
            Opening::Plain => None,
            Opening::FullHandshake => Some(&mut self.handshakes.full),
            Opening::ResumedHandshake => Some(&mut self.handshakes.resumed),
        }
    }

    pub fn record(&mut self, record: Record) {
        self.requests += 1;
        if self.records.len() == JOURNAL_LENGTH {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub fn requests(&self) -> u64 {
        self.requests
    }

    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    pub fn stats(&self, windows: Vec<Window>) -> Stats {
        Stats { connections: self.connections, handshakes: self.handshakes, requests: self.requests, windows }
    }
}
