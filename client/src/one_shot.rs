//! Calls without a client: one function each, over connections that the whole process shares.

use std::sync::{Arc, Mutex, PoisonError};

use crate::environment::Environment;
use crate::key::Key;
use crate::process::{AtExit, PerProcess};
use crate::service::Service;
use crate::{Client, Config, Error, Outcome, Region};

/// Switches open tracking on or off, in one call with the default options.
///
/// The connections stay open for the next such call, whatever its key. To set options, or to
/// cancel, make a [`Client`].
///
/// # Errors
/// See [`Code`](crate::Code).
pub fn update(key: &str, enabled: bool, region: Region, on_behalf_of: Option<&str>) -> Result<Outcome, Error> {
    client(key, region)?.update(enabled, on_behalf_of)
}

/// Reads whether open tracking is on, in one call with the default options.
///
/// # Errors
/// See [`Code`](crate::Code).
pub fn get(key: &str, region: Region, on_behalf_of: Option<&str>) -> Result<Outcome, Error> {
    client(key, region)?.get(on_behalf_of)
}

fn client(key: &str, region: Region) -> Result<Client, Error> {
    let key = Key::new(key)?;
    Ok(Client::with(key, service(region)?, &Config::default()))
}

type Services = [Option<(Environment, Arc<Service>)>; 2];

/// The process's services, one a region, each with the environment that it was made under.
static SERVICES: PerProcess<Mutex<Services>> = PerProcess::from_start(Mutex::new([None, None]));

static AT_EXIT: AtExit = AtExit::new(close_all);

extern "C" fn close_all() {
    *SERVICES.get().lock().unwrap_or_else(PoisonError::into_inner) = [None, None];
}

fn service(region: Region) -> Result<Arc<Service>, Error> {
    let environment = Environment::read();
    let mut services = SERVICES.get().lock().unwrap_or_else(PoisonError::into_inner);
    let kept = &mut services[region as usize];
    if let Some((made_under, service)) = kept
        && *made_under == environment
    {
        return Ok(Arc::clone(service));
    }
    let service = Arc::new(Service::new(region, &Config::default(), &environment)?);
    *kept = Some((environment, Arc::clone(&service)));
    AT_EXIT.register();
    Ok(service)
}
