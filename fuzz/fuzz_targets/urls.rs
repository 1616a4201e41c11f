//! Base URLs, proxies and NO_PROXY.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sg_open_tracking::internals::way_to;

// One line each: the base URL, the proxy, NO_PROXY.
fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let [base_url, proxy, no_proxy] = [(); 3].map(|()| lines.next().unwrap_or_default());
    way_to(base_url, proxy, no_proxy);
});
