//! Each fault, as a client meets it.

mod client;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use client::{Connection, Request, ask, sandbox};
use sg_open_tracking_sandbox::{Rule, Side, Then};

const OFF: &str = r#"{"enabled":false}"#;

/// What a client meets: a status and a body, or the end of the connection.
#[derive(Debug)]
enum Meets {
    Reply(u16, &'static str),
    End(ErrorKind),
}

#[test]
fn an_accounts_name_asks_for_its_fault() {
    use Meets::{End, Reply};
    let page = "<html><head><title>503 Service Unavailable</title></head>\
                <body>503 Service Unavailable</body></html>";
    let limited = r#"{"errors":[{"field":null,"message":"too many requests"}]}"#;
    let chunks = "1\r\n{\r\n1\r\n\"\r\n1\r\ne\r\n1\r\nn\r\n1\r\na\r\n1\r\nb\r\n1\r\nl\r\n1\r\ne\r\n1\r\nd\r\n\
                  1\r\n\"\r\n1\r\n:\r\n1\r\nf\r\n1\r\na\r\n1\r\nl\r\n1\r\ns\r\n1\r\ne\r\n1\r\n}\r\n0\r\n\r\n";
    let cases = [
        ("status-503", Reply(503, page)),
        ("status-204", Reply(204, "")),
        ("status-429-retry-after-1", Reply(429, limited)),
        ("status-429-reset-1", Reply(429, limited)),
        ("html-503", Reply(503, page)),
        ("delay-1", Reply(200, OFF)),
        ("drip-1", Reply(200, OFF)),
        ("close", End(ErrorKind::UnexpectedEof)),
        ("close-in-header", End(ErrorKind::UnexpectedEof)),
        ("close-in-body", End(ErrorKind::UnexpectedEof)),
        ("close-after-reply", Reply(200, OFF)),
        ("reset", End(ErrorKind::ConnectionReset)),
        ("reset-after-reply", Reply(200, OFF)),
        ("not-applied", Reply(200, r#"{"enabled":true}"#)),
        ("malformed-json", Reply(200, r#"{"enabled":fal"#)),
        ("empty-body", Reply(200, "")),
        ("no-enabled", Reply(200, "{}")),
        ("string-enabled", Reply(200, r#"{"enabled":"false"}"#)),
        ("chunked", Reply(200, chunks)),
        ("until-close", Reply(200, OFF)),
        ("not-http", End(ErrorKind::UnexpectedEof)),
        (
            "unicode-message",
            Reply(403, r#"{"errors":[{"field":"null","message":"accès refusé: 権限がありません 🔒"}]}"#),
        ),
        ("redirect", Reply(302, "{}")),
    ];
    let sandbox = sandbox();
    for (name, meets) in cases {
        let name = format!("fault-{name}");
        let update = Request::patch(sandbox.key(), OFF).on_behalf_of(&name);
        match (ask(&sandbox, &update), meets) {
            (Ok(answer), Reply(status, body)) => {
                assert_eq!((answer.status, &*answer.text()), (status, body), "{name}");
            }
            (Err(why), End(kind)) => assert_eq!(why.kind(), kind, "{name}: {why}"),
            (got, meets) => panic!("{name}: {meets:?} was expected, not {got:?}"),
        }
    }
}

#[test]
fn a_fault_in_delivery_leaves_the_update_done_and_a_reply_in_its_place_does_not() {
    let sandbox = sandbox();
    for (name, enabled) in [
        ("fault-close-in-body", false),
        ("fault-reset", false),
        ("fault-status-500", true),
        ("fault-not-applied", true),
    ] {
        let _ = ask(&sandbox, &Request::patch(sandbox.key(), OFF).on_behalf_of(name));
        assert_eq!(sandbox.setting(Side::Global, Some(name)), Some(enabled), "{name}");
    }
}

#[test]
fn headers_that_faults_set_are_there() {
    let sandbox = sandbox();
    let cases = [
        ("fault-status-503-retry-after-7", "retry-after", "7"),
        ("fault-status-429-reset-9", "x-ratelimit-reset", "9"),
        ("fault-redirect", "location", "https://localhost:1/elsewhere"),
        ("fault-html-500", "content-type", "text/html"),
        ("fault-until-close", "connection", "close"),
    ];
    for (name, header, value) in cases {
        let answer = ask(&sandbox, &Request::get(sandbox.key()).on_behalf_of(name)).unwrap();
        assert_eq!(answer.header(header), Some(value), "{name}");
    }
}

#[test]
fn a_fault_that_happens_once_happens_once_a_name() {
    let sandbox = sandbox();
    for name in ["fault-once-503", "fault-once-503-x", "fault-once-html-503-y"] {
        let statuses = [(); 3].map(|()| {
            let request = Request::get(sandbox.key()).on_behalf_of(name);
            ask(&sandbox, &request).unwrap().status
        });
        assert_eq!(statuses, [503, 200, 200], "{name}");
    }
}

#[test]
fn big_bodies_and_messages_arrive_whole() {
    let sandbox = sandbox();
    let get = |name: &str| ask(&sandbox, &Request::get(sandbox.key()).on_behalf_of(name)).unwrap();
    let huge = get("fault-huge-body");
    assert!(huge.body.len() > 8 * 1024 * 1024);
    assert_eq!(huge.value()["enabled"], true);
    assert_eq!(get("fault-long-message").message(), "é".repeat(4000));
    assert!(get("fault-echo-key").message().contains(sandbox.key()));
}

#[test]
fn a_silent_fault_is_known_by_its_record() {
    let sandbox = sandbox();
    let mut connection = Connection::open(&sandbox, sandbox.url());
    connection.send_only(&Request::get(sandbox.key()).on_behalf_of("fault-silent"));
    assert!(sandbox.wait_for_requests(1, Duration::from_secs(10)));
    assert_eq!(sandbox.requests()[0].status, None);
    assert!(!sandbox.wait_for_requests(2, Duration::from_millis(1)));
}

#[test]
fn a_rule_acts_on_what_it_matches_as_often_as_it_says() {
    let sandbox = sandbox();
    sandbox.fault(Rule::times(2, Then::status(503)).method("PATCH"));
    sandbox.fault(Rule::always(Then::status(451)).on_behalf_of("subuser-*"));
    let get = Request::get(sandbox.key());
    let patch = Request::patch(sandbox.key(), OFF);
    let cases = [
        (get.clone(), 200),
        (patch.clone(), 503),
        (get.clone().on_behalf_of("subuser-00001"), 451),
        (patch.clone(), 503),
        (patch, 200),
    ];
    let mut connection = Connection::open(&sandbox, sandbox.url());
    for (case, (request, status)) in cases.into_iter().enumerate() {
        assert_eq!(connection.send(&request).unwrap().status, status, "request {case}");
    }
    sandbox.clear_faults();
    let answer = connection.send(&get.on_behalf_of("subuser-00001")).unwrap();
    assert_eq!(answer.status, 200);
}

#[test]
fn a_rule_can_change_the_replys_headers_and_its_pace() {
    let sandbox = sandbox();
    let then = Then::delay(Duration::from_millis(30)).header("x-RATELIMIT-reset", "3");
    sandbox.fault(Rule::always(then));
    let start = Instant::now();
    let answer = ask(&sandbox, &Request::get(sandbox.key())).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert!(answer.head.contains("x-RATELIMIT-reset: 3\r\n"), "{}", answer.head);
    assert_eq!(answer.text(), r#"{"enabled":true}"#);
}

#[test]
fn the_admin_sets_rules_over_http() {
    let sandbox = sandbox();
    let mut admin = Connection::open(&sandbox, sandbox.url());
    let mut post = |body: &str| {
        let request = Request::new("POST", "/_sandbox/faults").body(body);
        let answer = admin.send(&request).unwrap();
        (answer.status, answer.text())
    };
    let rules = r#"[{"match":{"path":"/v3/tracking_settings/open"},"times":1,
                     "then":{"status":418,"headers":{"X-Odd":"1"},"body_base64":"/wA="}},
                    {"then":{"action":"close_before_reply"}}]"#;
    assert_eq!(post(rules), (200, r#"{"rules":2}"#.into()));
    for bad in [
        "{}",
        r#"[{"then":{"statsu":500}}]"#,
        r#"[{"then":{"status":100}}]"#,
        r#"[{"then":{"body_base64":"?"}}]"#,
        r#"[{"then":{"action":"explode"}}]"#,
    ] {
        assert_eq!(post(bad).0, 400, "{bad}");
    }
    let answer = ask(&sandbox, &Request::get(sandbox.key())).unwrap();
    assert_eq!((answer.status, &answer.body[..]), (418, &[0xff, 0][..]));
    assert_eq!(answer.header("X-Odd"), Some("1"));
    let end = ask(&sandbox, &Request::get(sandbox.key())).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::UnexpectedEof);
    let cleared = admin.send(&Request::new("DELETE", "/_sandbox/faults")).unwrap();
    assert_eq!(cleared.status, 200);
    assert_eq!(ask(&sandbox, &Request::get(sandbox.key())).unwrap().status, 200);
}

#[test]
#[should_panic(expected = "no final status: 101")]
fn a_rule_that_cannot_be_followed_panics() {
    sandbox().fault(Rule::always(Then::status(101)));
}
