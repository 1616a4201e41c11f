//! What a call answers, over real TLS, for whatever the service does.

mod support;

use sg_open_tracking::{Client, Code, Region};
use sg_open_tracking_sandbox::{Options, ResetForm, Rule, Sandbox, Side, Then};
use support::{client, client_with, config, grace, ms, sandbox, timed};

#[test]
fn update_and_read_back() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    for name in [None, Some("subuser-00001"), Some("account-id customer-1"), Some("news@example.com")] {
        let before = client.get(name).unwrap();
        assert!(before.enabled, "{name:?}");
        for enabled in [false, true, false] {
            let outcome = client.update(enabled, name).unwrap();
            assert_eq!(outcome.enabled, enabled);
            assert_eq!((outcome.report.http_status, outcome.report.attempts), (Some(200), 1));
            assert_eq!(client.get(name).unwrap().enabled, enabled);
        }
        assert_eq!(sandbox.setting(Side::Global, name), Some(false), "{name:?}");
    }
}

#[test]
fn requests_are_what_the_service_wants() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_user_agent("shop/2.1").unwrap();
    });
    client.update(false, Some("subuser-00002")).unwrap();
    client.get(None).unwrap();

    let requests = sandbox.requests();
    let [update, read] = &requests[..] else { panic!("{requests:?}") };
    let bearer = format!("Bearer {}", sandbox.key());
    let agent = format!("sg_open_tracking/{} shop/2.1", env!("CARGO_PKG_VERSION"));
    let host = sandbox.url().trim_start_matches("https://");
    for request in [update, read] {
        assert_eq!(request.path, "/v3/tracking_settings/open");
        assert_eq!(request.header("authorization"), Some(bearer.as_str()));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("user-agent"), Some(agent.as_str()));
        assert_eq!(request.header("host"), Some(host));
        assert_eq!(request.header("accept-encoding"), None);
    }
    assert_eq!((update.method.as_str(), update.body.as_str()), ("PATCH", r#"{"enabled":false}"#));
    assert_eq!(update.header("content-type"), Some("application/json"));
    assert_eq!(update.header("content-length"), Some("17"));
    assert_eq!(update.header("on-behalf-of"), Some("subuser-00002"));
    assert_eq!((read.method.as_str(), read.body.as_str()), ("GET", ""));
    assert_eq!(read.header("content-type"), None);
    assert_eq!(read.header("on-behalf-of"), None);
}

#[test]
fn a_region_accepts_its_own_keys_only() {
    let sandbox = sandbox();
    let mut options = config(&sandbox);
    let global = Client::new(sandbox.eu_key(), Region::Global, &options).unwrap();
    options.set_base_url(sandbox.eu_url()).unwrap();
    let eu = Client::new(sandbox.eu_key(), Region::Eu, &options).unwrap();

    assert!(!eu.update(false, None).unwrap().enabled);
    assert_eq!(sandbox.setting(Side::Eu, None), Some(false));
    assert_eq!(sandbox.setting(Side::Global, None), Some(true));
    let error = global.update(false, None).unwrap_err();
    assert_eq!(error.code(), Code::Unauthorized);
    assert!(error.message().contains("EU region"), "{error}");
}

#[test]
fn keys_without_the_scope_are_told_which() {
    let sandbox = sandbox();
    let options = config(&sandbox);
    let reader = Client::new(sandbox.read_key(), Region::Global, &options).unwrap();
    let updater = Client::new(sandbox.update_key(), Region::Global, &options).unwrap();
    assert!(reader.get(None).unwrap().enabled);
    assert!(!updater.update(false, None).unwrap().enabled);
    let cases = [
        (reader.update(true, None), "tracking_settings.open.update"),
        (updater.get(None), "tracking_settings.open.read"),
    ];
    for (result, scope) in cases {
        let error = result.unwrap_err();
        assert_eq!((error.code(), error.report().http_status), (Code::Forbidden, Some(403)));
        assert!(error.message().ends_with(scope), "{error}");
    }
}

/// Every code that the service can cause, by the sandbox's names for its faults.
#[test]
fn faults_have_their_codes() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_max_retries(0);
    });
    let cases = [
        ("fault-status-400", Code::BadRequest, 400, "400 bad request"),
        ("fault-status-401", Code::Unauthorized, 401, "401 authorization required"),
        ("fault-status-403", Code::Forbidden, 403, "403 access forbidden"),
        ("fault-status-404", Code::NotFound, 404, "404 not found"),
        ("fault-status-406", Code::BadRequest, 406, "406 not acceptable"),
        ("fault-status-429", Code::RateLimited, 429, "429 too many requests"),
        ("fault-status-451", Code::BadRequest, 451, "451 unavailable due to data residency"),
        ("fault-status-500", Code::Server, 500, "500 Internal Server Error"),
        ("fault-status-503", Code::Server, 503, "503 Service Unavailable"),
        ("fault-status-201", Code::Status, 201, "201"),
        ("fault-status-204", Code::Status, 204, "204"),
        ("fault-redirect", Code::Status, 302, "redirects are not followed"),
        ("fault-malformed-json", Code::Protocol, 200, "the reply is not a setting"),
        ("fault-empty-body", Code::Protocol, 200, "the reply is not a setting"),
        ("fault-no-enabled", Code::Protocol, 200, "missing field `enabled`"),
        ("fault-string-enabled", Code::Protocol, 200, "expected a boolean"),
        ("fault-huge-body", Code::Protocol, 200, "larger than"),
        ("fault-not-http", Code::Protocol, 0, "not proper HTTP"),
        ("fault-close", Code::Io, 0, "the connection broke"),
        ("fault-reset", Code::Io, 0, "the connection broke"),
        ("fault-close-in-header", Code::Io, 0, "the connection broke"),
        ("fault-close-in-body", Code::Io, 200, "the connection broke"),
        ("fault-unicode-message", Code::Forbidden, 403, "accès refusé: 権限がありません 🔒"),
        ("fault-long-message", Code::Forbidden, 403, "éééé"),
        ("fault-echo-key", Code::Forbidden, 403, "for [key]"),
    ];
    for (name, code, status, text) in cases {
        let error = client.update(false, Some(name)).expect_err(name);
        assert_eq!(error.code(), code, "{name}: {error}");
        assert_eq!(error.report().http_status.unwrap_or(0), status, "{name}: {error}");
        assert!(error.message().contains(text), "{name}: {error}");
        assert!(!error.message().contains(sandbox.key()), "{name}: {error}");
        assert_eq!(error.report().attempts, 1, "{name}");
    }

    let error = client.update(false, Some("fault-not-applied")).unwrap_err();
    assert_eq!((error.code(), error.enabled()), (Code::NotApplied, Some(true)));
    for name in ["fault-chunked", "fault-until-close", "fault-delay-50", "fault-drip-1", "fault-close-after-reply"] {
        assert!(!client.update(false, Some(name)).expect(name).enabled);
    }
}

#[test]
fn what_may_pass_is_tried_again() {
    let sandbox = sandbox();
    let cases = [
        ("fault-once-429-a", 2, Ok(())),
        ("fault-once-500-a", 2, Ok(())),
        ("fault-once-502-a", 2, Ok(())),
        ("fault-once-503-a", 2, Ok(())),
        ("fault-once-504-a", 2, Ok(())),
        ("fault-status-503", 3, Err(Code::Server)),
        ("fault-status-501", 1, Err(Code::Server)),
        ("fault-once-400-a", 1, Err(Code::BadRequest)),
        ("fault-once-401-a", 1, Err(Code::Unauthorized)),
        ("fault-once-malformed-json-a", 1, Err(Code::Protocol)),
        ("fault-once-close-b", 2, Ok(())),
        ("fault-once-reset-b", 2, Ok(())),
        ("fault-once-close-in-header-b", 2, Ok(())),
        ("fault-once-close-in-body-b", 2, Ok(())),
        ("fault-close-in-body", 3, Err(Code::Io)),
    ];
    let client = client(&sandbox);
    for (name, attempts, expected) in cases {
        let (result, report) = match client.update(false, Some(name)) {
            Ok(outcome) => (Ok(()), outcome.report),
            Err(error) => (Err(error.code()), error.report().clone()),
        };
        assert_eq!((result, report.attempts), (expected, attempts), "{name}");
    }
}

#[test]
fn the_wait_that_the_server_asks_for_is_kept() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    for name in [
        "fault-once-429-retry-after-1",
        "fault-once-429-reset-1",
        "fault-once-429-reset-epoch-1",
        "fault-once-503-retry-after-1",
    ] {
        let (outcome, time) = timed(|| client.get(Some(name)).expect(name));
        assert_eq!(outcome.report.attempts, 2, "{name}");
        // The epoch form has whole seconds, so it may be up to one less.
        let least = if name.contains("epoch") { ms(100) } else { ms(1000) };
        assert!(time >= least && time < ms(2000), "{name}: {time:?}");
    }
}

#[test]
fn a_wait_past_the_deadline_returns_at_once() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_timeout(ms(2000)).unwrap();
    });
    for (name, code) in [
        ("fault-status-429-retry-after-30", Code::RateLimited),
        ("fault-status-429-reset-30", Code::RateLimited),
        ("fault-status-503-retry-after-30", Code::Server),
    ] {
        let (error, time) = timed(|| client.get(Some(name)).unwrap_err());
        assert_eq!((error.code(), error.report().attempts), (code, 1), "{name}");
        assert_eq!(error.report().retry_after, Some(ms(30_000)), "{name}");
        assert!(time < ms(1000), "{name}: {time:?}");
    }
}

#[test]
fn the_service_s_window_is_waited_for() {
    for reset_form in [ResetForm::Delta, ResetForm::Epoch] {
        let options = Options { limit: Some(3), window: ms(1000), reset_form, ..Options::default() };
        let sandbox = Sandbox::start(options).unwrap();
        let client = client(&sandbox);
        for _ in 0..5 {
            client.get(None).unwrap();
        }
    }
}

#[test]
fn the_cap_spreads_requests_over_kin() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_requests_per_minute(1200);
    });
    let kin = client.derive(None).unwrap();
    let ((), time) = timed(|| {
        for _ in 0..3 {
            client.get(None).unwrap();
            kin.get(None).unwrap();
        }
    });
    assert!(time >= ms(250), "{time:?}");

    let slow = client_with(&sandbox, |config| {
        config.set_requests_per_minute(1).set_timeout(ms(500)).unwrap();
    });
    slow.get(None).unwrap();
    let (error, time) = timed(|| slow.get(None).unwrap_err());
    assert_eq!((error.code(), error.report().attempts), (Code::RateLimited, 0));
    assert!(error.report().retry_after > Some(ms(50_000)) && time < ms(100), "{error:?}");
}

#[test]
fn bad_names_send_nothing() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    for name in ["", " a", "a ", "a\r\nX-Evil: 1", "jürgen", "a\tb", &"x".repeat(257)] {
        let error = client.update(false, Some(name)).unwrap_err();
        assert_eq!((error.code(), error.report().attempts), (Code::Argument, 0), "{name:?}");
    }
    for key in ["", "a b", "a\r\nb", "ü", &"x".repeat(513)] {
        assert_eq!(Client::new(key, Region::Global, &config(&sandbox)).unwrap_err().code(), Code::Argument);
    }
    assert_eq!(sandbox.stats().connections, 0);
}

#[test]
fn plain_http_on_the_loopback() {
    let sandbox = Sandbox::start(Options { http: true, ..Options::default() }).unwrap();
    let mut options = sg_open_tracking::Config::new();
    options.set_base_url(sandbox.url()).unwrap();
    let client = Client::new(sandbox.key(), Region::Global, &options).unwrap();
    for _ in 0..3 {
        assert!(!client.update(false, None).unwrap().enabled);
    }
    assert_eq!(sandbox.stats().connections, 1);
}

#[test]
fn another_ca_is_not_trusted() {
    let sandbox = sandbox();
    let other = support::sandbox();
    let mut options = config(&sandbox);
    options.set_ca_file(other.ca_file().unwrap()).unwrap();
    let client = Client::new(sandbox.key(), Region::Global, &options).unwrap();
    let error = client.get(None).unwrap_err();
    assert_eq!((error.code(), error.report().attempts), (Code::Tls, 0));
    assert!(error.message().contains("trust store") || error.message().contains("BadSignature"), "{error}");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn debug_output_holds_no_key() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    assert!(!format!("{client:?}").contains(sandbox.key()));
    let rule = Rule::times(1, Then::status(400));
    sandbox.fault(rule);
    assert!(!format!("{:?}", client.get(None)).contains(sandbox.key()));
}

/// Under a cap a retry may find no turn before the deadline: then the server's own answer is told,
/// and not that there was no turn.
#[test]
fn a_retry_without_a_turn_leaves_the_server_s_answer() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_requests_per_minute(6).set_timeout(ms(2000)).unwrap();
    });
    let (error, time) = timed(|| client.get(Some("fault-status-503")).unwrap_err());
    assert_eq!((error.code(), error.report().http_status, error.report().attempts), (Code::Server, Some(503), 1));
    assert!(time < ms(1000) + grace(), "{time:?}");
    // Nothing was sent: then it is told.
    let error = client.get(None).unwrap_err();
    assert_eq!((error.code(), error.report().attempts), (Code::RateLimited, 0), "{error}");
    assert!(error.report().retry_after.is_some_and(|wait| wait > ms(5000)), "{error:?}");
}
