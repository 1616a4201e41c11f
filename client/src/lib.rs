#![doc = include_str!("../README.md")]
#![deny(missing_docs, unsafe_code, unsafe_op_in_unsafe_fn)]
#![warn(clippy::pedantic)]
// The texts of the code table are for C programmers, too.
#![allow(clippy::doc_markdown)]

mod attempts;
mod call;
mod cancel;
mod client;
mod code;
mod config;
mod environment;
mod error;
mod fault;
mod fleet;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod key;
mod log;
mod net;
mod one_shot;
mod outcome;
mod pace;
mod panic;
#[allow(unsafe_code)] // it talks to the system about forks, signals and privileges
mod process;
mod rate_limit;
mod redact;
mod region;
mod request;
mod response;
mod retry;
mod service;
mod url;

pub use client::Client;
pub use code::Code;
pub use config::Config;
pub use error::Error;
pub use fleet::Listing;
pub use log::LogLevel;
pub use one_shot::{get, update};
pub use outcome::{Outcome, Report};
pub use pace::RateLimit;
pub use panic::catch_panic;
pub use region::Region;
pub use request::check_on_behalf_of;
