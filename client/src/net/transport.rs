//! The way that ureq reaches our connections; the one file that names `ureq::unversioned`, which
//! may change with any minor version of ureq.
//!
//! A resolver that does nothing, a connector that opens the [`Route`], and a transport that sends our
//! own request, as one record, in place of what ureq writes; waits no longer than the deadline; and
//! probes an idle connection by one system call.

use std::fmt;
use std::sync::Arc;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{self, ConnectionDetails, Connector, NextTimeout};
use ureq::{Agent, Error};

use super::Route;
use super::error::into_error;
use super::input::Input;
use super::slot::{Slot, wipe};
use super::tls::Stream;
use crate::Code;
use crate::call::Call;
use crate::fault::Fault;

/// The most that a server may send before the reply is complete: early hints, header, body, the
/// sizes of its chunks, trailer.
const REPLY_MAX: usize = 2 * 1024 * 1024;

/// A ureq agent that opens `route` and serves the call in `slot`.
pub(super) fn agent(config: Config, route: &Arc<Route>, slot: &Slot) -> Agent {
    let connector = Open { route: Arc::clone(route), slot: slot.clone() };
    Agent::with_parts(config, connector, NoResolver)
}

/// Resolves nothing: ureq asks before it looks for a kept connection, and most calls have one.
#[derive(Debug)]
struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Opens the connection when there is none.
struct Open {
    route: Arc<Route>,
    slot: Slot,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Open")
    }
}

impl Connector for Open {
    type Out = Transport;

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<Transport>, Error> {
        let (call, kept) = self.slot.opening()?;
        if kept {
            call.log.replaced("the server had closed it, or had sent data without a request");
        }
        let (stream, watch) = self.route.open(&call).map_err(into_error)?;
        self.slot.opened(stream.socket(), watch)?;
        Ok(Some(Transport { stream, input: Input::default(), slot: self.slot.clone() }))
    }
}

/// The open connection, as ureq sees it.
struct Transport {
    stream: Stream,
    input: Input,
    slot: Slot,
}

impl Transport {
    /// Sends the request, unless it was sent before.
    fn send(&mut self) -> Result<Call, Error> {
        let (call, request) = self.slot.call()?;
        if let Some(mut request) = request {
            self.input.begin_reply();
            let step = call.step("sending the request");
            let result = self.stream.write_all(&request, &step);
            wipe(&mut request);
            result.map_err(into_error)?;
            call.log.sent(self.slot.sent(request)?);
        }
        Ok(call)
    }
}

impl transport::Transport for Transport {
    fn buffers(&mut self) -> &mut dyn transport::Buffers {
        &mut self.input
    }

    /// Drops what ureq wrote, since our own request is sent, once there is to be a reply.
    fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), Error> {
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let call = self.send()?;
        let step = call.step("waiting for the reply");
        loop {
            let count = self.stream.read(self.input.free(), &step).map_err(into_error)?;
            if self.slot.received(count)? > REPLY_MAX {
                let message = format!("the reply is larger than {REPLY_MAX} bytes");
                return Err(into_error(Fault::new(Code::Protocol, message)));
            }
            if self.input.add(count).map_err(into_error)? {
                return Ok(true);
            }
            if count == 0 {
                return Ok(false);
            }
        }
    }

    /// ureq asks when the connection goes back to rest and again when it is wanted. The first
    /// answer may be late by the second, so only that one is worth a system call.
    fn is_open(&mut self) -> bool {
        self.slot.is_in_use() || self.stream.is_quiet()
    }

    fn is_tls(&self) -> bool {
        self.stream.is_tls()
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.slot.closed(self.stream.socket());
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl transport::Buffers for Input {
    /// Room for what is never sent.
    fn output(&mut self) -> &mut [u8] {
        self.free()
    }

    fn input(&self) -> &[u8] {
        self.unread()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.free()
    }

    fn input_appended(&mut self, amount: usize) {
        // Only ureq's own transports use it.
        let _ = self.add(amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.consume(amount);
    }

    /// For a body, which ureq has none of.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut [], self.free())
    }

    fn can_use_input(&self) -> bool {
        self.can_use_input()
    }
}
