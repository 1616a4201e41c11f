//! The way in for the benchmarks of the pieces and for the targets in `fuzz/`, which only the feature
//! `internals` opens. No part of the API.

use std::time::Instant;

use ureq::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::environment::Environment;
use crate::net::Reply;
use crate::pace::Sender;
use crate::url::{BaseUrl, ProxyUrl};
use crate::{Client, Error, rate_limit, response};

/// Writes the request of an update, checks included, and tells how long it is.
///
/// # Errors
/// As for [`Client::update`].
pub fn build_request(client: &Client, enabled: bool, on_behalf_of: Option<&str>) -> Result<usize, Error> {
    let request = client.shared.request(Some(enabled), on_behalf_of)?;
    let mut written = Vec::new();
    request.write(&mut written);
    Ok(written.len())
}

/// Reads the reply to a read.
///
/// # Errors
/// As for [`Client::get`].
pub fn parse_reply(client: &Client, status: u16, body: &[u8]) -> Result<bool, Error> {
    let reply = Reply { status, headers: HeaderMap::new(), body: Ok(body.to_vec()) };
    response::setting(reply, client.shared.asked(None, None), None)
}

/// Has the pace of a fleet learn from a reply with these headers.
pub fn learn(client: &Client, headers: &HeaderMap) {
    client.shared.pace.learn(Instant::now(), 200, headers, Sender::Fleet);
}

/// The headers that tell a rate limit.
#[must_use]
pub fn rate_limit_headers() -> HeaderMap {
    let pairs = [("x-ratelimit-limit", "600"), ("x-ratelimit-remaining", "412"), ("x-ratelimit-reset", "37")];
    pairs.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?))).collect()
}

/// Reads the wait that a reply with these headers asks for.
///
/// # Panics
/// If the wait is past its bounds.
pub fn wait_in_headers(status: u16, retry_after: &[u8], reset: &[u8], date: &[u8]) {
    let mut headers = HeaderMap::new();
    for (name, value) in [("retry-after", retry_after), ("x-ratelimit-reset", reset), ("date", date)] {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if let Some(wait) = rate_limit::asked_wait(status, &headers) {
        assert!(wait <= rate_limit::WAIT_MAX);
    }
}

/// Reads a base URL, a proxy and `NO_PROXY`, and finds the way to the one by the others.
///
/// # Panics
/// If what was read from them breaks a promise.
pub fn way_to(base_url: &str, proxy: &str, no_proxy: &str) {
    if let Ok(proxy) = ProxyUrl::parse(proxy) {
        assert!(!proxy.origin.host.is_empty() && proxy.origin.port != 0);
    }
    let Ok(url) = BaseUrl::parse(base_url) else {
        return;
    };
    assert!(url.origin.tls || url.origin.is_loopback(), "plain http to {base_url}");
    assert!(url.host().bytes().all(|byte| byte.is_ascii_graphic()), "no header can carry {base_url}");
    let joined = url.join("/v3/tracking_settings/open").unwrap_or_else(|why| panic!("{base_url}: {why}"));
    assert!(joined.path().ends_with("/v3/tracking_settings/open") && joined.query().is_none(), "{joined}");
    assert!(joined.host().is_some_and(|host| host.trim_matches(['[', ']']) == url.origin.host), "{joined}");
    if let Ok(Some(proxy)) = Environment::naming(proxy, no_proxy).proxy_for(&url.origin) {
        assert_ne!(no_proxy, "*", "past NO_PROXY to {}", proxy.origin.authority());
    }
}
