//! From addresses to one TCP connection, by Happy Eyeballs (RFC 8305): a dead address costs a
//! quarter of a second, not a timeout.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Type};

use super::background::CANCEL_CHECK;
use super::socket::{is_connecting, wait_for_any};
use crate::Code;
use crate::call::Step;
use crate::fault::Fault;
use crate::log::{CallLog, Record};

/// How long an attempt has before the next address is tried beside it (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to the first of `addresses` that answers. `peer` is the name for messages.
pub(super) fn connect(peer: &str, addresses: &[SocketAddr], step: &Step) -> Result<TcpStream, Fault> {
    let mut untried = interleave_families(addresses).into_iter();
    let mut under_way: Vec<(SocketAddr, socket2::Socket)> = Vec::new();
    let mut next_attempt = Instant::now();
    let mut failure = None;
    let began = Instant::now();
    let log = &step.call.log;

    loop {
        let left = step.time_left()?;
        if untried.len() > 0 && (under_way.is_empty() || Instant::now() >= next_attempt) {
            next_attempt = Instant::now() + ATTEMPT_DELAY;
            if let Some(address) = untried.next() {
                let silent = under_way.last().map(|(address, _)| *address);
                log.debug("connecting", |record| connecting(peer, address, silent, record));
                match start(address) {
                    Ok(socket) => under_way.push((address, socket)),
                    Err(error) => failure = Some(failed(address, error, log)),
                }
            }
            continue;
        }
        if under_way.is_empty() {
            return Err(no_connection(peer, failure));
        }

        wait_for_any(under_way.iter().map(|(_, socket)| socket), left.min(CANCEL_CHECK))
            .map_err(|error| no_connection(peer, Some((under_way[0].0, error))))?;

        let mut index = 0;
        while index < under_way.len() {
            match progress(&under_way[index].1) {
                Ok(false) => index += 1,
                Ok(true) => {
                    let (address, socket) = under_way.swap_remove(index);
                    log.step("connected", began, |record| {
                        record.text("peer", peer).word("address", address);
                    });
                    return finish(socket).map_err(|error| no_connection(peer, Some((address, error))));
                }
                Err(error) => {
                    failure = Some(failed(under_way.swap_remove(index).0, error, log));
                    next_attempt = Instant::now();
                }
            }
        }
    }
}

fn connecting(peer: &str, address: SocketAddr, silent: Option<SocketAddr>, record: &mut Record) {
    record.text("peer", peer).word("address", address);
    if let Some(silent) = silent {
        record.text("why", &format!("{silent} has not answered for {} ms", ATTEMPT_DELAY.as_millis()));
    }
}

fn failed(address: SocketAddr, error: io::Error, log: &CallLog) -> (SocketAddr, io::Error) {
    log.warn("unreachable", |record| {
        record.word("address", address).text("why", &error.to_string());
    });
    (address, error)
}

/// The families take turns, beginning with the one that the system put first.
fn interleave_families(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(|a| a.is_ipv6() == first_is_v6);
    let mut order = Vec::with_capacity(addresses.len());
    first.reverse();
    second.reverse();
    while let Some(address) = first.pop() {
        order.push(address);
        order.extend(second.pop());
    }
    second.reverse();
    order.extend(second);
    order
}

fn start(address: SocketAddr) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error) if !is_connecting(&error) => Err(error),
        _ => Ok(socket),
    }
}

/// Whether the socket is connected by now.
fn progress(socket: &socket2::Socket) -> io::Result<bool> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        // A connection to a free local port can, by chance, meet itself.
        Ok(peer) if peer.as_socket() == socket.local_addr()?.as_socket() => {
            Err(io::ErrorKind::ConnectionRefused.into())
        }
        Ok(_) => Ok(true),
        Err(_) => Ok(false),
    }
}

fn finish(socket: socket2::Socket) -> io::Result<TcpStream> {
    socket.set_nonblocking(false)?;
    Ok(socket.into())
}

fn no_connection(peer: &str, failure: Option<(SocketAddr, io::Error)>) -> Fault {
    let message = match failure {
        Some((address, error)) => format!("could not connect to {peer} at {address}: {error}"),
        None => format!("could not connect to {peer}: it has no address"),
    };
    Fault::transient(Code::Connect, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let cases: [(&[&str], &[&str]); 5] = [
            (&[], &[]),
            (&["1.1.1.1:1"], &["1.1.1.1:1"]),
            (&["[::1]:1", "[::2]:1", "1.1.1.1:1"], &["[::1]:1", "1.1.1.1:1", "[::2]:1"]),
            (&["1.1.1.1:1", "[::1]:1", "[::2]:1"], &["1.1.1.1:1", "[::1]:1", "[::2]:1"]),
            (&["[::1]:1", "1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1"], &["[::1]:1", "1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1"]),
        ];
        for (given, expected) in cases {
            let parse = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect::<Vec<SocketAddr>>();
            assert_eq!(interleave_families(&parse(given)), parse(expected));
        }
    }
}
