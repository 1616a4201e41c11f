//! The way in for the targets in `fuzz/`, which only a build for them has.

use ureq::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::environment::Environment;
use crate::rate_limit;
use crate::url::{BaseUrl, ProxyUrl};

/// Reads the wait that a reply with these headers asks for.
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
