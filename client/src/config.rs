//! The options of a client.

use std::path::Path;
use std::time::Duration;

use crate::Error;
use crate::environment::{self, Environment};
use crate::log::{Callback, LogLevel};
use crate::net::{CaFile, Route, Trust};
use crate::region::Region;
use crate::url::{BaseUrl, ProxyUrl};

/// The options of a [`Client`](crate::Client). Each has a default; a setter that refuses a value
/// leaves the old one.
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_retries: u32,
    pub(crate) max_connections: usize,
    pub(crate) requests_per_minute: u32,
    base_url: Option<BaseUrl>,
    proxy: Proxy,
    ca_file: Option<CaFile>,
    user_agent: Option<String>,
    pub(crate) log: Option<Callback>,
}

#[derive(Debug, Clone)]
enum Proxy {
    Environment,
    None,
    Through(ProxyUrl),
}

const MAX_CONNECTIONS_MAX: u32 = 1024;
const USER_AGENT_MAX: usize = 256;
const PRODUCT: &str = concat!("sg_open_tracking/", env!("CARGO_PKG_VERSION"));

impl Default for Config {
    fn default() -> Self {
        Config {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            max_retries: 2,
            max_connections: 8,
            requests_per_minute: 0,
            base_url: None,
            proxy: Proxy::Environment,
            ca_file: None,
            user_agent: None,
            log: None,
        }
    }
}

impl Config {
    /// The defaults.
    #[must_use]
    pub fn new() -> Config {
        Config::default()
    }

    /// The deadline of a whole call, retries and waits included. Default 30 s; 1 ms to 49 days.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for a time out of that range.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<&mut Self, Error> {
        self.timeout = checked_time("timeout", timeout)?;
        Ok(self)
    }

    /// The limit of opening a connection: look-up, TCP, proxy and TLS together. Default 10 s; 1 ms
    /// to 49 days.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for a time out of that range.
    pub fn set_connect_timeout(&mut self, timeout: Duration) -> Result<&mut Self, Error> {
        self.connect_timeout = checked_time("connect_timeout", timeout)?;
        Ok(self)
    }

    /// How often a failed request is repeated at the most, within the deadline. Default 2; 0 for
    /// never.
    pub fn set_max_retries(&mut self, retries: u32) -> &mut Self {
        self.max_retries = retries;
        self
    }

    /// How many idle connections are kept open, and how many calls at once a call for many makes.
    /// Default 8; 1 to 1024.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for a number out of that range.
    pub fn set_max_connections(&mut self, connections: u32) -> Result<&mut Self, Error> {
        if !(1..=MAX_CONNECTIONS_MAX).contains(&connections) {
            return Err(Error::argument(format!("max_connections is not from 1 to {MAX_CONNECTIONS_MAX}")));
        }
        self.max_connections = connections as usize;
        Ok(self)
    }

    /// The most requests per minute that the client and all clients derived from it may send, spread
    /// evenly. Default 0: no cap; calls for many subusers still follow the rate limit in the server's
    /// headers.
    pub fn set_requests_per_minute(&mut self, requests: u32) -> &mut Self {
        self.requests_per_minute = requests;
        self
    }

    /// Another place for the service: `https://host[:port][/path]`, or `http://` on a loopback
    /// address. Default: the region's; before it, what `SG_OPEN_TRACKING_BASE_URL` says.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for any other text.
    pub fn set_base_url(&mut self, url: &str) -> Result<&mut Self, Error> {
        self.base_url = Some(BaseUrl::parse(url).map_err(|why| Error::argument(format!("base_url: {why}")))?);
        Ok(self)
    }

    /// The proxy for `https`: `[http[s]://][user:password@]host[:port]`; `""` for none; `None`
    /// (the default) for what `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say. A proxy set here
    /// serves every host; plain `http` never goes through one.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for any other text.
    pub fn set_proxy(&mut self, url: Option<&str>) -> Result<&mut Self, Error> {
        self.proxy = match url {
            None => Proxy::Environment,
            Some("") => Proxy::None,
            Some(url) => Proxy::Through(ProxyUrl::parse(url).map_err(|why| Error::argument(format!("proxy: {why}")))?),
        };
        Ok(self)
    }

    /// A PEM file of certificate authorities, which replaces the system's trust store. It is read
    /// now.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) if it can't be read or holds no certificate.
    pub fn set_ca_file(&mut self, path: impl AsRef<Path>) -> Result<&mut Self, Error> {
        self.ca_file = Some(CaFile::read(path.as_ref()).map_err(|why| Error::argument(format!("ca_file: {why}")))?);
        Ok(self)
    }

    /// What to append to the `User-Agent`, `sg_open_tracking/VERSION`: 1 to 256 bytes of printable
    /// ASCII.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for any other text.
    pub fn set_user_agent(&mut self, product: &str) -> Result<&mut Self, Error> {
        let printable = product.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if product.trim().is_empty() || product.len() > USER_AGENT_MAX || !printable {
            return Err(Error::argument(format!("user_agent is not 1 to {USER_AGENT_MAX} bytes of printable ASCII")));
        }
        self.user_agent = Some(product.to_owned());
        Ok(self)
    }

    /// Calls `on_log` with each log line at `level` or more severe, for all clients made with this
    /// configuration and those derived from them. Default: none.
    ///
    /// It runs on the thread that makes the call, and may make calls itself, or cancel; the call waits
    /// for it, within no deadline. Calls on several threads run it on several at once. A line is
    /// [logfmt](https://brandur.org/logfmt), printable and without the key.
    pub fn set_log(&mut self, level: LogLevel, on_log: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> &mut Self {
        self.log = Some(Callback::new(level, on_log));
        self
    }

    /// Runs nothing for the log.
    pub fn unset_log(&mut self) -> &mut Self {
        self.log = None;
        self
    }

    /// Where the service is, by this configuration, then by the environment, then by the region.
    pub(crate) fn resolve_base_url(&self, region: Region, environment: &Environment) -> Result<BaseUrl, Error> {
        if let Some(url) = &self.base_url {
            return Ok(url.clone());
        }
        let named = match &environment.base_url {
            Some(value) => value.to_str().ok_or("not UTF-8".to_owned()).and_then(BaseUrl::parse),
            None => BaseUrl::parse(region.default_base_url()),
        };
        named.map_err(|why| Error::argument(format!("{}: {why}", environment::BASE_URL)))
    }

    /// The way to the service at `base_url`.
    pub(crate) fn route(&self, base_url: &BaseUrl, environment: &Environment) -> Route {
        let origin = base_url.origin.clone();
        let proxy = match &self.proxy {
            // The key would pass the proxy in the clear.
            _ if !origin.tls => Ok(None),
            Proxy::None => Ok(None),
            Proxy::Through(proxy) => Ok(Some(proxy.clone())),
            Proxy::Environment => environment.proxy_for(&origin),
        };
        let trust = match &self.ca_file {
            Some(file) => Trust::File(file.clone()),
            None => {
                Trust::System { file: environment.ssl_cert_file.clone(), directories: environment.ssl_cert_dir.clone() }
            }
        };
        Route::new(origin, proxy, trust, self.connect_timeout, self.full_user_agent())
    }

    pub(crate) fn full_user_agent(&self) -> String {
        match &self.user_agent {
            Some(product) => format!("{PRODUCT} {product}"),
            None => PRODUCT.to_owned(),
        }
    }
}

/// Checks a time limit of the option `name`.
pub(crate) fn checked_time(name: &str, time: Duration) -> Result<Duration, Error> {
    let longest = Duration::from_millis(u32::MAX.into());
    if time < Duration::from_millis(1) || time > longest {
        return Err(Error::argument(format!("{name} is not from 1 ms to {} ms", longest.as_millis())));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_value_leaves_the_old_one() {
        let mut config = Config::new();
        config.set_timeout(Duration::from_secs(5)).unwrap();
        config.set_base_url("https://old.example").unwrap();
        config.set_user_agent("old/1").unwrap();
        let before = format!("{config:?}");

        assert!(config.set_timeout(Duration::ZERO).is_err());
        assert!(config.set_timeout(Duration::MAX).is_err());
        assert!(config.set_connect_timeout(Duration::from_micros(1)).is_err());
        assert!(config.set_max_connections(0).is_err());
        assert!(config.set_max_connections(1025).is_err());
        assert!(config.set_base_url("http://example.com").is_err());
        assert!(config.set_proxy(Some("socks5://x")).is_err());
        assert!(config.set_ca_file("/nonexistent").is_err());
        for bad in ["", "  ", "a\r\nb", "ü", &"x".repeat(257)] {
            assert!(config.set_user_agent(bad).is_err(), "{bad:?}");
        }
        assert_eq!(format!("{config:?}"), before);
    }
}
