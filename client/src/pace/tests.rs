//! The pace against servers on a clock of their own.

use std::time::SystemTime;

use proptest::prelude::*;

use super::*;

#[test]
fn turns_are_evenly_spread_and_given_back() {
    let pace = Pace::new(600);
    let far = Some(Instant::now() + Duration::from_secs(60));
    let turns: Vec<_> = (0..6).map(|_| pace.take_turn(far).unwrap()).collect();
    let times: Vec<_> = turns.iter().map(|turn| turn.time().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_millis(100)));
    let wait = pace.take_turn(Some(Instant::now())).err().unwrap();
    assert!(wait > Duration::from_millis(400), "{wait:?}");
    drop(turns);
    assert!(pace.take_turn(Some(Instant::now() + Duration::from_millis(1))).is_ok(), "all were given back");
    assert_eq!(Pace::new(0).take_turn(None).unwrap().time(), None);
}

/// A hold is over when the last of the times that were named is.
#[test]
fn a_shorter_wait_does_not_shorten_a_longer_one() {
    let zero = Instant::now();
    let at = |ms| zero + Duration::from_millis(ms);
    let refusal = |seconds: u64| HeaderMap::from_iter([(RETRY_AFTER, seconds.into())]);
    for (first, second) in [(9, 2), (2, 9)] {
        let mut state = State::default();
        state.learn(at(0), at(10), 429, &refusal(first), Sender::Fleet);
        // One that was under way, and one that was sent later.
        state.learn(at(5), at(20), 429, &refusal(second), Sender::Fleet);
        assert_eq!(state.held_until.map(|until| until >= at(9010)), Some(true), "{first}, {second}");
        state.learn(at(30), at(40), 429, &refusal(1), Sender::Single);
        assert_eq!(state.held_until.map(|until| until >= at(9010)), Some(true), "{first}, {second}");
        assert!(state.held_until.is_some_and(|until| until < at(9100)), "{first}, {second}");
    }
}

/// After the last refusal, and however many there were, all may be under way again within 10 s.
#[test]
fn full_speed_comes_back() {
    let zero = Instant::now();
    let at = |ms| zero + Duration::from_millis(ms);
    let none = HeaderMap::new();
    for refusals in [1, 5, 50] {
        let mut state = State::default();
        let mut now = 0;
        for _ in 0..refusals {
            while state.start(at(now)).is_err() {
                now += 1;
            }
            state.in_flight -= 1;
            state.learn(at(now), at(now + 20), 429, &none, Sender::Fleet);
            now += 20;
        }
        let last_refusal = now;
        let mut under_way: Vec<u64> = Vec::new();
        while under_way.len() < 8 {
            for sent in under_way.extract_if(.., |sent| *sent + 20 <= now) {
                state.in_flight -= 1;
                state.learn(at(sent), at(now), 200, &none, Sender::Fleet);
            }
            while under_way.len() < 8 && state.start(at(now)).is_ok() {
                under_way.push(now);
            }
            now += 1;
        }
        assert!(now - last_refusal < 10_000, "{refusals} refusals: {} ms", now - last_refusal);
    }
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
        while state.in_flight < 8 && done + state.in_flight < items && state.start(at(now)).is_ok() {
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
        // What is not told is met by being refused, and by a backoff.
        (Not, WithItsFirstRequest, 60, None, 0.98, 60, 60),
        (Not, ByTheClock, 60, None, 0.98, 60, 60),
        (Not, WithItsFirstRequest, 5, None, 0.90, 60, 60),
        // Half of the rate is left.
        (Delta, WithItsFirstRequest, 60, Some(200), 0.50, 5, 5),
        (Epoch, WithItsFirstRequest, 60, Some(200), 0.50, 5, 5),
        (Not, WithItsFirstRequest, 60, Some(200), 0.50, 60, 60),
    ];
    for (told, begins, window, other, share, refused, refused_later) in cases {
        let server = || Server { limit: 600, window: window * 1000, told, begins, ends: 0, used: 0 };
        // A backoff is partly chance, and now and then misses the window's start by seconds.
        let runs = if told == Not { 7 } else { 1 };
        let mut runs: Vec<_> = (0..runs).map(|_| run(server(), 1500, other)).collect();
        runs.sort_by(|a, b| a.share.total_cmp(&b.share));
        let case = format!("{told:?}, {begins:?}, {window} s, {other:?}: {runs:?}");
        assert!(runs[runs.len() / 2].share >= share, "{case}");
        assert!(runs.iter().all(|run| run.refused <= refused && run.refused_later <= refused_later), "{case}");
    }
}

proptest! {
    #[test]
    fn turns_never_come_closer_than_the_cap_allows(per_minute in 1..100_000_u32, patience in 0..10_000_u64) {
        let pace = Pace::new(per_minute);
        let deadline = Instant::now() + Duration::from_millis(patience);
        let mut last: Option<Instant> = None;
        for _ in 0..20 {
            match pace.take_turn(Some(deadline)) {
                Ok(turn) => {
                    let time = turn.time().unwrap();
                    turn.used();
                    prop_assert!(time <= deadline);
                    prop_assert!(last.is_none_or(|last| time >= last + pace.interval));
                    last = Some(time);
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
            if let Err(until) = state.start(now) {
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
