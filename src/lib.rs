//! Switches SendGrid's open tracking on or off, and reads it, for the account or on behalf of a
//! subuser, in the global and in the EU region.
//!
//! This is the safe Rust API; the C ABI in `include/sg_open_tracking.h` is a thin skin on it.
//!
//! ```no_run
//! use sg_open_tracking::{Client, Config, Region};
//!
//! let client = Client::new("SG.key", Region::Global, &Config::new())?;
//! let outcome = client.update(false, None)?;
//! assert!(!outcome.enabled);
//! # Ok::<(), sg_open_tracking::Error>(())
//! ```

#![deny(missing_docs, unsafe_op_in_unsafe_fn)]
#![warn(clippy::pedantic)]
// The texts of the code table and of `ffi` are for C programmers.
#![allow(clippy::doc_markdown)]

mod boundary;
mod call;
mod cancel;
mod client;
mod code;
mod config;
mod environment;
mod error;
mod fault;
mod ffi;
mod fleet;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod net;
mod one_shot;
mod pace;
mod process;
mod rate_limit;
mod region;
mod request;
mod response;
mod retry;
mod url;

pub use client::{Client, Outcome};
pub use code::Code;
pub use config::Config;
pub use error::{Error, Report};
pub use one_shot::{get, update};
pub use pace::RateLimit;
pub use region::Region;
