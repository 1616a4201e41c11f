//! The fault matrix: what a call ends with, whatever its peer, its network and its proxy do.
//!
//! Each row names what the peer does, the call, and the code, status, attempts and time to
//! expect. All runs over real TLS and sockets of the loopback, scripted byte by byte. Most rows
//! only wait, so many run at once. All calls are logged at the finest level, and each line is held to
//! docs/logging.md.

mod case;
mod certificates;
mod peer;
mod records;
mod resolver;

mod deadline;
mod dns;
mod environment;
mod http;
mod json;
mod keep_alive;
#[path = "../support/late.rs"]
mod late;
mod limits;
mod log;
mod proxy;
mod secrets;
mod service;
mod tcp;
mod tls;

use libtest_mimic::{Arguments, Trial};

/// How many rows run at once: they wait more than they work.
const AT_ONCE: usize = 8;

fn main() {
    if let Some(url) = environment::url_for_child() {
        return environment::be_child(&url);
    }
    // The control has to run beside the calls.
    late::lateness();
    let families: [(&str, Vec<Trial>); 13] = [
        ("tcp", tcp::cases()),
        ("dns", dns::cases()),
        ("tls", tls::cases()),
        ("http", http::cases()),
        ("json", json::cases()),
        ("service", service::cases()),
        ("limits", limits::cases()),
        ("keep-alive", keep_alive::cases()),
        ("proxy", proxy::cases()),
        ("environment", environment::cases()),
        ("deadline", deadline::cases()),
        ("secrets", secrets::cases()),
        ("log", log::cases()),
    ];
    let mut trials = Vec::new();
    for (family, cases) in families {
        trials.extend(cases.into_iter().map(|trial| trial.with_kind(family)));
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    libtest_mimic::run(&arguments, trials).exit();
}
