//! The one table of result codes: number, C name, sentence and meaning.
//!
//! The header's enum is written from it by `build.rs`, `sg_strerror` answers from it, and the
//! README and every binding are tested against it. A new code is one new row here.

use std::ffi::CStr;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $value:literal, $name:literal, $sentence:literal;)+) => {
        /// What a call ended with. The numbers are part of the ABI and never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(i32)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant = $value,)+
        }

        impl Code {
            /// Every code, in the order of its number.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The name that C programs know it by, such as `SG_ERR_TIMEOUT`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name),+ }
            }

            /// What it means, with its fine print; the header's comment for it.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),+)),+ }
            }

            const fn c_sentence(self) -> &'static [u8] {
                match self { $(Code::$variant => concat!($sentence, "\0").as_bytes()),+ }
            }
        }
    };
}

codes! {
    /// success
    Ok = 0, "SG_OK", "success";
    /// a NULL, an unknown region, a key or name that no header may carry, a bad option
    Argument = 1, "SG_ERR_ARGUMENT", "an argument is not acceptable; nothing was sent";
    /// sg_client_cancel, or a callback said stop
    Cancelled = 2, "SG_ERR_CANCELLED", "the call was cancelled";
    /// a bug in this library: a panic that was caught
    Internal = 3, "SG_ERR_INTERNAL", "internal error: a bug in this library, please report it";
    /// *_many: at least one item failed; its own result says why
    Partial = 4, "SG_ERR_PARTIAL", "at least one item failed; its own result says why";
    /// the host's name was not found
    Dns = 10, "SG_ERR_DNS", "the host name could not be resolved";
    /// no TCP connection: refused, unreachable
    Connect = 11, "SG_ERR_CONNECT", "no connection to the server could be made";
    /// the proxy could not be reached, or refused
    Proxy = 12, "SG_ERR_PROXY", "the proxy could not be used";
    /// certificate, name or handshake
    Tls = 13, "SG_ERR_TLS", "the TLS handshake failed: certificate, name or protocol";
    /// the deadline or the connect timeout passed
    Timeout = 14, "SG_ERR_TIMEOUT", "the time limit passed";
    /// the connection broke during the call
    Io = 15, "SG_ERR_IO", "the connection broke during the call";
    /// not HTTP, not JSON, no boolean "enabled", or a reply over the size limit
    Protocol = 16, "SG_ERR_PROTOCOL", "the server's reply could not be understood";
    /// 400 and every 4xx not named here
    BadRequest = 20, "SG_ERR_BAD_REQUEST", "the server refused the request (4xx)";
    /// 401: the key is wrong, revoked, or of the other region
    Unauthorized = 21, "SG_ERR_UNAUTHORIZED", "the key was not accepted (401)";
    /// 403: the key lacks a scope, or may not act for that subuser
    Forbidden = 22, "SG_ERR_FORBIDDEN", "the key may not do this (403)";
    /// 404
    NotFound = 23, "SG_ERR_NOT_FOUND", "not found (404)";
    /// 429, after the retries that the deadline allowed
    RateLimited = 24, "SG_ERR_RATE_LIMITED", "too many requests (429)";
    /// 5xx, after the retries that the deadline allowed
    Server = 25, "SG_ERR_SERVER", "the server failed (5xx)";
    /// any other status, a redirect included: none is followed
    Status = 26, "SG_ERR_STATUS", "an unexpected status; redirects are never followed";
    /// 200, but the server reports the other value
    NotApplied = 27, "SG_ERR_NOT_APPLIED", "the server answered 200 but reports the other value";
}

impl Code {
    /// The code with this number, if there is one.
    #[must_use]
    pub fn from_i32(number: i32) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| *code as i32 == number)
    }

    /// One sentence for people, as `sg_strerror` gives it.
    #[must_use]
    pub fn sentence(self) -> &'static CStr {
        CStr::from_bytes_until_nul(self.c_sentence()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_round_trip() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert_eq!(Code::from_i32(*code as i32), Some(*code));
            assert!(!code.sentence().is_empty());
            for other in &Code::ALL[index + 1..] {
                assert!((*code as i32) < (*other as i32), "{} is out of order", other.name());
                assert_ne!(code.name(), other.name());
            }
        }
        assert_eq!(Code::from_i32(5), None);
        assert_eq!(Code::from_i32(-1), None);
    }
}
