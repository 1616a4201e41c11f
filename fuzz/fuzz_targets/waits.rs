//! Dates and rate-limit values in a reply's headers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sg_open_tracking::internals::wait_in_headers;

// One line each: Retry-After, X-RateLimit-Reset, Date.
fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n');
    let [retry_after, reset, date] = [(); 3].map(|()| lines.next().unwrap_or_default());
    wait_in_headers(429, retry_after, reset, date);
    wait_in_headers(503, retry_after, reset, date);
});
