//! Whether and when to try again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::fault::Fault;
use crate::net::Reply;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);

/// Whether a reply with this status may differ next time. The update says the same thing however
/// often it is sent, so it is safe to repeat.
pub(crate) fn is_worth_repeating(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504)
}

/// Whether this end of an attempt is the end of the call.
pub(crate) fn is_final(result: &Result<Reply, Fault>) -> bool {
    match result {
        Ok(reply) => {
            // Of other replies the status says all.
            let broke_off = reply.status == 200 && matches!(&reply.body, Err(fault) if fault.transient);
            !is_worth_repeating(reply.status) && !broke_off
        }
        Err(fault) => !fault.transient,
    }
}

/// The pause before retry number `retry`, counted from 0: what the server asked for, and at least
/// a backoff that doubles from a quarter of a second to 8 s, less up to half of it by chance so
/// that many clients don't come back together.
pub(crate) fn pause(retry: u32, asked: Option<Duration>) -> Duration {
    let full = FIRST.saturating_mul(1_u32.checked_shl(retry).unwrap_or(u32::MAX)).min(LONGEST);
    let backoff = full.mul_f64(1.0 - chance() / 2.0);
    asked.unwrap_or_default().max(backoff)
}

/// A number from 0 to 1, by chance. Nothing secret hangs on it, so the seed of the standard
/// library's hash maps, which differs each time, is random enough; with the process, since forks
/// have it in common.
fn chance() -> f64 {
    let number = RandomState::new().hash_one(std::process::id());
    f64::from((number >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn backoff_grows_within_bounds() {
        for (retry, full) in [(0, 250), (1, 500), (2, 1000), (5, 8000), (31, 8000), (32, 8000), (u32::MAX, 8000)] {
            let full = Duration::from_millis(full);
            for _ in 0..100 {
                let pause = pause(retry, None);
                assert!(pause >= full / 2 && pause <= full, "retry {retry}: {pause:?}");
            }
        }
    }

    #[test]
    fn the_server_is_heeded() {
        assert_eq!(pause(0, Some(Duration::from_secs(3))), Duration::from_secs(3));
        assert!(pause(0, Some(Duration::ZERO)) >= FIRST / 2);
    }

    proptest! {
        #[test]
        fn any_pause_is_within_bounds(retry in any::<u32>(), asked in proptest::option::of(0..7200_u64)) {
            let asked = asked.map(Duration::from_secs);
            let full = (0..retry.min(31)).fold(FIRST, |full, _| (full * 2).min(LONGEST));
            let pause = pause(retry, asked);
            prop_assert!(pause >= (full / 2).max(asked.unwrap_or_default()));
            prop_assert!(pause <= full.max(asked.unwrap_or_default()));
        }
    }
}
