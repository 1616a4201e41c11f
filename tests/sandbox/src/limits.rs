//! The rate limit: so many requests in a window that begins with its first one.

use std::time::Duration;

use serde::Serialize;

use crate::state::Side;

/// What happened in one window of the rate limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// The side whose account it belongs to.
    pub side: Side,
    /// When its first request came, in microseconds since the sandbox started.
    pub started_us: u64,
    /// When it ends, on the same clock.
    pub ends_us: u64,
    /// Requests let through.
    pub allowed: u32,
    /// Requests answered 429.
    pub refused: u32,
}

/// Where a request stands in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub allowed: bool,
    pub limit: u32,
    pub remaining: u32,
    pub resets_in: Duration,
}

/// The limit of one side.
#[derive(Debug)]
pub(crate) struct Limiter {
    side: Side,
    limit: u32,
    length: Duration,
    windows: Vec<Window>,
}

impl Limiter {
    pub fn new(side: Side, limit: u32, length: Duration) -> Self {
        Self { side, limit, length, windows: Vec::new() }
    }

    /// Counts a request that came `now`, on the sandbox's clock.
    pub fn admit(&mut self, now: Duration) -> Standing {
        let now = micros(now);
        if self.windows.last().is_none_or(|last| now >= last.ends_us) {
            self.windows.push(Window {
                side: self.side,
                started_us: now,
                ends_us: now + micros(self.length),
                allowed: 0,
                refused: 0,
            });
        }
        let last = self.windows.len() - 1;
        let window = &mut self.windows[last];
        let allowed = window.allowed < self.limit;
        if allowed {
            window.allowed += 1;
        } else {
            window.refused += 1;
        }
        Standing {
            allowed,
            limit: self.limit,
            remaining: self.limit - window.allowed,
            resets_in: Duration::from_micros(window.ends_us - now),
        }
    }

    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    pub fn reset(&mut self) {
        self.windows.clear();
    }
}

/// A time on the sandbox's clock as the whole microseconds that it is reported in.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Whole seconds, rounded up: a client that waits them has waited long enough.
pub(crate) fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_with_its_first_request() {
        let mut limiter = Limiter::new(Side::Global, 2, Duration::from_secs(10));
        let mut admit = |ms| limiter.admit(Duration::from_millis(ms));
        assert_eq!(admit(5_000).remaining, 1);
        let last = admit(14_000);
        assert_eq!((last.allowed, last.remaining), (true, 0));
        assert_eq!(last.resets_in, Duration::from_secs(1));
        assert!(!admit(14_999).allowed);
        assert!(admit(15_000).allowed);
        let counts: Vec<_> = limiter.windows().iter().map(|window| (window.allowed, window.refused)).collect();
        assert_eq!(counts, [(2, 1), (1, 0)]);
    }

    #[test]
    fn seconds_round_up() {
        for (ms, seconds) in [(0, 0), (1, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(seconds_up(Duration::from_millis(ms)), seconds, "{ms} ms");
        }
    }
}
