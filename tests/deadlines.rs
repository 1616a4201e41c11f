//! A call ends by its deadline, and at once when it is cancelled, whatever the server does.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use sg_open_tracking::{Client, Code, Config, Region};
use sg_open_tracking_sandbox::{Rule, Then};
use support::{client_with, grace, ms, sandbox, timed};

#[test]
fn silence_and_drips_end_at_the_deadline() {
    let sandbox = sandbox();
    let drip = Then { drip_ms: 250, ..Then::body(" ".repeat(1000) + r#"{"enabled":false}"#) };
    sandbox.fault(Rule::always(drip).on_behalf_of("dripping"));
    for timeout in [1, 50, 300, 1000] {
        let timeout = ms(timeout);
        let client = client_with(&sandbox, |config| {
            config.set_timeout(timeout).unwrap();
        });
        for name in ["fault-silent", "dripping", "fault-delay-5000", "fault-silent"] {
            let (error, time) = timed(|| client.get(Some(name)).unwrap_err());
            assert_eq!(error.code(), Code::Timeout, "{name}: {error}");
            assert!(time >= timeout && time < timeout + grace(), "{name} with {timeout:?}: {time:?}");
        }
    }
}

/// The default deadline of 30 s, and others, against servers that are silent: side by side, since
/// that costs no more time. Of these only the kernel's fine timers end in time.
#[test]
fn long_deadlines_are_as_exact_as_short_ones() {
    let sandbox = sandbox();
    let hole = TcpListener::bind("127.0.0.1:0").unwrap(); // connects, and says nothing
    let hole = format!("https://{}", hole.local_addr().unwrap());
    thread::scope(|scope| {
        for (timeout, calls, per_minute) in [(ms(4000), 8, 20), (ms(11_000), 8, 6), (ms(30_000), 24, 3)] {
            for number in 0..calls {
                let (sandbox, hole) = (&sandbox, &hole);
                scope.spawn(move || {
                    let client = client_with(sandbox, |config| {
                        config.set_timeout(timeout).unwrap();
                        config.set_connect_timeout(timeout).unwrap();
                        match number % 8 {
                            6 => drop(config.set_requests_per_minute(per_minute)),
                            7 => drop(config.set_base_url(hole).unwrap()),
                            _ => {}
                        }
                    });
                    if matches!(number % 8, 5 | 6) {
                        // Over a kept connection then; under the cap, after a wait for the turn.
                        client.get(None).unwrap();
                    }
                    let (error, time) = timed(|| client.get(Some("fault-silent")).unwrap_err());
                    assert_eq!(error.code(), Code::Timeout, "{timeout:?}, {number}: {error}");
                    assert!(time >= timeout && time < timeout + grace(), "{timeout:?}, {number}: {time:?}");
                });
            }
        }
    });
}

/// A reply that is asked for again anyway is not waited for to its end.
#[test]
fn the_body_of_a_refusal_is_not_waited_for() {
    let sandbox = sandbox();
    let stalls = |status| Then { drip_ms: 100_000, status: Some(status), ..Then::body("{}") };
    for status in [429, 500, 502, 503, 504] {
        sandbox.clear_faults();
        sandbox.fault(Rule::times(1, stalls(status)));
        let (outcome, time) = timed(|| client_with(&sandbox, |_| {}).get(None));
        assert_eq!(outcome.map(|outcome| outcome.report.attempts), Ok(2), "{status}");
        assert!(time < ms(2000) + grace(), "{status}: {time:?}");
    }
    for (status, code) in [(401, Code::Unauthorized), (404, Code::NotFound), (302, Code::Status)] {
        sandbox.clear_faults();
        sandbox.fault(Rule::always(stalls(status)));
        let (outcome, time) = timed(|| client_with(&sandbox, |_| {}).get(None));
        assert_eq!(outcome.map_err(|error| error.code()), Err(code), "{status}");
        assert!(time < ms(1500) + grace(), "{status}: {time:?}");
    }
}

#[test]
fn retries_end_at_the_deadline() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_timeout(ms(1500)).unwrap().set_max_retries(1000);
    });
    for (name, code) in [("fault-status-503", Code::Server), ("fault-status-429", Code::RateLimited)] {
        let (error, time) = timed(|| client.get(Some(name)).unwrap_err());
        assert_eq!(error.code(), code, "{name}");
        assert!(error.report().attempts > 1 && time < ms(1500) + grace(), "{name}: {time:?}");
    }
}

type Serve = fn(TcpStream);

/// What a server can do before there is TLS.
#[test]
fn stalled_handshakes_end_at_the_deadline() {
    let servers: [(&str, Serve); 3] = [
        ("accepts and is silent", |stream| hold(stream)),
        ("drips a byte of a handshake record", |mut stream| {
            while stream.write_all(&[0x16]).is_ok() {
                thread::sleep(ms(50));
            }
        }),
        ("begins a long record", |mut stream| {
            stream.write_all(&[0x16, 3, 3, 0x40, 0, 2]).unwrap();
            hold(stream);
        }),
    ];
    for (name, serve) in servers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || listener.incoming().flatten().for_each(serve));

        let client = unreachable_client(port, |config| {
            config.set_timeout(ms(300)).unwrap();
        });
        let (error, time) = timed(|| client.get(None).unwrap_err());
        assert!(time < ms(300) + grace(), "{name}: {time:?}");
        assert!(matches!(error.code(), Code::Timeout | Code::Tls), "{name}: {error}");
    }
}

#[test]
fn a_backlog_that_is_full_ends_at_the_connect_timeout() {
    // Nobody accepts, and the backlog takes only a few: later connections hang in their SYN.
    let socket = socket2_listener();
    let port = socket.local_addr().unwrap().port();
    let fillers: Vec<_> = (0..8)
        .map(|_| thread::spawn(move || TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), ms(3000))))
        .collect();
    let client = unreachable_client(port, |config| {
        config.set_connect_timeout(ms(300)).unwrap().set_max_retries(0);
    });
    let (error, time) = timed(|| client.get(None).unwrap_err());
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert!(time >= ms(300) && time < ms(300) + grace(), "{time:?}");
    drop(socket);
    for filler in fillers {
        let _ = filler.join();
    }
}

#[test]
fn cancelling_ends_this_client_s_calls_and_no_others() {
    let sandbox = sandbox();
    let origin = client_with(&sandbox, |_| {});
    let derived = origin.derive(None).unwrap();
    thread::scope(|scope| {
        let undisturbed = scope.spawn(|| origin.get(Some("fault-delay-600")));
        let cut_off = [(); 4].map(|()| scope.spawn(|| timed(|| derived.get(Some("fault-silent")))));
        assert!(sandbox.wait_for_requests(5, ms(5000)));
        let ((), cancelling) = timed(|| derived.cancel());
        for call in cut_off {
            let (result, _) = call.join().unwrap();
            assert_eq!(result.unwrap_err().code(), Code::Cancelled);
        }
        assert!(cancelling < grace(), "{cancelling:?}");
        assert!(undisturbed.join().unwrap().is_ok());
    });
    let (error, time) = timed(|| derived.get(None).unwrap_err());
    assert_eq!((error.code(), error.report().attempts), (Code::Cancelled, 0));
    assert!(time < grace());
    origin.get(None).unwrap();
}

/// Wherever a call may wait, a cancel ends it within the grace.
#[test]
fn cancelling_ends_every_kind_of_wait() {
    let sandbox = sandbox();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let stalled = unreachable_client(silent.local_addr().unwrap().port(), |_| {});
    let service = client_with(&sandbox, |config| {
        config.set_requests_per_minute(30);
    });
    service.get(None).unwrap();
    let cases: [(&str, Client, Option<&str>); 4] = [
        ("the reply", client_with(&sandbox, |_| {}), Some("fault-silent")),
        ("the time of a retry", client_with(&sandbox, |_| {}), Some("fault-status-429-retry-after-20")),
        ("its turn", service, None),
        ("the handshake", stalled, None),
    ];
    for (what, client, name) in cases {
        thread::scope(|scope| {
            let call = scope.spawn(|| client.get(name));
            thread::sleep(ms(150));
            assert!(!call.is_finished(), "{what}");
            let (result, time) = timed(|| {
                client.cancel();
                call.join().unwrap()
            });
            assert_eq!(result.unwrap_err().code(), Code::Cancelled, "{what}");
            assert!(time < grace(), "{what}: {time:?}");
        });
    }
}

fn hold(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

fn unreachable_client(port: u16, options: impl FnOnce(&mut Config)) -> Client {
    let mut config = Config::new();
    config.set_base_url(&format!("https://127.0.0.1:{port}")).unwrap();
    config.set_proxy(Some("")).unwrap();
    config.set_timeout(Duration::from_secs(10)).unwrap();
    options(&mut config);
    Client::new("key", Region::Global, &config).unwrap()
}

fn socket2_listener() -> TcpListener {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(1).unwrap();
    socket.into()
}
