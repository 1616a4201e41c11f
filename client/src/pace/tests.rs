//! The pace against servers on a clock of their own.

use std::time::SystemTime;

use proptest::prelude::*;

use super::*;

#[test]
fn turns_are_evenly_spread() {
    let pace = Pace::new(600);
    let far = Instant::now() + Duration::from_secs(60);
    assert_eq!(pace.take_turn(far), Ok(None));
    let turns: Vec<_> = (0..5).map(|_| pace.take_turn(far).unwrap().unwrap()).collect();
    assert!(turns.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_millis(100)));
    let wait = pace.take_turn(Instant::now()).unwrap_err();
    assert!(wait > Duration::from_millis(400), "{wait:?}");
    assert_eq!(pace.take_turn(far).unwrap().unwrap() - turns[4], Duration::from_millis(100));
    assert_eq!(Pace::new(0).take_turn(Instant::now()), Ok(None));
}

/// How a server tells its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    Delta,
    Epoch,
    Not,
}

/// When a window begins.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Begins {
    WithItsFirstRequest,
    ByTheClock,
}

/// A server on a clock of its own, in milliseconds.
struct Server {
    limit: u32,
    window: u64,
    told: Told,
    begins: Begins,
    ends: u64,
    used: u32,
}

impl Server {
    const EPOCH: u64 = 1_800_000_000_400;

    fn answer(&mut self, now: u64) -> (u16, HeaderMap) {
        if now >= self.ends {
            self.used = 0;
            self.ends = match self.begins {
                Begins::WithItsFirstRequest => now + self.window,
                // It had been going on for 0.7 of its length when the run began.
                Begins::ByTheClock => {
                    let into = self.window * 7 / 10;
                    (now + into) / self.window * self.window + self.window - into
                }
            };
        }
        let status = if self.used < self.limit { 200 } else { 429 };
        self.used += u32::from(status == 200);
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: String| headers.insert(name, value.parse().unwrap());
        let at = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(Self::EPOCH + ms);
        set("date", httpdate::fmt_http_date(at(now)));
        let reset = match self.told {
            Told::Delta => (self.ends - now).div_ceil(1000),
            Told::Epoch => (Self::EPOCH + self.ends).div_ceil(1000),
            Told::Not => return (status, headers),
        };
        set("x-ratelimit-limit", self.limit.to_string());
        set("x-ratelimit-remaining", (self.limit - self.used).to_string());
        set("x-ratelimit-reset", reset.to_string());
        (status, headers)
    }
}

#[derive(Debug)]
struct Run {
    /// Of the rate that the limit allows.
    share: f64,
    refused: u32,
    /// After the first window.
    refused_later: u32,
}

/// Does `items` with 8 threads, in steps of a millisecond, each request taking some 40.
/// `other` is a client that sends one request each so many milliseconds.
fn run(mut server: Server, items: u32, other: Option<u64>) -> Run {
    let zero = Instant::now();
    let at = |ms| zero + Duration::from_millis(ms);
    // A linear congruential generator: the latency varies, and each run is the same.
    let mut random = 7_u64;
    let mut latency = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        12 + (random >> 33) % 13
    };
    let mut state = State::default();
    let mut under_way: Vec<(u64, u64, u64)> = Vec::new();
    let (mut done, mut refused, mut refused_later) = (0, 0, 0);
    let mut replies: Vec<(u64, u64, u16, HeaderMap)> = Vec::new();
    for now in 0.. {
        assert!(now < 3_600_000, "stuck after {done} of {items}");
        if other.is_some_and(|each| now % each == 0) {
            server.answer(now);
        }
        for (sent, _, back) in under_way.extract_if(.., |(_, there, _)| *there <= now) {
            let (status, headers) = server.answer(now);
            replies.push((sent, back, status, headers));
        }
        for (sent, _, status, headers) in replies.extract_if(.., |(_, back, ..)| *back <= now) {
            state.in_flight -= 1;
            state.learn(at(sent), at(now), status, &headers, Sender::Fleet);
            done += u32::from(status == 200);
            refused += u32::from(status == 429);
            refused_later += u32::from(status == 429 && now > server.window);
        }
        if done >= items {
            let allowed = f64::from(server.limit) * (at(now) - zero).div_duration_f64(at(server.window) - zero);
            return Run { share: f64::from(items) / allowed, refused, refused_later };
        }
        while state.in_flight < 8 && done + state.in_flight < items && state.start(at(now), Duration::ZERO).is_ok() {
            let there = now + latency();
            under_way.push((now, there, there + latency()));
        }
    }
    unreachable!()
}

#[test]
fn the_allowed_rate_is_kept() {
    use Begins::{ByTheClock, WithItsFirstRequest};
    use Told::{Delta, Epoch, Not};
    // The window in seconds, how often another client sends in milliseconds; then the least
    // share of the rate that is to be had, and the most refusals in all and after the first
    // window.
    let cases = [
        (Delta, WithItsFirstRequest, 60, None, 0.98, 0, 0),
        (Epoch, WithItsFirstRequest, 60, None, 0.98, 0, 0),
        (Delta, ByTheClock, 60, None, 0.98, 0, 0),
        (Epoch, ByTheClock, 60, None, 0.98, 0, 0),
        // Seconds are coarse for so short a window.
        (Delta, WithItsFirstRequest, 5, None, 0.97, 0, 0),
        (Epoch, WithItsFirstRequest, 5, None, 0.93, 0, 0),
        (Not, WithItsFirstRequest, 60, None, 0.98, 25, 1),
        (Not, ByTheClock, 60, None, 0.98, 25, 2),
        (Not, WithItsFirstRequest, 5, None, 0.90, 25, 1),
        // Half of the rate is left.
        (Delta, WithItsFirstRequest, 60, Some(200), 0.50, 5, 5),
        (Epoch, WithItsFirstRequest, 60, Some(200), 0.50, 5, 5),
        (Not, WithItsFirstRequest, 60, Some(200), 0.50, 30, 10),
    ];
    for (told, begins, window, other, share, refused, refused_later) in cases {
        let server = Server { limit: 600, window: window * 1000, told, begins, ends: 0, used: 0 };
        let run = run(server, 1500, other);
        let case = format!("{told:?}, {begins:?}, {window} s, {other:?}: {run:?}");
        assert!(run.share >= share, "{case}");
        assert!(run.refused <= refused && run.refused_later <= refused_later, "{case}");
    }
}

proptest! {
    #[test]
    fn turns_never_come_closer_than_the_cap_allows(per_minute in 1..100_000_u32, patience in 0..10_000_u64) {
        let pace = Pace::new(per_minute);
        let deadline = Instant::now() + Duration::from_millis(patience);
        let mut last: Option<Instant> = None;
        for _ in 0..20 {
            match pace.take_turn(deadline) {
                Ok(turn) => {
                    let turn = turn.unwrap_or_else(Instant::now);
                    prop_assert!(turn <= deadline);
                    // The first comes at once, at a time that only `take_turn` knows exactly.
                    let slack = Duration::from_millis(50);
                    prop_assert!(last.is_none_or(|last| turn + slack >= last + pace.interval));
                    last = Some(turn);
                }
                Err(wait) => prop_assert!(Instant::now() + wait > deadline),
            }
        }
    }

    /// No server makes the pace panic, or wait longer than the longest wait.
    #[test]
    fn no_headers_break_the_pace(
        replies in proptest::collection::vec(
            (
                prop_oneof![Just(200_u16), Just(429), Just(503)],
                proptest::option::of(extreme()),
                proptest::option::of(extreme()),
                proptest::option::of(extreme()),
                proptest::option::of(extreme()),
                0..100_000_u64,
            ),
            1..40,
        ),
    ) {
        let mut now = Instant::now();
        let mut state = State::default();
        for (status, limit, remaining, reset, retry_after, later) in replies {
            let mut headers = HeaderMap::new();
            let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"];
            for (name, value) in names.into_iter().zip([limit, remaining, reset, retry_after]) {
                if let Some(value) = value {
                    headers.insert(name, value.into());
                }
            }
            if let Err(until) = state.start(now, Duration::ZERO) {
                prop_assert!(until <= now + rate_limit::WAIT_MAX + Duration::from_secs(1), "{:?}", until - now);
            } else {
                state.in_flight -= 1;
            }
            let received = now + Duration::from_millis(later % 1000);
            let sender = match later % 3 {
                    0 => Sender::Single,
                    1 => Sender::Fleet,
                    _ => Sender::RefusedAlone,
                };
            state.learn(now, received, status, &headers, sender);
            now += Duration::from_millis(later);
        }
    }
}

/// Small numbers, and those at which arithmetic breaks.
fn extreme() -> impl Strategy<Value = u64> {
    prop_oneof![0..100_u64, 3590..3610_u64, Just(1_000_000_000), Just(u64::from(u32::MAX)), Just(u64::MAX)]
}
