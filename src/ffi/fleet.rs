//! The calls for many subusers.

use std::ffi::{CString, c_char, c_void};
use std::ops::ControlFlow;

use super::client::sg_client;
use super::result::{self, sg_result};
use super::{code, sg_code};
use crate::boundary::{self, guard};
use sg_open_tracking::{Code, Error, Outcome};

/// Called by sg_client_update_many() and sg_client_get_many() with each result, on the thread
/// that made the call, in the order in which the items end.
///
/// context  the caller's own.
/// index    the number of the item in on_behalf_of, from 0.
/// result   valid until the callback returns.
///
/// Return true to go on; false to stop: no further item is begun, and it is not called again. It
/// must not throw or longjmp.
#[allow(non_camel_case_types)]
pub type sg_on_result =
    Option<unsafe extern "C" fn(context: *mut c_void, index: usize, result: *const sg_result) -> bool>;

/// Called by sg_client_list_subusers() with each username, on the thread that made the call.
///
/// context   the caller's own.
/// username  valid until the callback returns.
///
/// Return true to go on; false to stop. It must not throw or longjmp.
#[allow(non_camel_case_types)]
pub type sg_on_subuser = Option<unsafe extern "C" fn(context: *mut c_void, username: *const c_char) -> bool>;

/// The name with this number in the caller's array.
///
/// # Safety
/// There are more than `index` names, each NULL or a string, for as long as `'a`.
unsafe fn name<'a>(names: *const *const c_char, index: usize) -> Result<&'a str, Error> {
    let argument = format!("on_behalf_of[{index}]");
    // SAFETY: as this function's.
    unsafe { boundary::text(&argument, *names.add(index)) }
}

/// The caller's array of results, if there is one.
///
/// # Safety
/// `results` is NULL or has room for `count`.
unsafe fn write_all(results: *mut sg_result, count: usize, error: &Error, only_unsent: bool) {
    if results.is_null() {
        return;
    }
    let result: Result<Outcome, Error> = Err(error.clone());
    for index in 0..count {
        // SAFETY: as this function's; with `only_unsent` all have been written before.
        unsafe {
            let to = results.add(index);
            if !only_unsent || ((*to).code == Code::Cancelled as i32 && (*to).attempts == 0) {
                result::write(to, &result);
            }
        }
    }
}

/// Runs a call for many.
///
/// # Safety
/// `client` is NULL or a live client; `on_behalf_of` is NULL or has `count` strings or NULLs;
/// `results` is NULL or has room for `count`; all of them for as long as the call lasts.
unsafe fn many(
    client: *const sg_client,
    update_to: Option<bool>,
    on_behalf_of: *const *const c_char,
    count: usize,
    on_result: sg_on_result,
    context: *mut c_void,
    results: *mut sg_result,
) -> sg_code {
    // SAFETY: as this function's.
    let write_all = |error: &Error, only_unsent| unsafe { write_all(results, count, error, only_unsent) };
    let mut began = false;
    let result = guard(|| {
        // SAFETY: as this function's.
        let client = unsafe { boundary::reference("client", client) }?;
        if count > 0 && on_behalf_of.is_null() {
            return Err(Error::argument("on_behalf_of is NULL"));
        }
        write_all(&Error::new(Code::Cancelled, "not sent: the call ended before its turn came"), false);
        began = true;
        // SAFETY: as this function's.
        let names = (0..count).map(|index| unsafe { name(on_behalf_of, index) });
        let mut go_on = true;
        client.0.try_many(update_to, names, |index, result| {
            let written = sg_result::from(&result);
            // SAFETY: as this function's, and `index` is below `count`.
            unsafe {
                if !results.is_null() {
                    results.add(index).write((&result).into());
                }
                // Those under way when it said stop are written, and it is not called again.
                go_on = go_on && on_result.is_none_or(|on_result| on_result(context, index, &raw const written));
            }
            if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    });
    match &result {
        Err(error) if !began => write_all(error, false),
        Err(error) if error.code() == Code::Unauthorized => write_all(error, true),
        _ => {}
    }
    code(result)
}

/// Switches open tracking on or off for many subusers, up to max_connections at once and as fast
/// as the account's rate limit, and the cap of sg_config_set_requests_per_minute(), allow.
///
/// on_behalf_of  count names, as for sg_client_update(); NULL only if count is 0. A NULL among
///               them is that item's SG_ERR_ARGUMENT.
/// on_result     called with each result as it comes; NULL for none.
/// context       handed to on_result.
/// results       room for count results, all of them written on every path; NULL for none: then
///               memory does not grow with count.
///
/// Returns SG_OK if all went well, SG_ERR_PARTIAL if at least one item failed,
/// SG_ERR_CANCELLED if on_result said stop or the client was cancelled, and SG_ERR_UNAUTHORIZED
/// if three replies in a row were 401 before any went well: the rest is not sent then, lest the
/// account be blocked.
///
/// The deadline is each item's own, from its own start, and does not count the waits for the rate
/// limit; the call has none. After a 429, all items wait as long as the service asks, and that item
/// is sent again without using up a retry; if it is refused again while others succeed, that counts
/// as an ordinary failure. After on_result has said stop, those under way are finished first and
/// their results written; sg_client_cancel() ends them at once. Names are read as their items begin,
/// all of this on the calling thread. Blocks until the last of its threads has ended; but in a child
/// that was forked in on_result, which has none of them, it returns SG_ERR_CANCELLED as soon as
/// on_result does. From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_update_many(
    client: *const sg_client,
    enabled: bool,
    on_behalf_of: *const *const c_char,
    count: usize,
    on_result: sg_on_result,
    context: *mut c_void,
    results: *mut sg_result,
) -> sg_code {
    // SAFETY: the caller's promise is the one that `many` needs.
    unsafe { many(client, Some(enabled), on_behalf_of, count, on_result, context, results) }
}

/// Reads whether open tracking is on for many subusers.
///
/// As sg_client_update_many().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_get_many(
    client: *const sg_client,
    on_behalf_of: *const *const c_char,
    count: usize,
    on_result: sg_on_result,
    context: *mut c_void,
    results: *mut sg_result,
) -> sg_code {
    // SAFETY: the caller's promise is the one that `many` needs.
    unsafe { many(client, None, on_behalf_of, count, on_result, context, results) }
}

/// Lists the usernames of the account's subusers in the client's region, each once, as its pages
/// come.
///
/// on_subuser  called with each; it may not be NULL.
/// context     handed to on_subuser.
/// result      the status, attempts and time of all its requests together; its enabled means
///             nothing. Written on every path. May be NULL.
///
/// The list is read again until two passes in a row have the same names, so that none is passed
/// over while subusers are added or removed: a list that does not change is read twice. Those that
/// are added or removed meanwhile may or may not be among the names; all others are. Each name
/// is kept meanwhile, with some 20 bytes.
///
/// Returns SG_OK if the list is complete, SG_ERR_CANCELLED if on_subuser said stop, SG_ERR_PROTOCOL
/// if it has no end or changes with each of 20 passes, else another error: the names that were
/// handed over are not all then. Each page has the client's deadline of its own, without the waits
/// for the rate limit. The key needs the scope subusers.read. From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_client_list_subusers(
    client: *const sg_client,
    on_subuser: sg_on_subuser,
    context: *mut c_void,
    result: *mut sg_result,
) -> sg_code {
    let listed = guard(|| {
        // SAFETY: the caller passes a live client, or NULL.
        let client = unsafe { boundary::reference("client", client) }?;
        let on_subuser = on_subuser.ok_or_else(|| Error::argument("on_subuser is NULL"))?;
        let listing = client.0.list_subusers(|username| {
            let username = CString::new(username.replace('\0', "\u{fffd}")).unwrap_or_default();
            // SAFETY: the caller's function takes a string and its own context.
            if unsafe { on_subuser(context, username.as_ptr()) } {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(listing.report)
    });
    // SAFETY: the caller passes room for a result, or NULL.
    unsafe { result::write(result, &listed) };
    code(listed)
}
