//! A local stand-in for the SendGrid service, as far as open tracking goes: for the tests of
//! `libsg_open_tracking`, and for anyone who wants to try it without an account.
//!
//! ```
//! use sg_open_tracking_sandbox::{Options, Rule, Sandbox, Side, Then};
//!
//! let sandbox = Sandbox::start(Options::default())?;
//! sandbox.fault(Rule::times(1, Then::status(503)));
//! assert!(sandbox.url().starts_with("https://localhost:"));
//! assert_eq!(sandbox.setting(Side::Global, Some("subuser-00001")), Some(true));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Each sandbox has two sides, global and EU, on free ports of the loopback, and a thread of its
//! own that ends when the handle is dropped. README.md tells the faults, the admin paths and
//! what the stand-in decided where the service's documents are silent.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod admin;
mod api;
mod connections;
mod faults;
mod http;
mod journal;
mod limits;
mod named;
mod options;
mod sandbox;
mod server;
mod shared;
mod state;
mod tls;

pub use connections::How;
pub use faults::{Action, Match, Rule, Then};
pub use journal::{Handshakes, JOURNAL_LENGTH, Record, Stats};
pub use limits::Window;
pub use named::{NAMED_FAULTS, NamedFault, markdown_table};
pub use options::{ListHabits, Offsets, Options, ResetForm};
pub use sandbox::Sandbox;
pub use state::{CUSTOMER_ACCOUNTS, EMAIL_SUBUSER, Side, subuser};
