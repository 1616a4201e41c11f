//! The border: every function of the C ABI. Each checks its arguments, calls the safe API, and
//! writes the result; there is no logic here. The comments are the header's.

mod client;
mod config;
mod one_shot;
mod result;

use std::ffi::{CStr, c_char};

use crate::{Code, Region};

/// The numbers of [`Code`], under the name that C knows. `build.rs` writes the enum into the
/// header, from the one table.
#[allow(non_camel_case_types)]
pub type sg_code = i32;

fn region(number: i32) -> Result<Region, crate::Error> {
    Region::from_i32(number).ok_or_else(|| {
        crate::Error::argument(format!("region {number} is none: use SG_REGION_GLOBAL (0) or SG_REGION_EU (1)"))
    })
}

fn code<T>(result: Result<T, crate::Error>) -> sg_code {
    match result {
        Ok(_) => Code::Ok as sg_code,
        Err(error) => error.code() as sg_code,
    }
}

/// What `code` means, in one English sentence.
///
/// A static string, never NULL; "unknown code" for a number that is no sg_code. From any thread.
#[unsafe(no_mangle)]
pub extern "C" fn sg_strerror(code: i32) -> *const c_char {
    Code::from_i32(code).map_or(c"unknown code", Code::sentence).as_ptr()
}

/// The version of the library that is running, such as "1.2.3".
///
/// A static string, never NULL. From any thread.
#[unsafe(no_mangle)]
pub extern "C" fn sg_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };
    VERSION.as_ptr()
}
