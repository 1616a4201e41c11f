//! The exchange of one request and reply over a kept-alive connection.
//!
//! A [`Pool`] keeps connections; a connection opens the [`Route`] when it has none, and lets ureq
//! run HTTP over it through a transport of ours, which sends our own request. Everything below
//! `transport` is a stream of bytes that ends by a deadline.

mod background;
mod connect;
mod connection;
mod error;
mod framing;
mod input;
mod pool;
mod reply;
mod resolve;
mod route;
mod slot;
mod socket;
mod store;
mod tls;
mod transport;
mod trust;
mod tunnel;

pub(crate) use pool::Pool;
pub(crate) use reply::Reply;
pub(crate) use route::Route;
pub(crate) use store::CaFile;
pub(crate) use trust::Trust;
