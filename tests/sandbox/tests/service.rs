//! What the service answers when nothing goes wrong, and when the caller does.

mod client;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use client::{Connection, Request, ask, sandbox};
use serde_json::{Value, json};
use sg_open_tracking_sandbox::{EMAIL_SUBUSER, Options, ResetForm, Sandbox, Side};

#[test]
fn an_update_changes_one_account_and_no_other() {
    let sandbox = sandbox();
    let mut connection = Connection::open(&sandbox, sandbox.url());
    let accounts = [None, Some("subuser-00007"), Some(EMAIL_SUBUSER), Some("account-id customer-2")];
    for account in accounts {
        let named = |request: Request| match account {
            Some(name) => request.on_behalf_of(name),
            None => request,
        };
        let update = named(Request::patch(sandbox.key(), r#"{"enabled":false}"#));
        assert_eq!(sandbox.setting(Side::Global, account), Some(true));
        assert_eq!(connection.send(&update).unwrap().text(), r#"{"enabled":false}"#);
        let read = connection.send(&named(Request::get(sandbox.key()))).unwrap();
        assert_eq!(read.text(), r#"{"enabled":false}"#, "{account:?}");
        assert_eq!(sandbox.setting(Side::Global, account), Some(false));
        assert_eq!(sandbox.setting(Side::Eu, account), Some(true));
    }
    assert_eq!(sandbox.setting(Side::Global, Some("subuser-00008")), Some(true));
    assert_eq!(sandbox.stats().connections, 1);

    sandbox.reset();
    assert_eq!(sandbox.setting(Side::Global, None), Some(true));
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_body_may_come_in_chunks() {
    let sandbox = sandbox();
    let update = Request::new("PATCH", client::OPEN)
        .json()
        .key(sandbox.key())
        .header("Content-Type", "application/json; charset=utf-8")
        .chunks(r#"{"enabled":false}"#);
    let mut connection = Connection::open(&sandbox, sandbox.url());
    for _ in 0..2 {
        assert_eq!(connection.send(&update).unwrap().status, 200);
    }
    assert_eq!(sandbox.requests()[1].body, r#"{"enabled":false}"#);
}

#[test]
fn keys_open_their_own_side_alone() {
    let sandbox = sandbox();
    let revoked = "The provided authorization grant is invalid, expired, or revoked";
    let cases = [
        (sandbox.url(), sandbox.key(), None),
        (sandbox.eu_url(), sandbox.eu_key(), None),
        (sandbox.url(), sandbox.eu_key(), Some("authorization required")),
        (sandbox.eu_url(), sandbox.key(), Some("authorization required")),
        (sandbox.url(), "SG.unknown", Some(revoked)),
    ];
    for (url, key, refusal) in cases {
        let answer = Connection::open(&sandbox, url).send(&Request::get(key)).unwrap();
        match refusal {
            None => assert_eq!(answer.status, 200, "{url} {key}"),
            Some(message) => {
                assert_eq!(answer.status, 401, "{url} {key}");
                assert_eq!(answer.message(), message, "{url} {key}");
            }
        }
    }
}

#[test]
fn a_key_without_the_scope_is_forbidden() {
    let sandbox = sandbox();
    let update = |key| Request::patch(key, r#"{"enabled":false}"#);
    let list = |key| Request::new("GET", "/v3/subusers").json().key(key);
    let cases = [
        (Request::get(sandbox.read_key()), 200),
        (update(sandbox.read_key()), 403),
        (Request::get(sandbox.update_key()), 403),
        (update(sandbox.update_key()), 200),
        (list(sandbox.read_key()), 403),
    ];
    for (request, status) in cases {
        let answer = ask(&sandbox, &request).unwrap();
        assert_eq!(answer.status, status, "{request:?}");
        if status == 403 {
            let forbidden = r#"{"errors":[{"field":"null","message":"access forbidden"}]}"#;
            assert_eq!(answer.text(), forbidden);
        }
    }
}

#[test]
fn what_the_service_does_not_take_is_refused() {
    let sandbox = sandbox();
    let key = sandbox.key();
    let get = Request::get(key);
    let list = |query: &str| Request::new("GET", &format!("/v3/subusers{query}")).json().key(key);
    let bare_patch = Request::new("PATCH", client::OPEN).json().key(key);
    let cases = [
        ("no key", Request::new("GET", client::OPEN).json(), 401),
        ("no accept", Request::new("GET", client::OPEN).key(key), 406),
        ("accepts html", Request::new("GET", client::OPEN).key(key).header("Accept", "text/html"), 406),
        ("accepts all", Request::new("GET", client::OPEN).key(key).header("Accept", "text/html, */*;q=0.1"), 200),
        ("unknown subuser", get.clone().on_behalf_of("nobody"), 404),
        ("unknown account", get.clone().on_behalf_of("account-id x"), 404),
        ("a slip in a fault", get.on_behalf_of("fault-nonsense"), 404),
        ("empty body", Request::patch(key, "{}"), 400),
        ("no body", Request::patch(key, ""), 400),
        ("no boolean", Request::patch(key, r#"{"enabled":"false"}"#), 400),
        ("no json", Request::patch(key, "enabled=false"), 400),
        ("no content type", bare_patch.body(r#"{"enabled":false}"#), 400),
        ("odd method", Request::new("DELETE", client::OPEN).json().key(key), 405),
        ("odd path", Request::new("GET", "/v3/nothing").json().key(key), 404),
        ("list for another", list("").on_behalf_of("subuser-00001"), 400),
        ("odd limit", list("?limit=x"), 400),
        ("no limit", list("?limit=0"), 400),
        ("odd region", list("?region=mars"), 400),
    ];
    let mut connection = Connection::open(&sandbox, sandbox.url());
    for (case, request, status) in cases {
        let answer = connection.send(&request).unwrap();
        assert_eq!(answer.status, status, "{case}: {}", answer.text());
    }
    assert_eq!(sandbox.setting(Side::Global, None), Some(true));
}

#[test]
fn subusers_come_in_pages() {
    let sandbox = Sandbox::start(Options { subusers: 7, ..Options::default() }).unwrap();
    let mut connection = Connection::open(&sandbox, sandbox.eu_url());
    let mut list = |query: &str| {
        let request = Request::new("GET", &format!("/v3/subusers{query}"));
        connection.send(&request.json().key(sandbox.eu_key())).unwrap().value()
    };
    let names = |page: &Value| -> Vec<String> {
        let page = page.as_array().unwrap().iter();
        page.map(|one| one["username"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&list("?limit=3&offset=3")), ["subuser-00004", "subuser-00005", "subuser-00006"]);
    assert_eq!(names(&list("?limit=3&offset=6")), ["subuser-00007"]);
    assert_eq!(list("?offset=7"), json!([]));
    assert_eq!(names(&list("")).len(), 7);
    assert_eq!(list("?region=global"), json!([]));
    assert_eq!(list("?username=nobody"), json!([]));
    assert_eq!(
        list("?username=subuser-00002&include_region=true"),
        json!([{
            "disabled": false,
            "email": "subuser-00002@example.com",
            "id": 1_000_002,
            "region": "eu",
            "username": "subuser-00002",
        }])
    );
}

#[test]
fn a_limit_is_told_and_kept_for_each_side() {
    let sandbox = Sandbox::start(Options { limit: Some(2), ..Options::default() }).unwrap();
    let mut connection = Connection::open(&sandbox, sandbox.url());
    for (status, remaining) in [(200, "1"), (200, "0"), (429, "0")] {
        let answer = connection.send(&Request::get(sandbox.key())).unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("2"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(remaining));
        assert_eq!(answer.header("x-ratelimit-reset"), Some("60"));
        if status == 429 {
            let refusal = r#"{"errors":[{"field":null,"message":"too many requests"}]}"#;
            assert_eq!(answer.text(), refusal);
        }
    }
    let unknown = connection.send(&Request::get("SG.unknown")).unwrap();
    assert_eq!((unknown.status, unknown.header("x-ratelimit-limit")), (401, None));
    let windows = sandbox.stats().windows;
    let [window] = &windows[..] else {
        panic!("one window was expected: {windows:?}");
    };
    assert_eq!((window.side, window.allowed, window.refused), (Side::Global, 2, 1));
    assert_eq!(window.ends_us - window.started_us, 60_000_000);
}

#[test]
fn the_clock_and_the_form_of_the_reset_can_be_set() {
    let hour = 3_600;
    let sandbox = Sandbox::start(Options {
        limit: Some(9),
        reset_form: ResetForm::Epoch,
        clock_skew: hour,
        ..Options::default()
    })
    .unwrap();
    let answer = ask(&sandbox, &Request::get(sandbox.key())).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + hour.unsigned_abs();
    let reset: u64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
    assert!((now + 58..=now + 61).contains(&reset), "{reset} at {now}");
    let date = httpdate::parse_http_date(answer.header("date").unwrap()).unwrap();
    let date = date.duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!((now - 2..=now).contains(&date), "{date} at {now}");

    let silent = Sandbox::start(Options {
        limit: Some(0),
        rate_headers: false,
        window: Duration::from_secs(1),
        ..Options::default()
    })
    .unwrap();
    let answer = ask(&silent, &Request::get(silent.key())).unwrap();
    assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (429, None));
}
