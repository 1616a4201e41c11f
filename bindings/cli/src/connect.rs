//! Clients, one a region.

use std::sync::Arc;
use std::time::Duration;

use sg_open_tracking::{Client, Config, LogLevel};

use crate::args::{Connection, RegionName};
use crate::failure::Failure;
use crate::key;
use crate::progress::Progress;

/// A region and its client.
pub struct Session {
    pub region: RegionName,
    pub client: Arc<Client>,
}

/// `progress` has the log, if one is wanted.
pub fn sessions(options: &Connection, progress: &Progress) -> Result<Vec<Session>, Failure> {
    let mut regions = options.region.clone();
    regions.sort_unstable();
    regions.dedup();
    regions.iter().map(|region| session(*region, regions.len() == 1, options, progress)).collect()
}

fn session(region: RegionName, alone: bool, options: &Connection, progress: &Progress) -> Result<Session, Failure> {
    let mut config = Config::new();
    config.set_timeout(seconds("--timeout", options.timeout)?)?.set_max_retries(options.retries);
    config.set_max_connections(options.connections)?;
    config.set_requests_per_minute(options.requests_per_minute);
    config.set_user_agent(concat!("cli/", env!("CARGO_PKG_VERSION")))?;
    if options.verbose > 0 {
        let level = if options.verbose > 1 { LogLevel::Debug } else { LogLevel::Info };
        let progress = progress.clone();
        config.set_log(level, move |_, line| progress.say(line));
    }
    if let Some(url) = of_region(&options.base_url, "--base-url", region, alone)? {
        config.set_base_url(url)?;
    }
    let file = of_region(&options.key_file, "--key-file", region, alone)?;
    let command = of_region(&options.key_command, "--key-command", region, alone)?;
    let key = match (file, command) {
        (Some(_), Some(_)) => {
            let message = "--key-file and --key-command: there is one key for a region: give one of them";
            return Err(Failure::usage(message));
        }
        (Some(file), None) => key::from_file(file)?,
        (None, Some(command)) => {
            key::from_command(command, seconds("--key-command-timeout", options.key_command_timeout)?)?
        }
        (None, None) => key::from_environment(region)?,
    };
    Ok(Session { region, client: Arc::new(Client::new(&key, region.into(), &config)?) })
}

fn seconds(option: &str, seconds: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(seconds).map_err(|_| Failure::usage(format!("{option}: {seconds} is no time")))
}

/// The one of `values` that is for the region: those that don't say are for the only one.
fn of_region<'a>(
    values: &'a [String],
    option: &str,
    region: RegionName,
    alone: bool,
) -> Result<Option<&'a str>, Failure> {
    let mut found = None;
    for value in values {
        let value = match RegionName::split(value) {
            Some((named, value)) if named == region => value,
            Some(_) => continue,
            None if alone => value,
            None => {
                return Err(Failure::usage(format!(
                    "{option} {value}: say for which of the two regions: global={value} or eu={value}"
                )));
            }
        };
        if found.replace(value).is_some() {
            return Err(Failure::usage(format!("{option}: given twice for the region {}", region.as_str())));
        }
    }
    Ok(found)
}
