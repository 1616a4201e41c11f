//! The window of the server's rate limit, put together from what single replies tell of it.
//!
//! Headers are cut to seconds and replies arrive out of order, so the window's end is kept as the
//! two bounds that every reply narrows, and the requests left as the least that any reply told.

use std::time::{Duration, Instant};

use crate::rate_limit::Standing;

/// By one part in so many the server's clock may be slower than ours: twice what is usual while a
/// clock is being set right.
const CLOCK_DRIFT: u32 = 1000;

/// One window, from the first reply that told of it.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) limit: u32,
    /// The least that a reply has left, and when that one came: a request sent later that is told
    /// more belongs to a newer window.
    pub(crate) remaining: u32,
    told: Instant,
    /// When the request that first told of this window was sent, and its reply came.
    sent: Instant,
    received: Instant,
    /// Whether that was close to the window's start.
    whole: bool,
    /// The window ends between these.
    earliest: Instant,
    latest: Instant,
    /// From one window's start to the next's, as measured; finer than what headers tell.
    length: Option<Duration>,
    /// How long a window lasts at most, by the headers.
    span: Duration,
    /// Whether this window is a guess, made because the last one must be over.
    assumed: bool,
}

impl Window {
    pub(crate) fn first(standing: Standing, sent: Instant, received: Instant) -> Window {
        Window {
            limit: standing.limit,
            remaining: standing.remaining,
            told: received,
            sent,
            received,
            whole: is_fresh(standing),
            earliest: sent + standing.at_least,
            latest: received + standing.at_most,
            length: None,
            span: standing.at_most,
            assumed: false,
        }
    }

    /// Takes in what the reply to a request sent at `sent` told at `received`.
    pub(crate) fn learn(&mut self, standing: Standing, sent: Instant, received: Instant) {
        if sent < self.sent {
            return;
        }
        let (earliest, latest) = (sent + standing.at_least, received + standing.at_most);
        let refilled = standing.remaining > self.remaining && sent >= self.told;
        if self.assumed || refilled || earliest > self.latest {
            self.open(standing, sent, received);
            return;
        }
        if standing.remaining < self.remaining {
            self.remaining = standing.remaining;
            self.told = received;
        }
        self.limit = standing.limit;
        self.earliest = self.earliest.max(earliest);
        self.latest = self.latest.min(latest);
        if self.earliest > self.latest {
            (self.earliest, self.latest) = (earliest, latest);
        }
    }

    /// Goes over to the window that this reply is the first to tell of.
    fn open(&mut self, standing: Standing, sent: Instant, received: Instant) {
        // A window of which only the end was seen measures too short; the headers say so.
        let measured = (self.whole && is_fresh(standing)).then(|| received - self.sent);
        let length = self.length.into_iter().chain(measured).filter(|length| *length >= standing.at_least).min();
        let span = if standing.limit == self.limit { self.span.max(standing.at_most) } else { standing.at_most };
        *self = Window { length, span, ..Window::first(standing, sent, received) };
    }

    /// Once it must be over, a new window is taken for granted until a reply tells of it. What
    /// is known of this one's start stays, to be measured against.
    pub(crate) fn roll(&mut self, now: Instant) {
        if now >= self.end() {
            self.remaining = self.limit;
            self.earliest = now;
            self.latest = now + self.span;
            self.assumed = true;
        }
    }

    /// When it is over, as well as can be told, and rather late than early.
    pub(crate) fn end(&self) -> Instant {
        let end = match self.length {
            // The first request that was seen of a window may have come an interval after its start.
            Some(length) if !self.assumed => {
                let late = self.received + length + self.span / self.limit.max(1);
                late.max(self.earliest).min(self.latest)
            }
            _ => self.latest,
        };
        end + self.span / CLOCK_DRIFT
    }

    pub(crate) fn is_assumed(&self) -> bool {
        self.assumed
    }

    /// A request was refused, so it may have been measured wrongly.
    pub(crate) fn distrust_length(&mut self) {
        self.length = None;
    }

    /// When the next request may go out, the last one having gone at `last` and `in_flight` being
    /// under way, for those left to be spread over the time left.
    pub(crate) fn next(&self, last: Option<Instant>, in_flight: u32) -> Option<Instant> {
        // Those under way may not have been counted by the server when it told what remains.
        let left = self.remaining.saturating_sub(in_flight);
        if left == 0 {
            return Some(self.end());
        }
        let last = last?;
        let time = self.end().saturating_duration_since(last);
        Some(last + time / left.saturating_add(1))
    }
}

/// Whether nothing of the window was used before, so that it had only just begun.
fn is_fresh(standing: Standing) -> bool {
    standing.limit - standing.remaining <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn standing(remaining: u32, at_least: u64, at_most: u64) -> Standing {
        Standing { limit: 600, remaining, at_least: secs(at_least), at_most: secs(at_most) }
    }

    #[test]
    fn bounds_narrow_and_the_least_counts() {
        let before = Instant::now();
        let at = |ms| before + secs(1) + Duration::from_millis(ms);
        let mut window = Window::first(standing(599, 59, 60), at(0), at(10));
        assert_eq!((window.earliest, window.latest), (at(59_000), at(60_010)));
        // Two replies that passed each other on the way.
        window.learn(standing(590, 58, 59), at(1100), at(1110));
        window.learn(standing(591, 58, 59), at(1090), at(1120));
        assert_eq!(window.remaining, 590);
        assert_eq!((window.earliest, window.latest), (at(59_100), at(60_010)));
        // One to a request from before the window was known.
        window.learn(standing(3, 0, 1), before, at(1200));
        assert_eq!(window.remaining, 590);
    }

    #[test]
    fn a_refill_is_a_new_window() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let mut window = Window::first(standing(599, 58, 60), at(0), at(10));
        window.learn(standing(2, 0, 2), at(59_000), at(59_010));
        window.learn(standing(599, 58, 60), at(59_500), at(59_510));
        assert_eq!(window.remaining, 599);
        assert_eq!(window.length, Some(Duration::from_millis(59_510)));
        // An interval later, for the first request may have been late, and what the clocks differ.
        assert_eq!(window.end(), at(59_510 + 59_510 + 100 + 60));
        // The next one is over for sure, and nothing was heard of its successor.
        window.learn(standing(0, 0, 1), at(118_900), at(118_910));
        assert_eq!(window.next(Some(at(118_900)), 0), Some(window.end()));
        window.roll(window.end());
        assert_eq!(window.remaining, 600);
    }

    #[test]
    fn what_is_left_is_spread() {
        let zero = Instant::now();
        let window = Window::first(standing(599, 59, 60), zero, zero);
        assert_eq!(window.next(None, 0), None);
        assert_eq!(window.next(Some(zero), 0), Some(zero + Duration::from_micros(100_100)));
        assert_eq!(window.next(Some(zero), 599), Some(zero + Duration::from_millis(60_060)));
    }
}
