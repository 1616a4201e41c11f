//! One connection to the service, and the exchange of one request and reply on it.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ureq::config::AutoHeaderValue;
use ureq::http::StatusCode;
use ureq::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use ureq::{Agent, Error};

use super::Route;
use super::error::{HEADER_MAX, into_error, into_fault};
use super::reply::Reply;
use super::slot::{End, Phase, Slot};
use super::transport;
use crate::Code;
use crate::call::Call;
use crate::fault::Fault;
use crate::process::ForksHeldOff;
use crate::request::Request;

/// The most that a reply's body may have. A setting is 20 bytes; a page of subusers, under 200 KB.
const BODY_MAX: usize = 1024 * 1024;

/// How long to wait for the body of a reply that is no 200: the status says all, the body holds only a
/// message.
const ERROR_BODY_WAIT: Duration = Duration::from_secs(1);

/// One connection to the service, or room for one, for one call at a time.
pub(super) struct Connection {
    /// Its pool holds this one connection at most; ours holds the `Connection`s.
    agent: Agent,
    slot: Slot,
}

/// What became of one exchange.
pub(super) struct Exchange {
    pub(super) outcome: Result<Reply, Fault>,
    /// Whether the request was sent.
    pub(super) sent: bool,
    /// Whether it failed because the kept connection had died before the request reached it.
    pub(super) was_stale: bool,
    /// Whether the connection can serve another call.
    pub(super) is_open: bool,
}

impl Connection {
    pub(super) fn new(route: &Arc<Route>) -> Connection {
        let slot = Slot::default();
        let config = Agent::config_builder()
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .user_agent(AutoHeaderValue::None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(HEADER_MAX)
            .max_idle_connections(1)
            .max_idle_connections_per_host(1)
            // Our pool looks after the age.
            .max_idle_age(Duration::from_secs(86_400))
            .proxy(None)
            .build();
        Connection { agent: transport::agent(config, route, &slot), slot }
    }

    /// Has ureq make now what it makes at the first request of a process, under a lock: the child of
    /// a fork that falls on it would wait for that lock for ever, past every deadline.
    pub(super) fn settle(route: &Arc<Route>) {
        static SETTLED: AtomicBool = AtomicBool::new(false);
        if !SETTLED.load(Ordering::Acquire) {
            let _held_off = ForksHeldOff::new();
            // It ends in the connector, since it is part of no call.
            let _ = Connection::new(route).agent.get("https://localhost").call();
            SETTLED.store(true, Ordering::Release);
        }
    }

    pub(super) fn exchange(&self, request: &Request, call: &Call) -> Exchange {
        self.slot.begin(call, request);
        let outcome = self.run(request, call).map_err(into_fault);
        let End { opened, phase, is_open } = self.slot.end();
        let broke = matches!(&outcome, Err(fault) if fault.code == Code::Io);
        let heard_nothing = !matches!(phase, Phase::Reading { .. });
        Exchange { outcome, sent: phase != Phase::Writing, was_stale: broke && !opened && heard_nothing, is_open }
    }

    fn run(&self, request: &Request, call: &Call) -> Result<Reply, Error> {
        let mut response = self.agent.run(request.to_http())?;
        let has = |name| response.headers().contains_key(name);
        if has(TRANSFER_ENCODING) && has(CONTENT_LENGTH) {
            // Where its body ends is a matter of taste: the way to smuggle a reply past a proxy.
            return Err(into_error(Fault::new(Code::Protocol, "the reply has both a length and chunks")));
        }
        if response.status() != StatusCode::OK {
            self.slot.begin_body(call, ERROR_BODY_WAIT);
        }
        let mut body = Vec::with_capacity(512);
        let read = response.body_mut().as_reader().take(BODY_MAX as u64 + 1).read_to_end(&mut body);
        let body = match read {
            Err(error) => Err(into_fault(error.into())),
            Ok(_) if body.len() > BODY_MAX => {
                Err(Fault::new(Code::Protocol, format!("the reply's body is larger than {BODY_MAX} bytes")))
            }
            Ok(_) => Ok(body),
        };
        let (parts, _) = response.into_parts();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}
