//! The service in one region, and what a client shares with those derived from it.

use std::sync::Arc;

use crate::environment::Environment;
use crate::key::Key;
use crate::log::Log;
use crate::net::Pool;
use crate::pace::Pace;
use crate::request::{self, Request, Resource};
use crate::response::Asked;
use crate::url::BaseUrl;
use crate::{Config, Error, LogLevel, Region, process};

/// What a client and those derived from it have in common.
pub(crate) struct Shared {
    pub(crate) key: Key,
    pub(crate) service: Arc<Service>,
    pub(crate) pace: Pace,
    pub(crate) max_retries: u32,
    pub(crate) max_connections: usize,
    pub(crate) log: Option<Arc<Log>>,
}

impl Shared {
    pub(crate) fn new(key: Key, service: Arc<Service>, config: &Config) -> Shared {
        let pace = Pace::new(config.requests_per_minute);
        let Config { max_retries, max_connections, .. } = *config;
        let log = Log::new(config.log.as_ref(), service.log_to_stderr, &key, service.base_url.host());
        Shared { key, service, pace, max_retries, max_connections, log }
    }

    /// The request that sets or (`None`) reads the setting.
    pub(crate) fn request<'a>(
        &'a self,
        update_to: Option<bool>,
        on_behalf_of: Option<&'a str>,
    ) -> Result<Request<'a>, Error> {
        Request::new(&self.service.setting, &self.key, update_to, on_behalf_of)
    }

    pub(crate) fn asked<'a>(&'a self, update_to: Option<bool>, on_behalf_of: Option<&'a str>) -> Asked<'a> {
        let Shared { key, service, .. } = self;
        let scope = match update_to {
            Some(_) => "tracking_settings.open.update",
            None => "tracking_settings.open.read",
        };
        Asked { key, scope, region: service.region, on_behalf_of }
    }
}

/// The service in one region, and the connections to it. They hold no key.
pub(crate) struct Service {
    pub(crate) region: Region,
    base_url: BaseUrl,
    user_agent: String,
    /// What the environment wants of the log.
    log_to_stderr: Option<LogLevel>,
    setting: Resource,
    pub(crate) pool: Pool,
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
