//! What the integration tests share.

#![allow(dead_code)]

use std::time::{Duration, Instant};

use sg_open_tracking::{Client, Config, Region};
use sg_open_tracking_sandbox::{Options, Sandbox};

#[path = "late.rs"]
mod late;

#[allow(unused_imports)]
pub use late::grace;

pub fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

/// Options that reach the global side of `sandbox` and nothing else.
pub fn config(sandbox: &Sandbox) -> Config {
    let mut config = Config::new();
    config.set_base_url(sandbox.url()).unwrap();
    config.set_ca_file(sandbox.ca_file().unwrap()).unwrap();
    config.set_proxy(Some("")).unwrap();
    config
}

pub fn client(sandbox: &Sandbox) -> Client {
    client_with(sandbox, |_| {})
}

pub fn client_with(sandbox: &Sandbox, options: impl FnOnce(&mut Config)) -> Client {
    let mut config = config(sandbox);
    options(&mut config);
    Client::new(sandbox.key(), Region::Global, &config).unwrap()
}

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Runs `work` and tells how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    // The control has to run beside it.
    late::lateness();
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}
