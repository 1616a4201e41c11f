//! `sg_result`, and writing one.

use std::ffi::c_char;

use sg_open_tracking::{Code, Error, Outcome, Report};

/// What became of one call. 512 bytes on every target; its layout never changes.
///
/// The caller owns it, on the stack or wherever it likes; there is nothing to free. The call
/// writes all of it, whatever the outcome.
#[repr(C)]
#[allow(non_camel_case_types)]
pub struct sg_result {
    /// The sg_code that the call returned.
    pub code: i32,
    /// The HTTP status of the last response; 0 if none arrived.
    pub http_status: i32,
    /// What the server reported; valid if code is SG_OK or SG_ERR_NOT_APPLIED, else false.
    pub enabled: bool,
    /// Zero.
    pub reserved_: [u8; 3],
    /// Requests sent, the first included; 0 if none was.
    pub attempts: u32,
    /// The wait that the server asked for, in milliseconds, at most an hour; -1 if it named none.
    pub retry_after_ms: i64,
    /// The whole call, waits included, in microseconds.
    pub elapsed_us: i64,
    /// What happened, to what, and what to do: one printable line of UTF-8, NUL-terminated, cut
    /// on a character; "" for SG_OK. Never holds the key.
    pub message: [c_char; 480],
}

const _: () = assert!(size_of::<sg_result>() == 512);

impl sg_result {
    fn new(code: Code, enabled: Option<bool>, report: &Report, text: &str) -> sg_result {
        let mut message = [0; 480];
        // The last byte stays NUL.
        for (to, from) in message[..Error::MESSAGE_MAX].iter_mut().zip(text.bytes()) {
            // On ARM a char has no sign.
            *to = c_char::from_ne_bytes([from]);
        }
        sg_result {
            code: code as i32,
            http_status: report.http_status.map_or(0, i32::from),
            enabled: enabled.unwrap_or_default(),
            reserved_: [0; 3],
            attempts: report.attempts,
            retry_after_ms: report.retry_after.map_or(-1, |wait| whole(wait.as_millis())),
            elapsed_us: whole(report.elapsed.as_micros()),
            message,
        }
    }
}

fn whole(number: u128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl From<&Result<Outcome, Error>> for sg_result {
    fn from(result: &Result<Outcome, Error>) -> sg_result {
        match result {
            Ok(outcome) => sg_result::new(Code::Ok, Some(outcome.enabled), &outcome.report, ""),
            Err(error) => sg_result::new(error.code(), error.enabled(), error.report(), error.message()),
        }
    }
}

impl From<&Result<Report, Error>> for sg_result {
    fn from(result: &Result<Report, Error>) -> sg_result {
        match result {
            Ok(report) => sg_result::new(Code::Ok, None, report, ""),
            Err(error) => sg_result::new(error.code(), None, error.report(), error.message()),
        }
    }
}

/// Writes the result where there is room for it.
///
/// # Safety
/// `to` is NULL or may be written.
pub(super) unsafe fn write(to: *mut sg_result, result: impl Into<sg_result>) {
    if !to.is_null() {
        // SAFETY: it is not NULL, and so may be written by the caller's promise.
        unsafe { to.write(result.into()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn the_layout_is_frozen() {
        let offsets = [
            (offset_of!(sg_result, code), 0),
            (offset_of!(sg_result, http_status), 4),
            (offset_of!(sg_result, enabled), 8),
            (offset_of!(sg_result, attempts), 12),
            (offset_of!(sg_result, retry_after_ms), 16),
            (offset_of!(sg_result, elapsed_us), 24),
            (offset_of!(sg_result, message), 32),
        ];
        for (offset, expected) in offsets {
            assert_eq!(offset, expected);
        }
    }
}
