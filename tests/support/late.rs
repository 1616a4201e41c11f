//! How late this machine is: what its other work adds to the time that a call seems to take.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How far past its deadline a call may return.
pub const GRACE: Duration = Duration::from_millis(100);

/// A control beside the calls: it sleeps for this long again and again, and sees how late it wakes.
const SLICE: Duration = Duration::from_millis(5);

/// Earlier lateness is of no account: no call that is timed by this takes longer.
const MEMORY: Duration = Duration::from_secs(3);

static LATE: LazyLock<&'static Mutex<Vec<(Instant, Duration)>>> = LazyLock::new(|| {
    let late: &'static _ = Box::leak(Box::new(Mutex::new(Vec::new())));
    thread::spawn(move || {
        loop {
            let started = Instant::now();
            thread::sleep(SLICE);
            let lateness = started.elapsed().saturating_sub(SLICE);
            if lateness > SLICE {
                let mut late: std::sync::MutexGuard<Vec<_>> = late.lock().unwrap_or_else(PoisonError::into_inner);
                late.retain(|(at, _): &(Instant, _)| at.elapsed() < MEMORY);
                late.push((Instant::now(), lateness));
            }
        }
    });
    late
});

/// How late the machine was of late, at the worst. Nothing on a quiet one.
pub fn lateness() -> Duration {
    let late = LATE.lock().unwrap_or_else(PoisonError::into_inner);
    late.iter().filter(|(at, _)| at.elapsed() < MEMORY).map(|(_, lateness)| *lateness).max().unwrap_or_default()
}

/// What a tool that slows everything down, such as a sanitizer, adds to all times: milliseconds in
/// the environment.
pub fn slack() -> Duration {
    let text = std::env::var("SG_FAULTS_SLACK_MS").unwrap_or_default();
    Duration::from_millis(text.parse().unwrap_or(0))
}

/// How far past its deadline a call may return on this machine, as it is now.
pub fn grace() -> Duration {
    GRACE + lateness() + slack()
}
