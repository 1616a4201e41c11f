//! When the next request of a client and its kin may go out.
//!
//! Three things hold it back: the caller's own cap, the server's window as its replies tell it
//! ([`Window`]), and where they tell nothing, what was found out by being refused ([`Trial`]).
//! Single calls wait for the cap alone, so that one of them is never slow for the sake of others;
//! the calls of a fleet wait for all three.

#[cfg(test)]
mod tests;
mod trial;
mod window;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::header::{HeaderMap, RETRY_AFTER};

use self::trial::Trial;
use self::window::Window;
use crate::process::PerProcess;
use crate::rate_limit::{self, Standing};
use crate::retry;

/// While nothing is known of the limit one more request may be under way after each reply, and
/// after so long, lest one slow reply hold up all.
const PATIENCE: Duration = Duration::from_millis(250);

/// The pace of a client, shared by all threads and by all clients derived from it.
pub(crate) struct Pace {
    /// Between two requests under the caller's cap; zero for no cap.
    interval: Duration,
    state: PerProcess<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The next turn under the caller's cap.
    next_turn: Option<Instant>,
    /// When the fleet's last request was due, which is when it went out or a little before.
    last_start: Option<Instant>,
    /// The fleet's requests under way.
    in_flight: u32,
    /// A refusal holds all back from `paused_at` until then.
    paused_until: Option<Instant>,
    paused_at: Option<Instant>,
    /// Pauses since a request last got through.
    pauses: u32,
    window: Option<Window>,
    trial: Trial,
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

    /// When a single call's next request may be sent, which takes that turn; or how long the wait
    /// would be if that is past `deadline`, which takes none.
    pub(crate) fn take_turn(&self, deadline: Instant) -> Result<Option<Instant>, Duration> {
        if self.interval.is_zero() {
            return Ok(None);
        }
        let mut state = self.state();
        let now = Instant::now();
        let turn = state.next_turn.map_or(now, |next| next.max(now));
        if turn > deadline {
            return Err(turn - now);
        }
        state.next_turn = Some(turn + self.interval);
        Ok((turn > now).then_some(turn))
    }

    /// Lets a request of a fleet go out now, or tells when to ask again: sooner if a reply comes.
    pub(crate) fn start(&self, now: Instant) -> Result<Start<'_>, Instant> {
        let mut state = self.state();
        state.start(now, self.interval)?;
        Ok(Start { pace: self })
    }

    /// Learns from the reply to a request that was sent at `sent`. That no limit was told says
    /// something as well, if the request is one of those that the pace lets out.
    pub(crate) fn learn(&self, sent: Instant, status: u16, headers: &HeaderMap, sender: Sender) {
        if sender != Sender::Single || status == 429 || headers.contains_key(rate_limit::REMAINING) {
            self.state().learn(sent, Instant::now(), status, headers, sender);
        }
    }

    /// When the pause after the last refusal is over, or was.
    pub(crate) fn resumes(&self) -> Instant {
        self.state().paused_until.unwrap_or_else(Instant::now)
    }

    pub(crate) fn limit(&self) -> Option<RateLimit> {
        let state = self.state();
        let window = state.window.as_ref()?;
        let resets_in = window.end().saturating_duration_since(Instant::now());
        Some(RateLimit { limit: window.limit, remaining: window.remaining, resets_in })
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
    fn start(&mut self, now: Instant, cap: Duration) -> Result<(), Instant> {
        let due = self.due(now);
        let turn = self.next_turn.filter(|_| !cap.is_zero());
        if let Some(until) = due.max(turn).filter(|until| *until > now) {
            return Err(until);
        }
        // One that woke late does not put off those behind it, unless it was very late.
        let at = |due: Option<Instant>, interval: Duration| due.filter(|due| now < *due + interval).unwrap_or(now);
        if !cap.is_zero() {
            self.next_turn = Some(at(turn, cap) + cap);
        }
        self.last_start = Some(at(due, self.trial.interval().unwrap_or_default()));
        self.in_flight += 1;
        Ok(())
    }

    /// When the server may be sent the next request; `None` for now.
    fn due(&mut self, now: Instant) -> Option<Instant> {
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Some(until);
        }
        if let Some(window) = &mut self.window {
            window.roll(now);
            return window.next(self.last_start, self.in_flight);
        }
        let wait = if self.in_flight < self.trial.at_once() { self.trial.interval()? } else { PATIENCE };
        Some(self.last_start? + wait)
    }

    fn learn(&mut self, sent: Instant, received: Instant, status: u16, headers: &HeaderMap, sender: Sender) {
        let standing = Standing::read(headers);
        match (standing, &mut self.window) {
            (Some(standing), Some(window)) => window.learn(standing, sent, received),
            (Some(standing), None) => self.window = Some(Window::first(standing, sent, received)),
            (None, _) => {}
        }
        if status == 429 {
            if sender == Sender::RefusedAlone {
                return;
            }
            // The window knows its end better than the header's whole seconds do.
            let asked = match standing {
                Some(_) if !headers.contains_key(RETRY_AFTER) => None,
                _ => rate_limit::asked_wait(status, headers),
            };
            self.refused(sent, received, standing.is_some(), asked);
            return;
        }
        self.pauses = 0;
        if standing.is_none() && sender != Sender::Single {
            // A window was told of once, for one reply perhaps, and is no more.
            if self.window.as_ref().is_some_and(Window::is_assumed) {
                self.window = None;
            }
            self.trial.passed(sent, received);
        }
    }

    /// A refusal holds everyone back. Others that were under way when it came say nothing new.
    fn refused(&mut self, sent: Instant, received: Instant, told: bool, asked: Option<Duration>) {
        if self.paused_at.is_some_and(|at| sent < at) {
            return;
        }
        let pause = match (told, asked) {
            (false, None) => self.trial.pause(sent, received),
            _ => retry::pause(self.pauses, asked),
        };
        self.pauses = self.pauses.saturating_add(1);
        self.paused_at = Some(received);
        self.paused_until = Some(received + pause);
        if let Some(window) = &mut self.window {
            window.distrust_length();
        }
    }
}
