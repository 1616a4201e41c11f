//! A client: one key, one region, one pool of connections.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::http::header::HeaderValue;

use crate::attempts::Single;
use crate::call::Call;
use crate::cancel::Cancel;
use crate::config::checked_time;
use crate::environment::Environment;
use crate::error::Report;
use crate::fault::Fault;
use crate::log::{CallLog, HandOver, Log, Record};
use crate::net::{Pool, Reply};
use crate::pace::{Pace, RateLimit, Sender};
use crate::rate_limit::Standing;
use crate::request::{self, Key, Request, Resource};
use crate::response::{self, Asked};
use crate::url::BaseUrl;
use crate::{Config, Error, LogLevel, Region, attempts, process, rate_limit, retry};

/// What the server reports, and what is known of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Whether open tracking is on.
    pub enabled: bool,
    /// Status, attempts, and the time spent.
    pub report: Report,
}

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

/// What a client and those derived from it have in common.
pub(crate) struct Shared {
    pub(crate) key: Key,
    pub(crate) service: Arc<Service>,
    pub(crate) pace: Pace,
    pub(crate) max_retries: u32,
    pub(crate) max_connections: usize,
    log: Option<Arc<Log>>,
}

/// The service in one region, and the connections to it. They hold no key.
pub(crate) struct Service {
    pub(crate) region: Region,
    base_url: BaseUrl,
    user_agent: String,
    /// What the environment wants of the log.
    log_to_stderr: Option<LogLevel>,
    setting: Resource,
    pool: Pool,
}

impl Service {
    pub(crate) fn new(region: Region, config: &Config, environment: &Environment) -> Result<Service, Error> {
        process::watch_forks();
        let base_url = config.resolve_base_url(region, environment)?;
        let user_agent = config.full_user_agent();
        let setting = Resource::new(&base_url, request::SETTING_PATH, &user_agent)?;
        let pool = Pool::new(config.route(&base_url, environment), config.max_connections);
        let log_to_stderr = environment.log_level();
        Ok(Service { region, base_url, user_agent, log_to_stderr, setting, pool })
    }

    /// The page of `limit` of this region's subusers that begins with number `offset`, counted from 0.
    pub(crate) fn subusers(&self, limit: usize, offset: usize) -> Result<Resource, Error> {
        Resource::new(&self.base_url, &request::subusers_path(self.region, limit, offset), &self.user_agent)
    }
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
        let pace = Pace::new(config.requests_per_minute);
        let Config { max_retries, max_connections, .. } = *config;
        let log = Log::new(config.log.as_ref(), service.log_to_stderr, &key, service.base_url.host());
        let shared = Shared { key, service, pace, max_retries, max_connections, log };
        Client { shared: Arc::new(shared), timeout: config.timeout, cancel: Arc::default() }
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

    /// The account's rate limit as the service's replies to this client and its kin last told it;
    /// `None` while they have not.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.shared.pace.limit()
    }

    /// Another owner of the same client, for threads of this library.
    pub(crate) fn handle(&self) -> Client {
        Client { shared: Arc::clone(&self.shared), timeout: self.timeout, cancel: Arc::clone(&self.cancel) }
    }

    fn call(&self, update_to: Option<bool>, on_behalf_of: Option<&str>) -> Result<Outcome, Error> {
        self.start(|| None).run(|call, report| {
            let name = on_behalf_of.map(request::on_behalf_of).transpose()?;
            let request = self.request(update_to, name);
            let reply = attempts::exchange(self, call, &request, &mut Single(self), report)?;
            response::setting(reply, self.asked(update_to, on_behalf_of), update_to)
        })
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

    /// The request that sets or (`None`) reads the setting.
    pub(crate) fn request(&self, update_to: Option<bool>, name: Option<HeaderValue>) -> Request<'_> {
        let Shared { key, service, .. } = &*self.shared;
        match update_to {
            Some(enabled) => Request::update(&service.setting, key, name, enabled),
            None => Request::read(&service.setting, key, name),
        }
    }

    pub(crate) fn asked<'a>(&'a self, update_to: Option<bool>, on_behalf_of: Option<&'a str>) -> Asked<'a> {
        let Shared { key, service, .. } = &*self.shared;
        let scope = match update_to {
            Some(_) => "tracking_settings.open.update",
            None => "tracking_settings.open.read",
        };
        Asked { key, scope, region: service.region, on_behalf_of }
    }

    /// Sends the request once, and takes in what the reply tells.
    pub(crate) fn attempt(
        &self,
        call: &Call,
        request: &Request,
        report: &mut Report,
        sender: Sender,
    ) -> Result<Reply, Fault> {
        let Shared { service, pace, .. } = &*self.shared;
        let started = Instant::now();
        let (result, sent) = service.pool.exchange(request, call);
        report.attempts = report.attempts.saturating_add(sent);
        report.retry_after = None;
        if let Ok(reply) = &result {
            report.http_status = Some(reply.status);
            if retry::is_worth_repeating(reply.status) {
                report.retry_after = rate_limit::asked_wait(reply.status, &reply.headers);
            }
            call.log.reply(|record| describe(reply, report.retry_after, record));
            pace.learn(started, reply.status, &reply.headers, sender);
        }
        result
    }
}

/// What the log says of a reply.
fn describe(reply: &Reply, retry_after: Option<Duration>, record: &mut Record) {
    record.word("status", reply.status);
    match &reply.body {
        Ok(body) => record.word("bytes", body.len()),
        Err(fault) => record.text("why", &fault.message),
    };
    if let Some(wait) = retry_after {
        record.ms("retry_after_ms", wait);
    }
    if let Some(standing) = Standing::read(&reply.headers) {
        record.word("limit", standing.limit).word("remaining", standing.remaining).ms("resets_ms", standing.at_most);
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
