//! Connections: TLS, keep-alive, closing them, and what is counted and recorded of them.

mod client;

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use client::{Connection, Request, VERSIONS, ask, sandbox, tls};
use serde_json::Value;
use sg_open_tracking_sandbox::{Action, How, Options, Rule, Sandbox, Side, Then};

fn address(url: &str) -> &str {
    url.split_once("://").unwrap().1
}

#[test]
fn the_certificate_is_good_for_each_name_of_the_loopback() {
    let sandbox = sandbox();
    let port = sandbox.url().rsplit_once(':').unwrap().1;
    let config = tls(&sandbox, &VERSIONS);
    let mut hosts = vec!["localhost", "127.0.0.1"];
    if TcpStream::connect(format!("[::1]:{port}")).is_ok() {
        hosts.push("[::1]");
    }
    for host in hosts {
        let mut connection = Connection::open_tls(&config, &format!("{host}:{port}")).unwrap();
        let answer = connection.send(&Request::get(sandbox.key())).unwrap();
        assert_eq!(answer.status, 200, "{host}");
    }
}

#[test]
fn both_versions_of_tls_serve_and_resume() {
    for version in VERSIONS {
        let sandbox = sandbox();
        let config = tls(&sandbox, &[version]);
        for _ in 0..2 {
            let mut connection = Connection::open_tls(&config, address(sandbox.url())).unwrap();
            let answer = connection.send(&Request::get(sandbox.key())).unwrap();
            assert_eq!(answer.status, 200, "{version:?}");
        }
        let handshakes = sandbox.stats().handshakes;
        assert_eq!((handshakes.full, handshakes.resumed), (1, 1), "{version:?}");
    }
}

#[test]
fn a_client_that_trusts_another_authority_fails_and_is_counted() {
    let (sandbox, other) = (sandbox(), sandbox());
    let failed = Connection::open_tls(&tls(&other, &VERSIONS), address(sandbox.url()));
    assert!(failed.is_err());
    let deadline = Instant::now() + Duration::from_secs(10);
    while sandbox.stats().handshakes.failed == 0 {
        assert!(Instant::now() < deadline, "the failure was not counted");
        std::thread::yield_now();
    }
    assert_eq!(sandbox.stats().requests, 0);
}

#[test]
fn plain_http_serves_too() {
    let sandbox = Sandbox::start(Options { http: true, ..Options::default() }).unwrap();
    assert_eq!(sandbox.ca_file(), None);
    for (url, key) in [(sandbox.url(), sandbox.key()), (sandbox.eu_url(), sandbox.eu_key())] {
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        let answer = Connection::open(&sandbox, url).send(&Request::get(key)).unwrap();
        assert_eq!(answer.status, 200, "{url}");
    }
}

#[test]
fn idle_connections_close_when_told_and_new_ones_do_not() {
    let sandbox = sandbox();
    let mut used: Vec<_> = (0..3)
        .map(|_| {
            let mut connection = Connection::open(&sandbox, sandbox.url());
            connection.send(&Request::get(sandbox.key())).unwrap();
            connection
        })
        .collect();
    let mut new = Connection::open(&sandbox, sandbox.url());
    assert_eq!(sandbox.close_idle(How::Close), 3);
    for connection in &mut used {
        connection.end().unwrap();
    }
    assert_eq!(new.send(&Request::get(sandbox.key())).unwrap().status, 200);
    assert_eq!(sandbox.close_idle(How::Reset), 1);
    assert_eq!(new.end().unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(sandbox.close_idle(How::Close), 0);
}

#[test]
fn a_connection_can_die_after_its_reply() {
    let sandbox = sandbox();
    for (action, reset) in [(Action::CloseAfterReply, false), (Action::ResetAfterReply, true)] {
        sandbox.fault(Rule::times(1, Then::action(action)));
        let mut connection = Connection::open(&sandbox, sandbox.url());
        let answer = connection.send(&Request::get(sandbox.key())).unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, None));
        assert_eq!(connection.end().is_err(), reset, "{action:?}");
    }
}

#[test]
fn a_client_may_ask_for_the_end() {
    let sandbox = sandbox();
    let mut connection = Connection::open(&sandbox, sandbox.url());
    let request = Request::get(sandbox.key()).header("Connection", "close");
    assert_eq!(connection.send(&request).unwrap().header("connection"), Some("close"));
    connection.end().unwrap();
}

#[test]
fn requests_are_recorded_as_they_came() {
    let sandbox = sandbox();
    let mut connection = Connection::open(&sandbox, sandbox.url());
    let update =
        Request::patch(sandbox.key(), r#"{"enabled":false}"#).on_behalf_of("subuser-00002").header("X-oDd", "v");
    connection.send(&update).unwrap();
    Connection::open(&sandbox, sandbox.eu_url()).send(&Request::get("x")).unwrap();
    let records = sandbox.requests();
    let [first, second] = &records[..] else {
        panic!("two records were expected: {records:?}");
    };
    assert_eq!((first.side, &*first.method, &*first.path), (Side::Global, "PATCH", client::OPEN));
    assert_eq!(first.on_behalf_of.as_deref(), Some("subuser-00002"));
    assert_eq!((&*first.body, first.status), (r#"{"enabled":false}"#, Some(200)));
    assert!(first.headers.contains(&("X-oDd".into(), "v".into())));
    assert_eq!(first.header("authorization"), Some(&*format!("Bearer {}", sandbox.key())));
    assert_eq!((second.side, second.status), (Side::Eu, Some(401)));
    assert_ne!(first.connection, second.connection);
    assert!(first.at_us <= second.at_us && second.at_us <= sandbox.now().as_micros() as u64);
    sandbox.clear_requests();
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn the_admin_sees_all_and_leaves_no_trace() {
    let sandbox = sandbox();
    ask(&sandbox, &Request::patch(sandbox.key(), r#"{"enabled":false}"#)).unwrap();
    let admin = |method: &str, path: &str| {
        let answer = ask(&sandbox, &Request::new(method, path)).unwrap();
        assert_eq!(answer.status, 200, "{method} {path}");
        answer.value()
    };
    let stats = admin("GET", "/_sandbox/stats");
    assert_eq!(stats, serde_json::to_value(sandbox.stats()).unwrap());
    assert_eq!((&stats["connections"], &stats["requests"]), (&1.into(), &1.into()));
    assert_eq!(admin("GET", "/_sandbox/requests")[0]["method"], "PATCH");
    let settings = admin("GET", "/_sandbox/settings");
    assert_eq!(settings["global"]["own"], false);
    assert_eq!(settings["eu"]["on_behalf_of"]["subuser-00025"], true);
    assert!(admin("POST", "/_sandbox/close_idle?how=reset")["closed"].is_u64());
    assert_eq!(admin("POST", "/_sandbox/reset"), Value::Object(Default::default()));
    assert_eq!(admin("GET", "/_sandbox/settings")["global"]["own"], true);
    assert_eq!(admin("DELETE", "/_sandbox/requests"), Value::Object(Default::default()));
    assert_eq!(admin("GET", "/_sandbox/stats")["connections"], 0);
}

#[test]
fn many_sandboxes_live_side_by_side_and_leave_nothing() {
    let sandboxes: Vec<_> = (0..8).map(|_| sandbox()).collect();
    for one in &sandboxes {
        ask(one, &Request::patch(one.key(), r#"{"enabled":false}"#)).unwrap();
        assert_eq!(one.stats().requests, 1);
    }
    let mut open = Connection::open(&sandboxes[0], sandboxes[0].url());
    let files: Vec<_> = sandboxes.iter().map(|one| one.ca_file().unwrap().to_owned()).collect();
    let ports: Vec<_> = sandboxes.iter().map(|one| address(one.url()).replace("localhost", "127.0.0.1")).collect();
    drop(sandboxes);
    assert!(open.send(&Request::get("x")).is_err());
    for (file, port) in files.iter().zip(ports) {
        assert!(!file.exists(), "{}", file.display());
        assert!(TcpStream::connect(&port).is_err(), "{port}");
    }
}
