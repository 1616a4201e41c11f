//! The environment variables that we heed, and what they mean to curl.

use std::ffi::OsString;
use std::net::IpAddr;

use crate::error::printable;
use crate::log::LogLevel;
use crate::process;
use crate::url::{Origin, ProxyUrl};

/// What the environment says, read when a client is made. All of it is ignored in a
/// set-user-ID program, where whoever started it chose the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    pub(crate) base_url: Option<OsString>,
    /// The name of the variable that named the proxy, and its value.
    proxy: Option<(&'static str, OsString)>,
    no_proxy: Option<OsString>,
    pub(crate) ssl_cert_file: Option<OsString>,
    pub(crate) ssl_cert_dir: Option<OsString>,
    log: Option<OsString>,
}

pub(crate) const BASE_URL: &str = "SG_OPEN_TRACKING_BASE_URL";
const LOG: &str = "SG_OPEN_TRACKING_LOG";

impl Environment {
    pub(crate) fn read() -> Environment {
        if process::has_elevated_rights() {
            return Environment::default();
        }
        // An empty variable counts as none, and small letters win, as in curl.
        let first = |names: &[&'static str]| {
            let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
            names.iter().find_map(|name| Some((*name, set(name)?)))
        };
        let value = |names: &[&'static str]| first(names).map(|(_, value)| value);
        Environment {
            base_url: value(&[BASE_URL]),
            proxy: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            no_proxy: value(&["no_proxy", "NO_PROXY"]),
            ssl_cert_file: value(&["SSL_CERT_FILE"]),
            ssl_cert_dir: value(&["SSL_CERT_DIR"]),
            log: value(&[LOG]),
        }
    }

    #[cfg(feature = "internals")]
    pub(crate) fn naming(proxy: &str, no_proxy: &str) -> Environment {
        let proxy = Some(("HTTPS_PROXY", proxy.into()));
        Environment { proxy, no_proxy: Some(no_proxy.into()), ..Environment::default() }
    }

    /// The log level for standard error. An unknown level is reported there and otherwise ignored: it
    /// must not make calls fail.
    pub(crate) fn log_level(&self) -> Option<LogLevel> {
        let name = self.log.as_ref()?.to_string_lossy();
        let level = LogLevel::from_name(&name);
        if level.is_none() && !name.eq_ignore_ascii_case("off") {
            let why = printable(&name).replace(['"', '\\'], "");
            process::say(&format!(
                "event=config level=warn why=\"{LOG} is {why}: expected off, error, warn, info or debug\""
            ));
        }
        level
    }

    /// The proxy to reach `origin` through, or why the one that is named can't be used.
    pub(crate) fn proxy_for(&self, origin: &Origin) -> Result<Option<ProxyUrl>, String> {
        let Some((variable, value)) = &self.proxy else {
            return Ok(None);
        };
        if self.no_proxy.as_ref().is_some_and(|list| is_exempt(&list.to_string_lossy(), origin)) {
            return Ok(None);
        }
        let text = value.to_str().ok_or_else(|| format!("{variable} is not UTF-8"))?;
        match ProxyUrl::parse(text) {
            Ok(proxy) => Ok(Some(proxy)),
            Err(why) => Err(format!("the proxy that {variable} names can't be used: {why}")),
        }
    }
}

/// Whether `NO_PROXY` exempts this server, as curl takes it: `*` alone, or a list of names (each with
/// the names below it), addresses and networks. The list ends where a blank is not followed by a
/// comma.
fn is_exempt(list: &str, origin: &Origin) -> bool {
    const BLANKS: [char; 2] = [' ', '\t'];
    if list == "*" {
        return true;
    }
    let host = origin.host.strip_suffix('.').unwrap_or(&origin.host).to_ascii_lowercase();
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches(BLANKS);
        let end = rest.find([',', ' ', '\t']).unwrap_or(rest.len());
        let (entry, behind) = rest.split_at(end);
        if covers(entry, &host) {
            return true;
        }
        match behind.trim_start_matches(BLANKS).strip_prefix(',') {
            Some(more) => rest = more.trim_start_matches(','),
            None => return false,
        }
    }
}

fn covers(pattern: &str, host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        let (network, bits) = pattern.split_once('/').unwrap_or((pattern, "0"));
        return match (network.parse(), bits.parse()) {
            (Ok(network), Ok(bits)) => in_network(address, network, bits),
            _ => false,
        };
    }
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    let pattern = pattern.strip_prefix('.').unwrap_or(pattern).to_ascii_lowercase();
    match host.strip_suffix(pattern.as_str()) {
        Some(above) => !pattern.is_empty() && (above.is_empty() || above.ends_with('.')),
        None => false,
    }
}

/// No bits, or all of them, mean this one address.
fn in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if (1..32).contains(&bits) => {
            same_prefix(a.to_bits().into(), n.to_bits().into(), 32 - bits)
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if (1..128).contains(&bits) => same_prefix(a.to_bits(), n.to_bits(), 128 - bits),
        (IpAddr::V4(_), _) => bits <= 32 && address == network,
        (IpAddr::V6(_), _) => bits <= 128 && address == network,
    }
}

fn same_prefix(a: u128, b: u128, host_bits: u32) -> bool {
    a >> host_bits == b >> host_bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_means_what_it_means_to_curl() {
        let cases = [
            ("", "api.sendgrid.com", false),
            ("*", "api.sendgrid.com", true),
            (" * ", "api.sendgrid.com", false),
            ("*,x", "api.sendgrid.com", false),
            ("localhost,.example.com,.example.de", "www.example.com", true),
            ("localhost,.example.com,.example.de", "www.example.com.", true),
            ("localhost,.example.com,.example.de", "example.com", true),
            ("localhost,.example.com.,.example.de", "www.example.com", true),
            ("localhost,www.example.com.,.example.de", "www.example.com", true),
            ("localhost,example.com,.example.de", "example.com.", true),
            ("SendGrid.COM", "api.sendgrid.com", true),
            ("grid.com", "api.sendgrid.com", false),
            ("api.sendgrid.com", "sendgrid.com", false),
            (".example.com, .example.net", "nonexample.com", false),
            ("foo, .example.com", "www.example.com", true),
            ("www2.example.com, .example.net", "www.example.com", false),
            ("foo,,,,,              bar, ::1/64", "bar", true),
            // A blank for a comma ends the list.
            ("localhost .example.com", "localhost", true),
            ("localhost .example.com", "www.example.com", false),
            ("a.example sendgrid.com,x", "api.sendgrid.com", false),
            ("a.example ,sendgrid.com", "api.sendgrid.com", true),
            (".", "api.sendgrid.com", false),
            ("..sendgrid.com", "api.sendgrid.com", false),
            (",,", "api.sendgrid.com", false),
            (",sendgrid.com", "api.sendgrid.com", true),
            // It knows no ports, and no brackets.
            ("sendgrid.com:443", "api.sendgrid.com", false),
            ("sendgrid.com:8443", "api.sendgrid.com", false),
            ("127.0.0.1,localhost,", "127.0.0.1", true),
            ("127.0.0.1/8,localhost,", "127.0.0.1", true),
            ("127.0.0.1/28,localhost,", "127.0.0.1", true),
            ("127.0.0.1/31,localhost,", "127.0.0.1", true),
            ("localhost,127.0.0.1.127.0.0.1", "127.0.0.1", false),
            ("192.168.0.0/16", "192.168.0.1", true),
            ("192.168.0.0/24", "192.168.0.1", true),
            ("192.168.0.0/32", "192.168.0.1", false),
            ("192.168.0.0", "192.168.0.1", false),
            ("192.168.0.0/24", "192.168.1.1", false),
            ("foo, bar, 192.168.0.0/16", "192.168.1.1", true),
            ("127.0.0.1:443", "127.0.0.1", false),
            ("127.0.0.1:80", "127.0.0.1", false),
            ("0.0.0.0/0", "127.9.9.9", false),
            ("127.0.0.1/0", "127.0.0.1", true),
            ("127.0.0.1/x", "127.0.0.1", false),
            ("127.0.0.0/33", "127.0.0.1", false),
            ("127.0.0", "127.0.0.1", false),
            ("0.0.1", "127.0.0.1", false),
            ("::1", "::1", true),
            ("0:0::1/128", "::1", true),
            ("0:0::1/129", "::1", false),
            ("foo, bar, ::1/64", "::1", true),
            ("[::1]", "::1", false),
            ("[::1]:443", "::1", false),
            ("[::1]:80", "::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "::1", false),
        ];
        for (list, host, expected) in cases {
            let origin = Origin { tls: true, host: host.to_owned(), port: 443 };
            assert_eq!(is_exempt(list, &origin), expected, "NO_PROXY={list:?} for {host}");
        }
    }
}
