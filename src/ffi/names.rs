//! Codes and version in words.

use std::ffi::{CStr, c_char};

use sg_open_tracking::Code;

/// What code means, in one English sentence.
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
