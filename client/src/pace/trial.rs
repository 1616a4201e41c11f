//! The limit of a server that does not tell it.

use std::time::{Duration, Instant};

/// What is found out of the limit where no reply tells it: how many requests got through from
/// one moment at which the window was fresh to the next.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// When the first of them was through.
    since: Option<Instant>,
    passed: u32,
    /// When the last to get through did.
    last: Option<Instant>,
    /// When one was refused, so that the next to get through opens a new window.
    refused: Option<Instant>,
    interval: Option<Duration>,
    /// How many got through when the interval was measured.
    a_window: u32,
    /// Doubles with each that gets through, from 0.
    doublings: u32,
}

impl Trial {
    /// The usual window; it decides when to look whether a new one has begun, and no more.
    const USUAL: Duration = Duration::from_secs(60);
    /// So much slower than was measured, and so much faster with each window without a refusal.
    const SLOWER: f64 = 1.005;
    const FASTER: f64 = 0.02;
    const IDLE: Duration = Duration::from_secs(5);

    /// The time between two requests, once that was found out.
    pub(crate) fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// How many may be under way: one at first, and after a refusal.
    pub(crate) fn at_once(&self) -> u32 {
        1_u32.checked_shl(self.doublings).unwrap_or(u32::MAX)
    }

    pub(crate) fn passed(&mut self, sent: Instant, received: Instant) {
        self.forget_what_is_old(sent);
        self.doublings = self.doublings.saturating_add(1);
        self.last = Some(received);
        let opens_window = self.refused.take_if(|refused| sent >= *refused).is_some();
        if opens_window {
            if let Some(since) = self.since.filter(|_| self.passed > 0) {
                let interval = sent.saturating_duration_since(since) / self.passed;
                self.interval = Some(interval.mul_f64(Self::SLOWER));
                self.a_window = self.passed;
            }
            self.since = Some(received);
            self.passed = 1;
        } else {
            self.since.get_or_insert(received);
            self.passed = self.passed.saturating_add(1);
            let faster = 1.0 - Self::FASTER / f64::from(self.a_window.max(1));
            self.interval = self.interval.map(|interval| interval.mul_f64(faster));
        }
    }

    /// How long to wait after a refusal before the next try: a part of the time that it has been
    /// going on, or until the usual window is over.
    pub(crate) fn pause(&mut self, sent: Instant, received: Instant) -> Duration {
        self.forget_what_is_old(sent);
        self.refused = Some(received);
        self.doublings = 0;
        let since = *self.since.get_or_insert(sent);
        let pause = ((received - since) / 4).clamp(Duration::from_millis(100), Duration::from_secs(8));
        let usual = (since + Self::USUAL).saturating_duration_since(received);
        if usual.is_zero() { pause } else { pause.min(usual) }
    }

    /// After a time with nothing to send, the requests that got through before say nothing of a
    /// rate.
    fn forget_what_is_old(&mut self, sent: Instant) {
        let idle = Self::IDLE.max(self.interval.unwrap_or_default() * 3);
        if self.refused.is_none() && self.last.is_some_and(|last| sent > last + idle) {
            self.since = None;
            self.passed = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_measured_from_window_to_window() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let mut trial = Trial::default();
        for request in 0..100 {
            assert_eq!(trial.interval(), None);
            trial.passed(at(request * 10), at(request * 10 + 5));
        }
        assert_eq!(trial.pause(at(1000), at(1005)), Duration::from_millis(250));
        // One that was under way meanwhile opens no window.
        trial.passed(at(1000), at(1010));
        assert_eq!((trial.interval(), trial.at_once()), (None, 2));
        trial.passed(at(10_105), at(10_110));
        let interval = trial.interval().unwrap();
        assert!(interval > Duration::from_millis(100) && interval < Duration::from_millis(101), "{interval:?}");

        // An hour without a request does not make it slow.
        trial.passed(at(3_600_000), at(3_600_005));
        trial.pause(at(3_600_010), at(3_600_015));
        trial.passed(at(3_600_500), at(3_600_505));
        assert!(trial.interval().unwrap() < Duration::from_secs(1));
    }
}
