//! The way in for the benchmarks of the pieces, which only the feature `internals` opens. No part
//! of the API.

use std::time::Instant;

use ureq::http::header::HeaderMap;

use crate::net::Reply;
use crate::pace::Sender;
use crate::{Client, Error, request, response};

/// Builds the request of an update, checks included, and tells how many headers it has.
///
/// # Errors
/// As for [`Client::update`].
pub fn build_request(client: &Client, enabled: bool, on_behalf_of: Option<&str>) -> Result<usize, Error> {
    let name = on_behalf_of.map(request::on_behalf_of).transpose()?;
    Ok(client.request(Some(enabled), name).to_http(()).headers().len())
}

/// Reads the reply to a read.
///
/// # Errors
/// As for [`Client::get`].
pub fn parse_reply(client: &Client, status: u16, body: &[u8]) -> Result<bool, Error> {
    let reply = Reply { status, headers: HeaderMap::new(), body: Ok(body.to_vec()) };
    response::setting(reply, client.asked(None, None), None)
}

/// Has the pace of a fleet learn from a reply with these headers.
pub fn learn(client: &Client, headers: &HeaderMap) {
    client.shared.pace.learn(Instant::now(), 200, headers, Sender::Fleet);
}

/// The headers that tell a rate limit.
#[must_use]
pub fn rate_limit_headers() -> HeaderMap {
    let pairs = [("x-ratelimit-limit", "600"), ("x-ratelimit-remaining", "412"), ("x-ratelimit-reset", "37")];
    pairs.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?))).collect()
}
