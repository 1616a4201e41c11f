//! The options of a client, one typed setter each.

use std::ffi::{CString, c_char, c_void};
use std::time::Duration;

use super::{code, sg_code};
use crate::boundary::{self, guard};
use sg_open_tracking::{Config, Error, LogLevel};

/// Options for sg_client_new(). Opaque; one thread at a time.
#[allow(non_camel_case_types)]
pub struct sg_config(pub(super) Config);

/// Called with each line of the log, on the thread that made the call.
///
/// In the calls for many, lines are handed over between the results.
///
/// context  the caller's own.
/// level    SG_LOG_ERROR, SG_LOG_WARN, SG_LOG_INFO or SG_LOG_DEBUG.
/// line     "event=retry level=warn call=7 ...": logfmt, printable UTF-8 without a newline, which
///          never holds the key. docs/logging.md lists the events and keys. Valid until the callback
///          returns.
///
/// The call waits for it, deadline or not. It may make calls, cancel and free other clients; it must
/// not throw or longjmp. In a child that it forks, the call ends with SG_ERR_CANCELLED. Several threads
/// that call at once run it at once.
#[allow(non_camel_case_types)]
pub type sg_on_log = Option<unsafe extern "C" fn(context: *mut c_void, level: i32, line: *const c_char)>;

/// New options, all at their defaults.
///
/// Free them with sg_config_free(). NULL only after an internal error.
#[unsafe(no_mangle)]
pub extern "C" fn sg_config_new() -> *mut sg_config {
    match guard(|| Ok(Box::into_raw(Box::new(sg_config(Config::new()))))) {
        Ok(config) => config,
        Err(_) => std::ptr::null_mut(),
    }
}

/// Frees options; clients made with them are not touched. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_free(config: *mut sg_config) {
    // SAFETY: it is NULL or came from sg_config_new, and the caller gives it up.
    unsafe { boundary::reclaim(config) };
}

/// Runs one setter.
///
/// # Safety
/// `config` is NULL or came from `sg_config_new`, and no other thread uses it now.
unsafe fn set(config: *mut sg_config, setter: impl FnOnce(&mut Config) -> Result<(), Error>) -> sg_code {
    // SAFETY: as this function's.
    code(guard(|| setter(&mut unsafe { boundary::exclusive("config", config) }?.0)))
}

fn milliseconds(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

/// The deadline of a whole call, retries and waits included, in milliseconds. Default 30000.
///
/// SG_ERR_ARGUMENT for 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_timeout_ms(config: *mut sg_config, ms: u32) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` needs.
    unsafe { set(config, |config| config.set_timeout(milliseconds(ms)).map(drop)) }
}

/// The limit of opening a connection (DNS, TCP, proxy and TLS together), in milliseconds. Default
/// 10000.
///
/// SG_ERR_ARGUMENT for 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_connect_timeout_ms(config: *mut sg_config, ms: u32) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` needs.
    unsafe { set(config, |config| config.set_connect_timeout(milliseconds(ms)).map(drop)) }
}

/// How often a failed request is repeated at the most, within the deadline. Default 2; 0 for
/// never.
///
/// Repeated are failures to connect, connections that broke, 429, 500, 502, 503 and 504: setting
/// the same value twice is harmless. A kept connection that had died meanwhile is replaced at once,
/// which does not count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_max_retries(config: *mut sg_config, n: u32) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` needs.
    unsafe {
        set(config, |config| {
            config.set_max_retries(n);
            Ok(())
        })
    }
}

/// How many idle connections are kept open, and how many calls at once sg_client_update_many()
/// and sg_client_get_many() make. Default 8; 1 to 1024.
///
/// More threads than that may call at once; their connections are then closed afterwards.
/// SG_ERR_ARGUMENT for a number out of the range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_max_connections(config: *mut sg_config, n: u32) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` needs.
    unsafe { set(config, |config| config.set_max_connections(n).map(drop)) }
}

/// A cap on the requests a minute of the client and all clients derived from it, which are then
/// spread evenly. Default 0: no cap but what the server's headers ask of the calls for a fleet.
///
/// A call whose turn would come after its deadline returns SG_ERR_RATE_LIMITED at once, with
/// attempts 0 and the wait in retry_after_ms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_requests_per_minute(config: *mut sg_config, n: u32) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` needs.
    unsafe {
        set(config, |config| {
            config.set_requests_per_minute(n);
            Ok(())
        })
    }
}

/// Another place for the service: "https://host[:port][/path]", or "http://..." on a loopback
/// address. Default: the region's host, unless SG_OPEN_TRACKING_BASE_URL names another.
///
/// SG_ERR_ARGUMENT for any other text, NULL included.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_base_url(config: *mut sg_config, url: *const c_char) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` and `text` need.
    unsafe { set(config, |config| config.set_base_url(boundary::text("url", url)?).map(drop)) }
}

/// The proxy: "[http[s]://][user:password@]host[:port]"; "" for none; NULL, the default, for what
/// HTTPS_PROXY, ALL_PROXY and NO_PROXY say.
///
/// The proxy sees the host's name and no more: TLS goes through it. User and password are
/// percent-decoded. SG_ERR_ARGUMENT for any other text; SOCKS proxies are not supported.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_proxy(config: *mut sg_config, url: *const c_char) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` and `optional_text` need.
    unsafe { set(config, |config| config.set_proxy(boundary::optional_text("url", url)?).map(drop)) }
}

/// A PEM file of certificate authorities, which replaces the system's trust store. It is read by
/// this call.
///
/// SG_ERR_ARGUMENT if it can't be read, or holds no certificate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_ca_file(config: *mut sg_config, path: *const c_char) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` and `text` need.
    unsafe { set(config, |config| config.set_ca_file(boundary::text("path", path)?).map(drop)) }
}

/// What to append to the User-Agent, "sg_open_tracking/VERSION": 1 to 256 bytes of printable
/// ASCII, such as "shop/2.1".
///
/// SG_ERR_ARGUMENT for any other text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_user_agent(config: *mut sg_config, product: *const c_char) -> sg_code {
    // SAFETY: the caller's promise is the one that `set` and `text` need.
    unsafe { set(config, |config| config.set_user_agent(boundary::text("product", product)?).map(drop)) }
}

/// Has on_log called with the log of all clients that are made with these options, and of those
/// derived from them. Default: none.
///
/// level    the least urgent that is wanted: SG_LOG_ERROR, SG_LOG_WARN, SG_LOG_INFO or SG_LOG_DEBUG.
/// on_log   NULL for none.
/// context  handed to on_log; it must live as long as those clients.
///
/// SG_ERR_ARGUMENT for any other level. The environment variable SG_OPEN_TRACKING_LOG writes the same
/// lines to standard error, with or without this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_config_set_log(
    config: *mut sg_config,
    level: i32,
    on_log: sg_on_log,
    context: *mut c_void,
) -> sg_code {
    let context = Context(context);
    let setter = |config: &mut Config| {
        let level = LogLevel::from_i32(level).ok_or_else(|| {
            Error::argument(format!("level {level} is none: use SG_LOG_ERROR (1) to SG_LOG_DEBUG (4)"))
        })?;
        match on_log {
            Some(on_log) => config.set_log(level, move |level, line| {
                let line = CString::new(line).unwrap_or_default();
                // SAFETY: the caller's function takes a string and its own context.
                unsafe { on_log(context.get(), level as i32, line.as_ptr()) };
            }),
            None => config.unset_log(),
        };
        Ok(())
    };
    // SAFETY: the caller's promise is the one that `set` needs.
    unsafe { set(config, setter) }
}

/// The caller's own pointer, which only the caller's function looks at.
struct Context(*mut c_void);

// SAFETY: this library only hands it on. That its function may run on several threads, the header says.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    fn get(&self) -> *mut c_void {
        self.0
    }
}
