//! The service's rate limit, as its headers tell it, and the caller's own cap.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use ureq::http::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::process::PerProcess;

/// No wait that a server names is taken for longer: a larger number is a mistake of somebody's.
const WAIT_MAX: Duration = Duration::from_secs(3600);

/// A `X-RateLimit-Reset` below this is seconds to wait; from it on, a Unix time. (It was 2001.)
const FIRST_UNIX_TIME: u64 = 1_000_000_000;

/// How long the server asks to wait: `Retry-After`, else for a 429 `X-RateLimit-Reset`, which
/// has two forms in the wild. `None` if it names no time, or none that makes sense.
pub(crate) fn asked_wait(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(wait) = text(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, headers)) {
        return Some(wait.min(WAIT_MAX));
    }
    if status != 429 {
        return None;
    }
    let reset = whole_number(text("x-ratelimit-reset")?)?;
    let wait = if reset < FIRST_UNIX_TIME {
        Duration::from_secs(reset)
    } else {
        let reset = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
        reset.duration_since(server_time(headers)).unwrap_or_default()
    };
    Some(wait.min(WAIT_MAX))
}

fn retry_after(value: &str, headers: &HeaderMap) -> Option<Duration> {
    if let Some(seconds) = whole_number(value) {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(server_time(headers)).unwrap_or_default())
}

/// Digits only, and as large as can be where they say more than that.
fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The server's own clock where it tells it: ours may be hours off.
fn server_time(headers: &HeaderMap) -> SystemTime {
    let date = headers.get(DATE).and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    date.unwrap_or_else(SystemTime::now)
}

/// The caller's cap on requests, shared by all threads and clients of one kin: requests are spread
/// evenly, one each 60 s / cap.
pub(crate) struct Pace {
    interval: Duration,
    next: PerProcess<Mutex<Option<Instant>>>,
}

impl Pace {
    /// 0 means no cap.
    pub(crate) fn new(requests_per_minute: u32) -> Pace {
        let interval = Duration::from_secs(60).checked_div(requests_per_minute).unwrap_or_default();
        Pace { interval, next: PerProcess::default() }
    }

    /// When the next request may be sent, which takes that turn; or how long the wait would be if
    /// that is past `deadline`, which takes none.
    pub(crate) fn take_turn(&self, deadline: Instant) -> Result<Option<Instant>, Duration> {
        if self.interval.is_zero() {
            return Ok(None);
        }
        let mut next = self.next.get().lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let turn = next.map_or(now, |next| next.max(now));
        if turn > deadline {
            return Err(turn - now);
        }
        *next = Some(turn + self.interval);
        Ok((turn > now).then_some(turn))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Pairs<'a> = &'a [(&'static str, &'a str)];

    fn headers(pairs: Pairs) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn waits() {
        const NOW: (&str, &str) = ("date", "Tue, 15 Nov 1994 08:12:31 GMT");
        // 784887151 is that time, which is before FIRST_UNIX_TIME; hence a later one for epochs.
        const LATER: (&str, &str) = ("date", "Sun, 09 Sep 2001 01:46:40 GMT");
        let cases: [(u16, Pairs, Option<u64>); 26] = [
            (429, &[], None),
            (429, &[("retry-after", "7")], Some(7)),
            (503, &[("retry-after", "7")], Some(7)),
            (429, &[("retry-after", "0")], Some(0)),
            (429, &[("retry-after", " 7 ")], Some(7)),
            (429, &[("retry-after", "-7")], None),
            (429, &[("retry-after", "+7")], None),
            (429, &[("retry-after", "7.5")], None),
            (429, &[("retry-after", "soon")], None),
            (429, &[("retry-after", "")], None),
            (429, &[("retry-after", "99999999999999999999999")], Some(3600)),
            (429, &[("retry-after", "18446744073709551615")], Some(3600)),
            (429, &[("retry-after", "Tue, 15 Nov 1994 08:12:41 GMT"), NOW], Some(10)),
            (429, &[("retry-after", "Tue, 15 Nov 1994 08:12:21 GMT"), NOW], Some(0)),
            (429, &[("retry-after", "Mon, 15 Nov 2094 08:12:21 GMT"), NOW], Some(3600)),
            (429, &[("retry-after", "Tue, 35 Nov 1994 08:12:21 GMT"), NOW], None),
            (429, &[("x-ratelimit-reset", "12")], Some(12)),
            (429, &[("x-ratelimit-reset", "999999999")], Some(3600)),
            (429, &[("x-ratelimit-reset", "1000000012"), LATER], Some(12)),
            (429, &[("x-ratelimit-reset", "1000000000"), LATER], Some(0)),
            (429, &[("x-ratelimit-reset", "1000000000")], Some(0)),
            (429, &[("x-ratelimit-reset", "18446744073709551615")], None),
            (429, &[("x-ratelimit-reset", "soon")], None),
            (503, &[("x-ratelimit-reset", "12")], None),
            (429, &[("x-ratelimit-reset", "12"), ("retry-after", "3")], Some(3)),
            (429, &[("x-ratelimit-reset", "12"), ("retry-after", "soon")], Some(12)),
        ];
        for (status, pairs, expected) in cases {
            assert_eq!(asked_wait(status, &headers(pairs)), expected.map(Duration::from_secs), "{status} {pairs:?}");
        }
    }

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

    proptest! {
        #[test]
        fn no_header_makes_a_wait_beyond_the_limit(
            status in 100..1000_u16,
            retry_after in "[ -~]{0,40}",
            reset in "[ -~]{0,30}|[0-9]{1,40}",
            date in "[ -~]{0,40}",
        ) {
            let pairs = [("retry-after", &*retry_after), ("x-ratelimit-reset", &*reset), ("date", &*date)];
            prop_assert!(asked_wait(status, &headers(&pairs)).is_none_or(|wait| wait <= WAIT_MAX));
        }

        #[test]
        fn a_date_so_many_seconds_ahead_is_that_wait(now in 0..4_000_000_000_u64, ahead in 0..3600_u64) {
            let at = |seconds| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            let pairs = [("date", &*at(now)), ("retry-after", &*at(now + ahead))];
            prop_assert_eq!(asked_wait(503, &headers(&pairs)), Some(Duration::from_secs(ahead)));
        }

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
    }
}
