//! A link with a round trip of its own: `delay TARGET MILLISECONDS` prints the address that it
//! listens at, and passes what comes on to TARGET and back, each way half the round trip later.
//!
//! The system answers a TCP connect before a program sees it, so that round trip is made up for by
//! keeping back a connection's first bytes one round trip longer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, target, milliseconds] = arguments.as_slice() else { panic!("usage: delay TARGET MILLISECONDS") };
    let round_trip = Duration::from_millis(milliseconds.parse().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    for client in listener.incoming() {
        let connected = Instant::now() + round_trip;
        let (client, server) = (client.unwrap(), TcpStream::connect(target).unwrap());
        pass_on(client.try_clone().unwrap(), server.try_clone().unwrap(), round_trip / 2, connected);
        pass_on(server, client, round_trip / 2, connected);
    }
}

/// Passes on what comes, `delay` after it came, or after the client took itself for connected.
fn pass_on(mut from: TcpStream, mut to: TcpStream, delay: Duration, connected: Instant) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    to.set_nodelay(true).unwrap();
    thread::spawn(move || {
        let mut part = [0; 16384];
        while let Ok(count @ 1..) = from.read(&mut part) {
            let due = Instant::now().max(connected) + delay;
            if sender.send((due, part[..count].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
