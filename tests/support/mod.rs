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

/// How many connections are open to the sandbox, as its clients see it.
#[cfg(target_os = "linux")]
pub fn connections_to(sandbox: &Sandbox) -> usize {
    let (_, port) = sandbox.url().rsplit_once(':').unwrap();
    let to = format!(":{:04X}", port.parse::<u16>().unwrap());
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let is_open = |line: &&str| {
        let mut fields = line.split_ascii_whitespace().skip(2);
        // Established, or closed by the other side alone.
        fields.next().is_some_and(|remote| remote.ends_with(&to)) && matches!(fields.next(), Some("01" | "08"))
    };
    table.lines().filter(is_open).count()
}

/// Runs `work` and tells how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    // The control has to run beside it.
    late::lateness();
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}
