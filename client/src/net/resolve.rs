//! From a host name to addresses, by the system's resolver, within a deadline.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Instant;

use super::background::Jobs;
use crate::Code;
use crate::call::Step;
use crate::fault::Fault;
use crate::process::{self, PerProcess};

/// What the resolver says of a host: its addresses, or why there are none and whether that may
/// change in a moment.
type Answer = Result<Vec<IpAddr>, (String, bool)>;

static LOOKUPS: PerProcess<Jobs<String, Answer>> = PerProcess::from_start(Jobs::new());

/// The addresses of `host`, in the order that the system prefers.
pub(super) fn resolve(host: &str, port: u16, step: &Step) -> Result<Vec<SocketAddr>, Fault> {
    let with_port = |addresses: Vec<IpAddr>| addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(with_port(vec![address]));
    }
    // The thread holds the host's name and nothing else of the caller's.
    let name = host.to_owned();
    let began = Instant::now();
    match LOOKUPS.get().answer(&name.clone(), step, move || look_up(&name))? {
        Ok(addresses) => {
            step.call.log.step("lookup", began, |record| {
                record.text("host", host).word("addresses", addresses.len());
            });
            Ok(with_port(addresses))
        }
        Err((why, transient)) => {
            let message = format!("could not resolve {host}: {why}: check the name and this machine's DNS");
            Err(Fault { transient, ..Fault::new(Code::Dns, message) })
        }
    }
}

fn look_up(host: &str) -> Answer {
    let found: io::Result<Vec<IpAddr>> =
        (host, 0).to_socket_addrs().map(|addresses| addresses.map(|address| address.ip()).collect());
    match found {
        Ok(addresses) if addresses.is_empty() => Err(("it has no address".to_owned(), false)),
        Ok(addresses) => Ok(addresses),
        Err(error) => {
            let why = error.to_string();
            let why = why.strip_prefix("failed to lookup address information: ").unwrap_or(&why);
            Err((why.to_owned(), process::may_resolve_later(&error)))
        }
    }
}
