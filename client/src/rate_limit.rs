//! The service's rate limit, as the headers of a reply tell it.

use std::time::{Duration, SystemTime};

use ureq::http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// No wait that a server names is taken for longer: a larger number is a mistake of somebody's.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(3600);

/// A `X-RateLimit-Reset` below this is seconds to wait; from it on, a Unix time. (It was 2001.)
const FIRST_UNIX_TIME: u64 = 1_000_000_000;

/// How long the server asks to wait: `Retry-After`, else for a 429 `X-RateLimit-Reset`, which
/// has two forms in the wild. `None` if it names no time, or none that makes sense.
pub(crate) fn asked_wait(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(wait) = text(RETRY_AFTER).and_then(|value| retry_after(value, headers)) {
        return Some(wait.min(WAIT_MAX));
    }
    if status != 429 {
        return None;
    }
    let reset = whole_number(text(RESET)?)?;
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

/// Parses digits only. A number too large for `u64` becomes `u64::MAX`.
fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The server's own clock where it tells it: ours may be hours off.
fn server_time(headers: &HeaderMap) -> SystemTime {
    let date = headers.get(DATE).and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    date.unwrap_or_else(SystemTime::now)
}

/// Where the account stands in the window of its rate limit, as one reply tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Requests that a window allows.
    pub(crate) limit: u32,
    /// Those left of them.
    pub(crate) remaining: u32,
    /// The time from the writing of the reply to the window's end, at least and at most: what the
    /// header says is rounded to seconds.
    pub(crate) at_least: Duration,
    pub(crate) at_most: Duration,
}

impl Standing {
    /// `None` where the reply does not tell, or nothing that makes sense.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Standing> {
        let number = |name: HeaderName| whole_number(headers.get(name)?.to_str().ok()?.trim());
        let remaining = clamp(number(REMAINING)?);
        let (at_least, at_most) = time_left(number(RESET)?, headers)?;
        let limit = number(LIMIT).map_or(remaining, clamp).max(remaining).max(1);
        (at_most <= WAIT_MAX).then_some(Standing { limit, remaining, at_least, at_most })
    }
}

fn clamp(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn time_left(reset: u64, headers: &HeaderMap) -> Option<(Duration, Duration)> {
    const SECOND: Duration = Duration::from_secs(1);
    if reset < FIRST_UNIX_TIME {
        let left = Duration::from_secs(reset);
        return Some((left.saturating_sub(SECOND), left));
    }
    let reset = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
    let left = reset.duration_since(server_time(headers)).unwrap_or_default();
    // The Date is cut to the second as well.
    Some((left.saturating_sub(2 * SECOND), left))
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
    fn standings() {
        const LATER: (&str, &str) = ("date", "Sun, 09 Sep 2001 01:46:40 GMT");
        const LIMIT: (&str, &str) = ("x-ratelimit-limit", "600");
        const REMAINING: (&str, &str) = ("x-ratelimit-remaining", "7");
        type Expected = Option<(u32, u32, u64, u64)>;
        let cases: [(Pairs, Expected); 10] = [
            (&[], None),
            (&[LIMIT, REMAINING], None),
            (&[LIMIT, ("x-ratelimit-reset", "9")], None),
            (&[LIMIT, REMAINING, ("x-ratelimit-reset", "9")], Some((600, 7, 8, 9))),
            (&[REMAINING, ("x-ratelimit-reset", "0")], Some((7, 7, 0, 0))),
            (&[LIMIT, REMAINING, ("x-ratelimit-reset", "1000000009"), LATER], Some((600, 7, 7, 9))),
            (&[LIMIT, REMAINING, ("x-ratelimit-reset", "1000000000"), LATER], Some((600, 7, 0, 0))),
            (&[LIMIT, REMAINING, ("x-ratelimit-reset", "1000003601"), LATER], None),
            (&[LIMIT, ("x-ratelimit-remaining", "-1"), ("x-ratelimit-reset", "9")], None),
            (
                &[LIMIT, ("x-ratelimit-remaining", "99999999999"), ("x-ratelimit-reset", "9")],
                Some((u32::MAX, u32::MAX, 8, 9)),
            ),
        ];
        for (pairs, expected) in cases {
            let expected = expected.map(|(limit, remaining, at_least, at_most)| Standing {
                limit,
                remaining,
                at_least: Duration::from_secs(at_least),
                at_most: Duration::from_secs(at_most),
            });
            assert_eq!(Standing::read(&headers(pairs)), expected, "{pairs:?}");
        }
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
    }
}
