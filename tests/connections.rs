//! How connections are kept, replaced and shared.

mod support;

use std::thread;

use sg_open_tracking::{Client, Code, Region};
use sg_open_tracking_sandbox::How;
use support::{client, client_with, config, ms, sandbox};

#[test]
fn five_calls_use_one_connection() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    for _ in 0..5 {
        client.update(false, None).unwrap();
    }
    // Errors keep it, too.
    client.get(Some("fault-status-404")).unwrap_err();
    client.get(None).unwrap();
    assert_eq!(sandbox.stats().connections, 1);
}

#[test]
fn a_kept_connection_that_died_costs_the_caller_nothing() {
    for how in [How::Close, How::Reset] {
        let sandbox = sandbox();
        let client = client_with(&sandbox, |config| {
            config.set_max_retries(0);
        });
        for round in 1..=3 {
            let outcome = client.update(false, None).unwrap();
            assert_eq!(outcome.report.attempts, 1, "round {round}");
            assert_eq!(sandbox.stats().connections, round);
            assert_eq!(sandbox.close_idle(how), 1);
        }
    }
}

#[test]
fn a_pool_that_died_costs_the_caller_nothing() {
    for how in [How::Close, How::Reset] {
        let sandbox = sandbox();
        let client = client_with(&sandbox, |config| {
            config.set_max_retries(0);
        });
        at_once(8, || client.get(Some("fault-delay-100")).map(drop).unwrap());
        assert_eq!(sandbox.close_idle(how), 8);
        at_once(8, || client.get(None).map(drop).unwrap());
    }
}

#[test]
fn connections_that_die_with_the_request_on_them_are_replaced_once() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_max_retries(0);
    });
    client.get(None).unwrap();
    // On a kept connection: the server may have closed it before it saw the request.
    for name in ["fault-once-close-a", "fault-once-reset-a"] {
        let outcome = client.get(Some(name)).expect(name);
        assert_eq!(outcome.report.attempts, 2, "{name}");
    }
    // On the fresh one that replaced it: no more.
    for name in ["fault-close", "fault-reset"] {
        let error = client.get(Some(name)).expect_err(name);
        assert_eq!((error.code(), error.report().attempts), (Code::Io, 2), "{name}");
        client.get(None).unwrap();
    }
    // Once a part of the reply has come, the server had seen it.
    let error = client.get(Some("fault-close-in-header")).unwrap_err();
    assert_eq!((error.code(), error.report().attempts), (Code::Io, 1));
}

#[test]
fn no_more_than_max_connections_are_kept() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_max_connections(2).unwrap();
    });
    at_once(6, || client.get(Some("fault-delay-100")).map(drop).unwrap());
    assert_eq!(sandbox.stats().connections, 6);
    // Had all six been kept, they would do again. (What the sandbox still counts as idle may be one
    // that the client has just closed.)
    at_once(6, || client.get(Some("fault-delay-100")).map(drop).unwrap());
    assert!(sandbox.stats().connections > 6);
}

#[test]
fn kin_share_connections_and_strangers_share_tls_sessions() {
    let sandbox = sandbox();
    let options = config(&sandbox);
    let first = Client::new(sandbox.key(), Region::Global, &options).unwrap();
    first.get(None).unwrap();
    first.derive(Some(ms(5000))).unwrap().get(None).unwrap();
    assert_eq!(sandbox.stats().connections, 1);
    let stranger = Client::new(sandbox.key(), Region::Global, &options).unwrap();
    stranger.get(None).unwrap();
    let stats = sandbox.stats();
    assert_eq!((stats.connections, stats.handshakes.full, stats.handshakes.resumed), (2, 1, 1));
}

#[test]
fn threads_share_a_client() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    at_once(8, || {
        for round in 0..50 {
            let name = format!("subuser-{:05}", round % 25 + 1);
            assert!(!client.update(false, Some(&name)).unwrap().enabled);
        }
    });
    let stats = sandbox.stats();
    assert_eq!(stats.requests, 400);
    assert!(stats.connections <= 8, "{}", stats.connections);
}

fn at_once(threads: usize, work: impl Fn() + Sync) {
    let start = std::sync::Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                start.wait();
                work();
            });
        }
    });
}

/// After a burst, steady single calls use one connection: the others are closed once they are old,
/// and don't stand about half closed.
#[test]
#[cfg(target_os = "linux")]
fn what_a_burst_left_grows_old_and_is_closed() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_max_connections(32).unwrap();
    });
    at_once(32, || client.get(Some("fault-delay-300")).map(drop).unwrap());
    assert_eq!(support::connections_to(&sandbox), 32);
    let started = std::time::Instant::now();
    while started.elapsed() < ms(60_000) {
        client.get(None).unwrap();
        thread::sleep(ms(500));
    }
    assert_eq!(support::connections_to(&sandbox), 1);
}

/// A connection that died without a word, as when a router forgot it: the peer acknowledges nothing
/// more. The call notices, and goes out over another.
#[test]
#[cfg(target_os = "linux")]
fn a_kept_connection_that_died_in_silence_is_replaced() {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut kept = Vec::new();
        for round in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            if round == 1 {
                assert!(kept.len() == 1);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"enabled\":true}").unwrap();
            // A filter that drops each packet, before the kernel acknowledges it.
            let drop_all = socket2::SockFilter::new(0x06, 0, 0, 0);
            socket2::SockRef::from(&stream).attach_filter(&[drop_all]).unwrap();
            kept.push(stream);
        }
        kept
    });
    let mut config = sg_open_tracking::Config::new();
    config.set_base_url(&url).unwrap().set_max_retries(0);
    let client = Client::new("SG.key", Region::Global, &config).unwrap();
    client.get(None).unwrap();
    let (outcome, time) = support::timed(|| client.get(None).unwrap());
    assert_eq!(outcome.report.attempts, 2);
    assert!(time < ms(4000) + support::grace(), "{time:?}, of a deadline of 30 s");
    drop(server.join().unwrap());
}

/// What we, ureq and its kin tell a logger at the finest level: the key is in none of it.
#[test]
fn the_key_is_in_no_record_of_a_logger() {
    static RECORDS: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    struct Logger;
    impl log::Log for Logger {
        fn enabled(&self, _: &log::Metadata) -> bool {
            true
        }
        fn log(&self, record: &log::Record) {
            RECORDS.lock().unwrap().push(format!("{} {}", record.target(), record.args()));
        }
        fn flush(&self) {}
    }
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let sandbox = sandbox();
    let client = client(&sandbox);
    for name in [None, Some("fault-once-503-log"), Some("fault-echo-key"), Some("fault-redirect"), Some("fault-close")]
    {
        let _ = client.update(false, name);
    }
    client.get_many(["subuser-00001", "subuser-00002"], |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    let _ = Client::new("SG.a-wrong-key", Region::Global, &config(&sandbox)).unwrap().get(None);
    let records = RECORDS.lock().unwrap();
    assert!(records.iter().any(|record| record.contains("PATCH ")), "ureq tells nothing of what it writes");
    // With the feature "log", ours are told under a target of their own, and nothing else is.
    let ours: Vec<_> = records.iter().filter_map(|record| record.strip_prefix("sg_open_tracking ")).collect();
    assert!(ours.iter().all(|line| line.starts_with("event=")), "{ours:?}");
    assert!(ours.iter().any(|line| line.starts_with("event=end level=info ")), "{ours:?}");
    let secrets = [&sandbox.key()[3..20], "SG.a-wrong-key", "Bearer"];
    for record in records.iter() {
        assert!(!secrets.iter().any(|secret| record.contains(secret)), "{record}");
    }
}
