//! From a host name to addresses, by the system's resolver, within a deadline.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Code;
use crate::call::Step;
use crate::fault::Fault;
use crate::process::{self, ForksHeldOff};

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

    let lookup = Arc::new(Lookup::default());
    let (name, theirs) = (host.to_owned(), Arc::clone(&lookup));
    let resolver = process::spawn_without_signals("sg-resolver", move || {
        let held_off = ForksHeldOff::new();
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        *theirs.answer() = Some((found, held_off));
        theirs.answered.notify_one();
    })
    .map_err(|error| Fault::transient(Code::Dns, format!("no thread to look up {host}: {error}")))?;

    let mut answer = lookup.answer();
    loop {
        if let Some((found, _held_off)) = answer.take() {
            drop(answer);
            let _ = resolver.join(); // it is done but for what the C library frees with it
            return match found {
                Ok(addresses) if addresses.is_empty() => Err(not_found(host, "it has no address")),
                Ok(addresses) => Ok(addresses),
                Err(error) => {
                    let transient = process::may_resolve_later(&error);
                    Err(Fault { transient, ..not_found(host, &error.to_string()) })
                }
            };
        }
        let slice = step.time_left()?.min(CANCEL_CHECK);
        answer = match lookup.answered.wait_timeout(answer, slice) {
            Ok((answer, _)) => answer,
            Err(poisoned) => poisoned.into_inner().0,
        };
    }
}

/// Where the resolver's thread leaves its answer. (A channel would do, but its wait has the
/// standard library allocate for the caller's thread, which leak checkers take for a loss.)
#[derive(Default)]
struct Lookup {
    answer: Mutex<Option<Answer>>,
    answered: Condvar,
}

/// What was found, and what keeps forks away until the thread has ended.
type Answer = (io::Result<Vec<SocketAddr>>, ForksHeldOff);

impl Lookup {
    fn answer(&self) -> MutexGuard<'_, Option<Answer>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_found(host: &str, why: &str) -> Fault {
    let why = why.strip_prefix("failed to lookup address information: ").unwrap_or(why);
    Fault::new(Code::Dns, format!("could not resolve {host}: {why}: check the name and this machine's DNS"))
}
