//! Clients, one a region, and where their keys come from.

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sg_open_tracking::{Client, Config};
use zeroize::Zeroizing;

use crate::args::{Connection, RegionName};
use crate::failure::Failure;

/// A region and its client.
pub struct Session {
    pub region: RegionName,
    pub client: Arc<Client>,
}

pub fn sessions(options: &Connection) -> Result<Vec<Session>, Failure> {
    let mut regions = options.region.clone();
    regions.sort_unstable();
    regions.dedup();
    regions.iter().map(|region| session(*region, regions.len() == 1, options)).collect()
}

fn session(region: RegionName, alone: bool, options: &Connection) -> Result<Session, Failure> {
    let mut config = Config::new();
    let timeout = Duration::try_from_secs_f64(options.timeout)
        .map_err(|_| Failure::usage(format!("--timeout: {} is no time", options.timeout)))?;
    config.set_timeout(timeout)?.set_max_retries(options.retries);
    config.set_max_connections(options.connections)?;
    config.set_requests_per_minute(options.requests_per_minute);
    config.set_user_agent(concat!("cli/", env!("CARGO_PKG_VERSION")))?;
    if let Some(url) = of_region(&options.base_url, "--base-url", region, alone)? {
        config.set_base_url(url)?;
    }
    let key = match of_region(&options.key_file, "--key-file", region, alone)? {
        Some(file) => key_from_file(Path::new(file))?,
        None => key_from_environment(region)?,
    };
    Ok(Session { region, client: Arc::new(Client::new(&key, region.into(), &config)?) })
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

fn key_from_environment(region: RegionName) -> Result<Zeroizing<String>, Failure> {
    let name = match region {
        RegionName::Global => "SENDGRID_API_KEY",
        RegionName::Eu => "SENDGRID_EU_API_KEY",
    };
    match env::var(name) {
        Ok(key) if !key.is_empty() => Ok(Zeroizing::new(key)),
        Ok(_) | Err(env::VarError::NotPresent) => Err(Failure::usage(format!(
            "no key for the region {}: set {name}, or name a file by --key-file",
            region.as_str()
        ))),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{name} is not text"))),
    }
}

fn key_from_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::file(format!("key file {}: {why}", path.display()));
    let mut file = File::open(path).map_err(|error| failed(&error))?;
    refuse_if_others_may_read(path, &file)?;
    let mut text = Zeroizing::new(String::new());
    // A key is short; reading on would be into some other file, or a device.
    file.by_ref().take(4096).read_to_string(&mut text).map_err(|error| failed(&error))?;
    let key = text.trim_ascii();
    if key.is_empty() {
        return Err(failed(&"it is empty"));
    }
    Ok(Zeroizing::new(key.to_owned()))
}

#[cfg(unix)]
fn refuse_if_others_may_read(path: &Path, file: &File) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |why: String| Failure::file(format!("key file {}: {why}", path.display()));
    let mode = file.metadata().map_err(|error| failed(error.to_string()))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(failed(format!("others may use it (mode {mode:03o}): chmod 600 {}", path.display())));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_if_others_may_read(_: &Path, _: &File) -> Result<(), Failure> {
    Ok(())
}
