//! A client: one key, one region, one pool of connections.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::attempts::Single;
use crate::call::Call;
use crate::cancel::Cancel;
use crate::config::checked_time;
use crate::environment::Environment;
use crate::key::Key;
use crate::log::{CallLog, HandOver};
use crate::pace::RateLimit;
use crate::service::{Service, Shared};
use crate::{Config, Error, LogLevel, Outcome, Region, Report, attempts, response};

/// A client of one account, in one region. It never changes, and any number of threads may use it
/// at once.
///
/// ```no_run
/// use sg_open_tracking::{Client, Config, Region};
///
/// let client = Client::new("SG.key", Region::Global, &Config::new())?;
/// assert!(!client.update(false, None)?.enabled);
/// assert!(!client.get(Some("a-subuser"))?.enabled);
/// # Ok::<(), sg_open_tracking::Error>(())
/// ```
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) timeout: Duration,
    pub(crate) cancel: Arc<Cancel>,
}

impl Client {
    /// A client for the account of `key` (1 to 512 bytes of visible ASCII). It opens no
    /// connection yet. The environment is read here, and no more later.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for a key that no header may carry, or a bad
    /// `SG_OPEN_TRACKING_BASE_URL`.
    pub fn new(key: &str, region: Region, config: &Config) -> Result<Client, Error> {
        let key = Key::new(key)?;
        let service = Service::new(region, config, &Environment::read())?;
        Ok(Client::with(key, Arc::new(service), config))
    }

    pub(crate) fn with(key: Key, service: Arc<Service>, config: &Config) -> Client {
        let shared = Arc::new(Shared::new(key, service, config));
        Client { shared, timeout: config.timeout, cancel: Arc::default() }
    }

    /// A client that shares key, connections, pace and trust store with this one, and has a
    /// deadline (`None`: the same) and a cancel of its own. It is cheap: make one for one call
    /// that must be cut off without any other.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for a timeout that [`Config::set_timeout`] would refuse.
    pub fn derive(&self, timeout: Option<Duration>) -> Result<Client, Error> {
        let timeout = timeout.map_or(Ok(self.timeout), |timeout| checked_time("timeout", timeout))?;
        Ok(Client { shared: Arc::clone(&self.shared), timeout, cancel: Arc::default() })
    }

    /// Switches open tracking on or off, for the account or on behalf of a subuser: its name, or
    /// `account-id <id>` (1 to 256 bytes of printable ASCII).
    ///
    /// # Errors
    /// See [`Code`](crate::Code); [`Code::NotApplied`](crate::Code::NotApplied) if the server answers 200 but reports the other value.
    pub fn update(&self, enabled: bool, on_behalf_of: Option<&str>) -> Result<Outcome, Error> {
        self.call(Some(enabled), on_behalf_of)
    }

    /// Reads whether open tracking is on.
    ///
    /// # Errors
    /// See [`Code`](crate::Code).
    pub fn get(&self, on_behalf_of: Option<&str>) -> Result<Outcome, Error> {
        self.call(None, on_behalf_of)
    }

    /// Ends this client's calls, those under way at once and all later ones, with
    /// [`Code::Cancelled`](crate::Code::Cancelled). The client that it was derived from, and others derived from that, go
    /// on.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Has this client's calls for many begin no further item, now and later, and finish those
    /// under way. They return [`Code::Cancelled`](crate::Code::Cancelled) if any item was left.
    pub fn drain(&self) {
        self.cancel.drain();
    }

    /// The account's rate limit, from the latest reply that stated it to this client, or to one that
    /// shares its pace; `None` before the first.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.shared.pace.limit()
    }

    /// Another owner of the same client, for threads of this library.
    pub(crate) fn handle(&self) -> Client {
        Client { shared: Arc::clone(&self.shared), timeout: self.timeout, cancel: Arc::clone(&self.cancel) }
    }

    fn call(&self, update_to: Option<bool>, on_behalf_of: Option<&str>) -> Result<Outcome, Error> {
        let mut call = self.start(|| None);
        let mut report = Report::default();
        let result = self.checked_call(&mut call, update_to, on_behalf_of, &mut report);
        call.end(result, report)
    }

    fn checked_call(
        &self,
        call: &mut Call,
        update_to: Option<bool>,
        on_behalf_of: Option<&str>,
        report: &mut Report,
    ) -> Result<bool, Error> {
        let shared = &*self.shared;
        let request = shared.request(update_to, on_behalf_of)?;
        let reply = attempts::exchange(shared, call, &request, &mut Single(shared), report)?;
        response::setting(reply, shared.asked(update_to, on_behalf_of), update_to)
    }

    /// A call of this client that begins now. Its log is this thread's, or is handed over.
    pub(crate) fn start(&self, hand_over: impl FnOnce() -> Option<HandOver>) -> Call {
        let log = CallLog::new(self.shared.log.as_ref(), hand_over);
        Call::start(self.timeout, &self.cancel).telling(log)
    }

    /// Runs the caller's function for lines of the log.
    pub(crate) fn call_back(&self, level: LogLevel, line: &str) {
        if let Some(log) = &self.shared.log {
            log.call_back(level, line);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("region", &self.shared.service.region)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
