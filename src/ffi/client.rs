//! A client and its calls.

use std::ffi::c_char;
use std::time::Duration;

use super::config::sg_config;
use super::result::{self, sg_result};
use super::{code, region, sg_code};
use crate::boundary::{self, guard};
use sg_open_tracking::{Client, Config, Error, Outcome};

/// A client: one key, one region, one pool of connections. Opaque; any number of threads may use
/// it at once.
#[allow(non_camel_case_types)]
pub struct sg_client(pub(super) Client);

/// Hands `made` over to C.
///
/// # Safety
/// `out` is NULL or may be written.
unsafe fn hand_over(out: *mut *mut sg_client, made: impl FnOnce() -> Result<Client, Error>) -> sg_code {
    code(guard(|| {
        // SAFETY: as this function's.
        let out = unsafe { boundary::exclusive("out", out) }?;
        *out = std::ptr::null_mut();
        *out = Box::into_raw(Box::new(sg_client(made()?)));
        Ok(())
    }))
}

/// Runs a call and writes its result.
///
/// # Safety
/// `client` is NULL or a live client, `on_behalf_of` is NULL or a string, `to` is NULL or may be
/// written; all of them for as long as the call lasts.
unsafe fn call(
    client: *const sg_client,
    on_behalf_of: *const c_char,
    to: *mut sg_result,
    call: impl FnOnce(&Client, Option<&str>) -> Result<Outcome, Error>,
) -> sg_code {
    let result = guard(|| {
        // SAFETY: as this function's.
        let (client, on_behalf_of) =
            unsafe { (boundary::reference("client", client)?, boundary::optional_text("on_behalf_of", on_behalf_of)?) };
        call(&client.0, on_behalf_of)
    });
    // SAFETY: as this function's.
    unsafe { result::write(to, &result) };
    code(result)
}

/// Makes a client. It opens no connection yet.
///
/// key     1 to 512 bytes of visible ASCII. It is copied, and the copy wiped when the client and
///         all that derive from it are freed.
/// region  SG_REGION_GLOBAL or SG_REGION_EU.
/// config  options, copied; NULL for the defaults.
/// out     the client, to be freed with sg_client_free(); NULL on failure.
///
/// Returns SG_OK, or SG_ERR_ARGUMENT for a key, region or SG_OPEN_TRACKING_BASE_URL that can't
/// be. The environment is read here, and no more later. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_new(
    key: *const c_char,
    region: i32,
    config: *const sg_config,
    out: *mut *mut sg_client,
) -> sg_code {
    // SAFETY: the caller passes a string, live options and room for a pointer, or NULL.
    unsafe {
        hand_over(out, || {
            let key = boundary::text("key", key)?;
            let defaults = Config::default();
            Client::new(key, self::region(region)?, config.as_ref().map_or(&defaults, |config| &config.0))
        })
    }
}

/// Makes a client that shares key, connections, pace and trust store with another, and has a
/// deadline and a cancel of its own. It is cheap: make one for a call that must be cut off
/// without any other.
///
/// timeout_ms  the deadline of its calls in milliseconds; 0 for the same as its origin's.
/// out         the client, to be freed with sg_client_free(); NULL on failure.
///
/// Neither need outlive the other. Returns SG_OK, or SG_ERR_ARGUMENT for a NULL. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_derive(
    client: *const sg_client,
    timeout_ms: u32,
    out: *mut *mut sg_client,
) -> sg_code {
    // SAFETY: the caller passes a live client and room for a pointer, or NULL.
    unsafe {
        hand_over(out, || {
            let timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms.into()));
            boundary::reference("client", client)?.0.derive(timeout)
        })
    }
}

/// Frees a client and closes its idle connections, if no other client shares them. NULL is
/// ignored.
///
/// No call may be under way on this very client: sg_client_cancel() it and let its calls return
/// first. Clients derived from it, and their calls, go on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_free(client: *mut sg_client) {
    // SAFETY: it is NULL or came from `hand_over`, and the caller gives it up.
    unsafe { boundary::reclaim(client) };
}

/// Switches open tracking on or off.
///
/// on_behalf_of  a subuser's name or "account-id <id>", 1 to 256 bytes of printable ASCII without
///               a space at either end; NULL for the account itself.
/// result        all that is known of the call; written on every path. May be NULL.
///
/// Returns SG_OK when the server has confirmed the value, SG_ERR_NOT_APPLIED if it answered 200
/// but reports the other value, else another error. Blocks until then, at the most until the
/// deadline. From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_update(
    client: *const sg_client,
    enabled: bool,
    on_behalf_of: *const c_char,
    result: *mut sg_result,
) -> sg_code {
    // SAFETY: the caller's promise is the one that `call` needs.
    unsafe { call(client, on_behalf_of, result, |client, name| client.update(enabled, name)) }
}

/// Reads whether open tracking is on: result->enabled.
///
/// As sg_client_update(), but result may not be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_get(
    client: *const sg_client,
    on_behalf_of: *const c_char,
    result: *mut sg_result,
) -> sg_code {
    if result.is_null() {
        return sg_open_tracking::Code::Argument as sg_code;
    }
    // SAFETY: the caller's promise is the one that `call` needs.
    unsafe { call(client, on_behalf_of, result, Client::get) }
}

/// Ends this client's calls, those under way and all later ones, with SG_ERR_CANCELLED.
///
/// From any thread, at once; the calls return within milliseconds. The client's origin and its
/// kin go on. It can't be undone: derive another client from the origin. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_cancel(client: *const sg_client) {
    // SAFETY: the caller passes a live client, or NULL.
    if let Some(client) = unsafe { client.as_ref() } {
        let _ = guard(|| {
            client.0.cancel();
            Ok(())
        });
    }
}
