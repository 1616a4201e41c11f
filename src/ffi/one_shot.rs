//! The calls without a client.

use std::ffi::c_char;

use super::{code, region, sg_code};
use crate::boundary::{self, guard};

/// Switches open tracking on or off in one call, with the default options.
///
/// key           1 to 512 bytes of visible ASCII.
/// enabled       the value to set.
/// region        SG_REGION_GLOBAL or SG_REGION_EU.
/// on_behalf_of  a subuser's name or "account-id <id>", 1 to 256 bytes of printable ASCII without
///               a space at either end; NULL for the account itself.
/// out_enabled   what the server reports afterwards; written on SG_OK only. May be NULL.
///
/// Returns SG_OK when the server has confirmed the value, else an error; sg_strerror() names it.
/// For the details make a client. Blocks for at most 30 s. From any thread: all such calls share
/// one pool of connections.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_open_tracking_update(
    key: *const c_char,
    enabled: bool,
    region: i32,
    on_behalf_of: *const c_char,
    out_enabled: *mut bool,
) -> sg_code {
    code(guard(|| {
        // SAFETY: the caller passes strings that outlive the call, or NULL.
        let (key, on_behalf_of) =
            unsafe { (boundary::text("key", key)?, boundary::optional_text("on_behalf_of", on_behalf_of)?) };
        let outcome = sg_open_tracking::update(key, enabled, self::region(region)?, on_behalf_of)?;
        // SAFETY: the caller passes room for a bool, or NULL.
        if let Some(out) = unsafe { out_enabled.as_mut() } {
            *out = outcome.enabled;
        }
        Ok(())
    }))
}

/// Reads whether open tracking is on, in one call with the default options.
///
/// The arguments are as for sg_open_tracking_update(); out_enabled may not be NULL, and is
/// written on SG_OK only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sg_open_tracking_get(
    key: *const c_char,
    region: i32,
    on_behalf_of: *const c_char,
    out_enabled: *mut bool,
) -> sg_code {
    code(guard(|| {
        // SAFETY: the caller passes strings that outlive the call and room for a bool, or NULL.
        let (key, on_behalf_of, out) = unsafe {
            (
                boundary::text("key", key)?,
                boundary::optional_text("on_behalf_of", on_behalf_of)?,
                boundary::exclusive("out_enabled", out_enabled)?,
            )
        };
        *out = sg_open_tracking::get(key, self::region(region)?, on_behalf_of)?.enabled;
        Ok(())
    }))
}
