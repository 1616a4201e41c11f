//! One connection to the service, and the exchange of one request and reply on it.

use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ureq::config::AutoHeaderValue;
use ureq::http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use ureq::{Agent, Error};

use super::transport;
use super::{Route, Socket};
use crate::Code;
use crate::call::Call;
use crate::cancel::Watch;
use crate::fault::Fault;
use crate::request::Request;

/// The most that a reply's body may have. A setting is 20 bytes; a page of subusers, under 200 KB.
const BODY_MAX: usize = 1024 * 1024;

/// The most that a reply's header may have.
const HEADER_MAX: usize = 32 * 1024;

/// The most that a server may send before the reply is complete: early hints, header, body, the
/// sizes of its chunks, trailer.
pub(super) const REPLY_MAX: usize = 2 * 1024 * 1024;

/// What the server sent.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, or why it could not be read to its end.
    pub(crate) body: Result<Vec<u8>, Fault>,
}

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

    pub(super) fn exchange(&self, request: &Request, call: &Call) -> Exchange {
        self.slot.begin(call);
        let outcome = self.run(request).map_err(into_fault);
        let end = self.slot.end();
        let broke = matches!(&outcome, Err(fault) if fault.code == Code::Io);
        Exchange {
            outcome,
            sent: end.sent,
            was_stale: broke && !end.opened && end.received == 0,
            is_open: end.socket.is_some(),
        }
    }

    fn run(&self, request: &Request) -> Result<Reply, Error> {
        let mut response = match request.body {
            Some(json) => self.agent.run(request.to_http(json.0))?,
            None => self.agent.run(request.to_http(()))?,
        };
        let framings = [CONTENT_LENGTH, TRANSFER_ENCODING].map(|name| response.headers().contains_key(name));
        if framings == [true, true] {
            // Where its body ends is a matter of taste: the way to smuggle a reply past a proxy.
            return Err(into_error(Fault::new(Code::Protocol, "the reply has both a length and chunks")));
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

/// Where a connection, its connector and its transport meet: the call that they serve now.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<SlotState>>);

#[derive(Default)]
pub(super) struct SlotState {
    call: Option<Call>,
    /// The open connection's, whether in use or idle.
    socket: Option<Arc<Socket>>,
    watch: Option<Watch>,
    /// In this call: whether it was to be opened, carried the request, how many bytes it brought.
    opened: bool,
    pub(super) sent: bool,
    pub(super) received: usize,
}

impl Slot {
    pub(super) fn state(&self) -> MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, call: &Call) {
        let mut state = self.state();
        state.watch = state.socket.as_ref().map(|socket| call.cancel.watch(socket));
        state.call = Some(call.clone());
    }

    /// Notes that the call needs a new connection: what happens to it now, happened to no kept one.
    pub(super) fn opening(&self) -> Result<Call, Error> {
        self.state().opened = true;
        self.call()
    }

    pub(super) fn call(&self) -> Result<Call, Error> {
        let call = self.state().call.clone();
        call.ok_or_else(|| into_error(Fault::new(Code::Internal, "a connection was used outside a call")))
    }

    /// Notes the connection that was just opened for this call.
    pub(super) fn opened(&self, socket: &Arc<Socket>, watch: Watch) {
        let mut state = self.state();
        state.socket = Some(Arc::clone(socket));
        state.watch = Some(watch);
    }

    /// Notes that the connection with this socket is gone.
    pub(super) fn closed(&self, socket: &Arc<Socket>) {
        let mut state = self.state();
        if state.socket.as_ref().is_some_and(|other| Arc::ptr_eq(other, socket)) {
            state.socket = None;
            state.watch = None;
        }
    }

    /// Ends the call: what happened in it, and the socket if it is still open.
    fn end(&self) -> SlotState {
        let mut state = self.state();
        let socket = state.socket.clone();
        std::mem::replace(&mut *state, SlotState { socket, ..SlotState::default() })
    }
}

/// A fault travels through ureq in one piece.
pub(super) fn into_error(fault: Fault) -> Error {
    Error::Other(Box::new(fault))
}

fn into_fault(error: Error) -> Fault {
    match error {
        Error::Other(other) => match other.downcast::<Fault>() {
            Ok(fault) => *fault,
            Err(other) => Fault::new(Code::Internal, other.to_string()),
        },
        Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::broken("the server closed it before the reply was complete")
        }
        Error::Io(error) => Fault::broken(error),
        Error::Protocol(error) => Fault::new(Code::Protocol, format!("the reply is not proper HTTP: {error}")),
        Error::LargeResponseHeader(..) => {
            Fault::new(Code::Protocol, format!("the reply's header is larger than {HEADER_MAX} bytes"))
        }
        // A line that does not fit the buffer, in the sizes of the chunks or in the trailer.
        Error::BodyStalled => Fault::new(Code::Protocol, "the reply has a line without an end among its chunks"),
        error => Fault::new(Code::Internal, error.to_string()),
    }
}
