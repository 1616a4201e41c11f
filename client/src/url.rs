//! The URLs that callers and the environment give us: base URLs and proxies.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use zeroize::Zeroizing;

/// The server at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) tls: bool,
    /// A name or an address, an IPv6 one without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    /// Of `host`, `host:port`, `[v6]` or `[v6]:port`. `Authority` would take much else for one.
    fn new(tls: bool, authority: &str, default_port: u16) -> Result<Origin, String> {
        let is_name = |host: &str| host.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_'));
        let is_ipv6 = |host: &str| host.parse::<std::net::Ipv6Addr>().is_ok();
        let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, rest) =
            bracketed.unwrap_or_else(|| authority.split_at(authority.find(':').unwrap_or(authority.len())));
        let is_valid = if bracketed.is_some() { is_ipv6(host) } else { is_name(host) };
        if host.is_empty() {
            return Err("no host in it".to_owned());
        }
        if !is_valid {
            return Err("its host is neither a name nor an address".to_owned());
        }
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => Some(default_port),
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse().ok(),
            _ => None,
        };
        match port {
            Some(port) if port != 0 => Ok(Origin { tls, host: host.to_owned(), port }),
            _ => Err("its port is not a number from 1 to 65535".to_owned()),
        }
    }

    /// `host:port`, as a URL or a CONNECT request has it.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Where the service is: `https://host[:port][/path]`, or `http://` on a loopback address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub(crate) origin: Origin,
    url: String,
}

const URL_MAX: usize = 1024;

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<BaseUrl, String> {
        if text.len() > URL_MAX {
            return Err(format!("longer than {URL_MAX} bytes"));
        }
        if text.contains('#') {
            return Err("it may have no fragment".to_owned());
        }
        let uri: Uri = text.parse().map_err(|error| format!("not a URL: {error}"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err("not a URL of the form https://host".to_owned());
        };
        if authority.as_str().contains('@') {
            return Err("it may hold no user name or password".to_owned());
        }
        if uri.query().is_some() {
            return Err("it may have no query".to_owned());
        }
        let tls = *scheme == Scheme::HTTPS;
        if !tls && *scheme != Scheme::HTTP {
            return Err("its scheme is not https".to_owned());
        }
        let origin = Origin::new(tls, authority.as_str(), if tls { 443 } else { 80 })?;
        if !tls && !origin.is_loopback() {
            return Err("plain http is for loopback addresses only: use https".to_owned());
        }
        Ok(BaseUrl { origin, url: text.trim_end_matches('/').to_owned() })
    }

    /// What the Host header says: the port only if it is not the scheme's.
    pub(crate) fn host(&self) -> String {
        let authority = self.origin.authority();
        let default_port = if self.origin.tls { ":443" } else { ":80" };
        authority.strip_suffix(default_port).unwrap_or(&authority).to_owned()
    }

    /// The URL of `path`, which begins with a slash.
    pub(crate) fn join(&self, path: &str) -> Result<Uri, String> {
        format!("{}{path}", self.url).parse().map_err(|error| format!("not a URL: {error}"))
    }
}

/// An HTTP proxy: `[http[s]://][user:password@]host[:port]`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyUrl {
    pub(crate) origin: Origin,
    /// `user:password` in Base64.
    pub(crate) credentials: Option<Zeroizing<String>>,
}

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxyUrl").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl ProxyUrl {
    /// The errors don't repeat the text, which may hold a password.
    pub(crate) fn parse(text: &str) -> Result<ProxyUrl, String> {
        if text.len() > URL_MAX {
            return Err(format!("longer than {URL_MAX} bytes"));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        // curl's default ports.
        let (tls, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (false, 1080),
            "https" => (true, 443),
            _ => return Err("only http:// and https:// proxies are supported".to_owned()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        Ok(ProxyUrl { origin: Origin::new(tls, host, default_port)?, credentials: user.map(credentials) })
    }
}

fn credentials(user: &str) -> Zeroizing<String> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain = Zeroizing::new(Vec::with_capacity(user.len() + 1));
    plain.extend(percent_decode_str(name));
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    Zeroizing::new(BASE64_STANDARD.encode(&*plain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base_urls() {
        let good = [
            ("https://api.sendgrid.com", true, "api.sendgrid.com", 443),
            ("https://api.sendgrid.com/", true, "api.sendgrid.com", 443),
            ("HTTPS://Example.com:8443/gateway/", true, "Example.com", 8443),
            ("https://[2001:db8::1]:8443", true, "2001:db8::1", 8443),
            ("https://[::1]", true, "::1", 443),
            ("http://localhost:8080", false, "localhost", 8080),
            ("http://127.9.9.9", false, "127.9.9.9", 80),
            ("http://[::1]:9/", false, "::1", 9),
        ];
        for (text, tls, host, port) in good {
            let url = BaseUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(url.origin, Origin { tls, host: host.to_owned(), port }, "{text}");
            let joined = url.join("/v3/x").unwrap();
            assert!(joined.path().ends_with("/v3/x") && !joined.path().contains("//"), "{joined}");
        }
        let bad = [
            "",
            "api.sendgrid.com",
            "/path",
            "ftp://host",
            "http://example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "https://",
            "https://user:pw@host",
            "https://host?x=1",
            "https://host#f",
            "https://ho st",
            "https://host:0",
            "https://host:99999",
            "https://host:",
            "https://höst",
            "https://host\r\nX: y",
            "https://[::1",
            "https://h[::1]",
            "https://[::1]h",
            "https://[h]",
            "https://h:+1",
            "https://[::1%25lo]",
            "https://a%2eb",
            "https://a!b",
            "mailto:someone",
        ];
        for text in bad {
            assert!(BaseUrl::parse(text).is_err(), "{text} was accepted");
        }
        assert!(BaseUrl::parse(&format!("https://host/{}", "a".repeat(2000))).is_err());
    }

    #[test]
    fn proxy_urls() {
        let good = [
            ("proxy.example", false, "proxy.example", 1080, None),
            ("http://proxy.example:3128", false, "proxy.example", 3128, None),
            ("https://proxy.example/", true, "proxy.example", 443, None),
            ("user:p%40ss@10.1.1.1:8080", false, "10.1.1.1", 8080, Some("user:p@ss")),
            ("http://user@[::1]:3128", false, "::1", 3128, Some("user:")),
            ("http://a:b:c@host:1", false, "host", 1, Some("a:b:c")),
        ];
        for (text, tls, host, port, credentials) in good {
            let proxy = ProxyUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(proxy.origin, Origin { tls, host: host.to_owned(), port }, "{text}");
            let expected = credentials.map(|plain| BASE64_STANDARD.encode(plain));
            assert_eq!(proxy.credentials.as_ref().map(|text| text.to_string()), expected, "{text}");
            assert!(!format!("{proxy:?}").contains("p@ss"));
        }
        let secret = "hunter2";
        for text in [
            "",
            "socks5://host:1080",
            "http://",
            "http://host:x",
            "http://host/path",
            "ho st",
            "http://host:70000",
            "user:hunter2@",
            "ftp://u:hunter2@host",
        ] {
            let error = ProxyUrl::parse(text).expect_err(text);
            assert!(!error.contains(secret), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_base_url_that_is_taken_is_safe_and_can_be_joined(text in "(https?://)?[ -~]{0,40}|\\PC{0,40}") {
            if let Ok(url) = BaseUrl::parse(&text) {
                prop_assert!(url.origin.tls || url.origin.is_loopback(), "{}", text);
                let joined = url.join("/v3/x").unwrap();
                prop_assert!(joined.path().ends_with("/v3/x"));
                prop_assert_eq!(joined.scheme() == Some(&Scheme::HTTPS), url.origin.tls);
                prop_assert!(joined.query().is_none() && !joined.authority().unwrap().as_str().contains('@'));
            }
        }

        #[test]
        fn no_refusal_of_a_proxy_repeats_its_password(text in "(https?://|ftp://)?u:hunter2@[ -~]{0,20}") {
            if let Err(why) = ProxyUrl::parse(&text) {
                prop_assert!(!why.contains("hunter2"), "{}", why);
            }
        }
    }
}
