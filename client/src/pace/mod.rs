//! When the next request of a client and its kin may go out: docs/pace.md, in code.
//!
//! Three things hold a request back: the caller's own [`Cap`], a hold after a 429, and the server's
//! [`Window`] as its replies tell it. Single calls wait for the cap alone; the calls of a fleet wait
//! for all three.

mod cap;
#[cfg(test)]
mod tests;
mod window;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::header::{HeaderMap, RETRY_AFTER};

use self::cap::Cap;
use self::window::Window;
use crate::process::PerProcess;
use crate::rate_limit::{self, Standing};
use crate::retry;

/// While the limit is unknown and as many requests are under way as may be, one more starts after this
/// long, so that a slow reply does not hold up the rest.
const PATIENCE: Duration = Duration::from_millis(250);

/// The pace of a client, shared by all threads and by all clients derived from it.
pub(crate) struct Pace {
    /// Between two requests under the caller's cap; zero for no cap.
    interval: Duration,
    state: PerProcess<Mutex<State>>,
}

#[derive(Default)]
struct State {
    cap: Cap,
    /// When the fleet's last request was due, which is when it went out or a little before.
    last_start: Option<Instant>,
    /// The fleet's requests under way.
    in_flight: u32,
    /// A 429 holds the fleet back from `held_at` until then.
    held_until: Option<Instant>,
    held_at: Option<Instant>,
    /// Holds since a request last got through.
    holds: u32,
    /// Replies that told no window since the first request or the last hold.
    passed: u32,
    window: Option<Window>,
}

/// Whose request it is that a reply is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Single,
    Fleet,
    /// An item of a fleet that was refused while others passed, whose further refusals say
    /// nothing of the account's limit.
    RefusedAlone,
}

/// The rate limit as the service last told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests that a window allows.
    pub limit: u32,
    /// Those that were left of them.
    pub remaining: u32,
    /// The time until the window ends.
    pub resets_in: Duration,
}

impl Pace {
    /// 0 means no cap.
    pub(crate) fn new(requests_per_minute: u32) -> Pace {
        let interval = Duration::from_secs(60).checked_div(requests_per_minute).unwrap_or_default();
        Pace { interval, state: PerProcess::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next turn under the caller's cap; or tells how long the wait would be, if that is
    /// past `deadline`, and takes none.
    pub(crate) fn take_turn(&self, deadline: Option<Instant>) -> Result<Turn<'_>, Duration> {
        if self.interval.is_zero() {
            return Ok(Turn { pace: self, at: None });
        }
        let now = Instant::now();
        let mut state = self.state();
        let turn = state.cap.earliest(now);
        if deadline.is_some_and(|deadline| turn > deadline) {
            return Err(turn - now);
        }
        state.cap.take(turn, self.interval);
        Ok(Turn { pace: self, at: Some(turn) })
    }

    /// Whether the server may be sent a request of a fleet now, or when to ask again: sooner if a
    /// reply comes.
    pub(crate) fn due(&self, now: Instant) -> Result<(), Instant> {
        self.state().due(now).filter(|due| *due > now).map_or(Ok(()), Err)
    }

    /// Lets a request of a fleet go out now, which counts as under way as long as the start lives.
    pub(crate) fn start(&self, now: Instant) -> Result<Start<'_>, Instant> {
        self.state().start(now)?;
        Ok(Start { pace: self })
    }

    /// Learns from the reply to a request that was sent at `sent`. That no limit was told says
    /// something as well, if the request is one of those that the pace lets out.
    pub(crate) fn learn(&self, sent: Instant, status: u16, headers: &HeaderMap, sender: Sender) {
        if sender != Sender::Single || status == 429 || headers.contains_key(rate_limit::REMAINING) {
            self.state().learn(sent, Instant::now(), status, headers, sender);
        }
    }

    /// When the hold after the last 429 is over, or was; `None` if there was none.
    pub(crate) fn resumes(&self) -> Option<Instant> {
        self.state().held_until
    }

    pub(crate) fn limit(&self) -> Option<RateLimit> {
        let state = self.state();
        let window = state.window.as_ref()?;
        let resets_in = window.end().saturating_duration_since(Instant::now());
        Some(RateLimit { limit: window.limit, remaining: window.remaining, resets_in })
    }
}

/// A turn under the caller's cap. One that is dropped before it was used goes to another.
pub(crate) struct Turn<'a> {
    pace: &'a Pace,
    at: Option<Instant>,
}

impl Turn<'_> {
    /// When it is; `None` for at once.
    pub(crate) fn time(&self) -> Option<Instant> {
        self.at
    }

    /// The request goes out.
    pub(crate) fn used(mut self) {
        self.at = None;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.at {
            self.pace.state().cap.give_back(turn, self.pace.interval);
        }
    }
}

/// A request of a fleet under way.
pub(crate) struct Start<'a> {
    pace: &'a Pace,
}

impl Drop for Start<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

impl State {
    fn start(&mut self, now: Instant) -> Result<(), Instant> {
        let due = self.due(now);
        if let Some(until) = due.filter(|until| *until > now) {
            return Err(until);
        }
        // One that woke late does not put off those behind it.
        self.last_start = Some(due.unwrap_or(now));
        self.in_flight += 1;
        Ok(())
    }

    /// When the server may be sent the next request; `None` for now.
    fn due(&mut self, now: Instant) -> Option<Instant> {
        if let Some(until) = self.held_until.filter(|until| *until > now) {
            return Some(until);
        }
        if let Some(window) = &mut self.window {
            window.roll(now);
            return window.next(self.last_start, self.in_flight);
        }
        // Twice as many with each reply: all that the caller allows within a few.
        let at_once = 1_u32.checked_shl(self.passed).unwrap_or(u32::MAX);
        if self.in_flight < at_once { None } else { Some(self.last_start? + PATIENCE) }
    }

    fn learn(&mut self, sent: Instant, received: Instant, status: u16, headers: &HeaderMap, sender: Sender) {
        let standing = Standing::read(headers);
        match (standing, &mut self.window) {
            (Some(standing), Some(window)) => window.learn(standing, sent, received),
            (Some(standing), None) => self.window = Some(Window::first(standing, sent, received)),
            (None, _) => {}
        }
        if status == 429 {
            if sender != Sender::RefusedAlone {
                // The window knows its end better than the header's whole seconds do.
                let asked = match standing {
                    Some(_) if !headers.contains_key(RETRY_AFTER) => None,
                    _ => rate_limit::asked_wait(status, headers),
                };
                self.refused(sent, received, asked);
            }
            return;
        }
        self.holds = 0;
        if standing.is_none() && sender != Sender::Single {
            // A window was told of once, for one reply perhaps, and is no more.
            if self.window.as_ref().is_some_and(Window::is_assumed) {
                self.window = None;
            }
            self.passed = self.passed.saturating_add(1);
        }
    }

    /// A refusal holds the fleet back for the time that the server named, else for a backoff. Others
    /// that were under way when it came lengthen the hold where they name a later time, and are no
    /// refusals of their own.
    fn refused(&mut self, sent: Instant, received: Instant, asked: Option<Duration>) {
        let is_new = self.held_at.is_none_or(|at| sent >= at);
        let hold = if is_new { retry::pause(self.holds, asked) } else { asked.unwrap_or_default() };
        self.held_until = self.held_until.max(Some(received + hold));
        if !is_new {
            return;
        }
        self.holds = self.holds.saturating_add(1);
        self.held_at = Some(received);
        self.passed = 0;
        if let Some(window) = &mut self.window {
            window.distrust_length();
        }
    }
}
