//! From a host name to addresses, by the system's resolver, within a deadline.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::Code;
use crate::call::Step;
use crate::fault::Fault;
use crate::process;

/// How often a wait that no socket can wake looks whether the call was cancelled.
pub(super) const CANCEL_CHECK: Duration = Duration::from_millis(20);

/// The addresses of `host`, in the order that the system prefers.
///
/// The system's resolver has no time limit of ours and can't be interrupted, so it runs on a
/// thread. When it has not answered in time that thread is left to end by itself; it holds the
/// host's name and nothing else.
pub(super) fn resolve(host: &str, port: u16, step: &Step) -> Result<Vec<SocketAddr>, Fault> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }

    let (answer, answered) = mpsc::sync_channel(1);
    let name = host.to_owned();
    process::spawn_without_signals("sg-resolver", move || {
        let addresses = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Nobody listens any more if the call's time ran out.
        let _ = answer.send(addresses);
    })
    .map_err(|error| Fault::transient(Code::Dns, format!("no thread to look up {host}: {error}")))?;

    loop {
        match answered.recv_timeout(step.time_left()?.min(CANCEL_CHECK)) {
            Ok(Ok(addresses)) if !addresses.is_empty() => return Ok(addresses),
            Ok(Ok(_)) => return Err(not_found(host, "it has no address")),
            Ok(Err(error)) => return Err(not_found(host, &error.to_string())),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(not_found(host, "the look-up ended without an answer")),
        }
    }
}

fn not_found(host: &str, why: &str) -> Fault {
    let why = why.strip_prefix("failed to lookup address information: ").unwrap_or(why);
    Fault::new(Code::Dns, format!("could not resolve {host}: {why}: check the name and this machine's DNS"))
}
