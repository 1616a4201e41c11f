//! Where a connection, its connector and its transport meet: the exchange that they serve now.
//!
//! ```text
//!            begin                    sent                   received
//! resting ─────────▶ Writing ─────────────────▶ Waiting ───────────────▶ Reading
//!    ▲                  │ no connection: opens one  │                        │
//!    └──────────────────┴────────── end ────────────┴────────────────────────┘
//! ```
//!
//! At the end the connection rests again if its socket is still there; the transport takes it away
//! when ureq drops the connection. One that fails in `Writing` or `Waiting`, and was not opened for
//! this exchange, had died before the request reached the server.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ureq::Error;
use zeroize::{Zeroize, Zeroizing};

use super::error::into_error;
use super::socket::Socket;
use crate::Code;
use crate::call::Call;
use crate::cancel::Watch;
use crate::fault::Fault;
use crate::request::Request;

/// A request as it is sent. It holds the key.
pub(super) type Written = Zeroizing<Vec<u8>>;

#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The open connection's, whether it rests or not.
    socket: Option<Arc<Socket>>,
    exchange: Option<Exchange>,
    /// The request, until it is sent; then its room, for the next.
    request: Written,
}

struct Exchange {
    call: Call,
    watch: Option<Watch>,
    /// Whether there was a connection that rested.
    kept: bool,
    /// Whether it needed a new connection.
    opened: bool,
    phase: Phase,
}

/// How far an exchange has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has left yet.
    Writing,
    /// The request has left, and nothing came.
    Waiting,
    /// So many bytes of the reply came.
    Reading { received: usize },
}

/// What became of an exchange.
pub(super) struct End {
    pub(super) opened: bool,
    pub(super) phase: Phase,
    /// Whether the connection rests again.
    pub(super) is_open: bool,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, call: &Call, request: &Request) {
        let mut state = self.state();
        request.write(&mut state.request);
        let watch = state.socket.as_ref().map(|socket| call.cancel.watch(Arc::clone(socket) as _));
        let (call, kept) = (call.clone(), watch.is_some());
        state.exchange = Some(Exchange { call, watch, kept, opened: false, phase: Phase::Writing });
    }

    /// The call that the exchange is part of; with the request if nothing of it has left.
    pub(super) fn call(&self) -> Result<(Call, Option<Written>), Error> {
        let mut state = self.state();
        let State { exchange, request, .. } = &mut *state;
        let exchange = exchange.as_ref().ok_or_else(outside_a_call)?;
        let request = (exchange.phase == Phase::Writing).then(|| mem::take(request));
        Ok((exchange.call.clone(), request))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Exchange) -> T) -> Result<T, Error> {
        self.state().exchange.as_mut().map(work).ok_or_else(outside_a_call)
    }

    /// Notes that the exchange needs a new connection, so that a failure from now on does not count as
    /// a stale one. Returns the call, and whether there was a kept connection.
    pub(super) fn opening(&self) -> Result<(Call, bool), Error> {
        self.with(|exchange| {
            exchange.opened = true;
            (exchange.call.clone(), exchange.kept)
        })
    }

    /// Notes the connection that was just opened for this exchange.
    pub(super) fn opened(&self, socket: &Arc<Socket>, watch: Watch) -> Result<(), Error> {
        self.state().socket = Some(Arc::clone(socket));
        self.with(|exchange| exchange.watch = Some(watch))
    }

    /// Notes that the request has left, whose room is for the next one. Whether the connection is one
    /// that was kept.
    pub(super) fn sent(&self, room: Written) -> Result<bool, Error> {
        self.state().request = room;
        self.with(|exchange| {
            exchange.phase = Phase::Waiting;
            !exchange.opened
        })
    }

    /// Notes bytes of the reply; how many there are by now.
    pub(super) fn received(&self, count: usize) -> Result<usize, Error> {
        self.with(|exchange| {
            let before = if let Phase::Reading { received } = exchange.phase { received } else { 0 };
            let received = before.saturating_add(count);
            if received > 0 {
                exchange.phase = Phase::Reading { received };
            }
            received
        })
    }

    /// Has the rest of the reply take no longer than this.
    pub(super) fn begin_body(&self, call: &Call, limit: Duration) {
        let _ = self.with(|exchange| exchange.call = call.within(limit));
    }

    /// Whether an exchange has come so far that it alone uses the connection.
    pub(super) fn is_in_use(&self) -> bool {
        self.with(|exchange| exchange.phase != Phase::Writing).unwrap_or(false)
    }

    /// Notes that the connection with this socket is gone.
    pub(super) fn closed(&self, socket: &Arc<Socket>) {
        let mut state = self.state();
        if state.socket.as_ref().is_some_and(|other| Arc::ptr_eq(other, socket)) {
            state.socket = None;
            if let Some(exchange) = &mut state.exchange {
                exchange.watch = None;
            }
        }
    }

    pub(super) fn end(&self) -> End {
        let mut state = self.state();
        let is_open = state.socket.is_some();
        wipe(&mut state.request);
        match state.exchange.take() {
            Some(Exchange { opened, phase, .. }) => End { opened, phase, is_open },
            None => End { opened: true, phase: Phase::Writing, is_open },
        }
    }
}

fn outside_a_call() -> Error {
    into_error(Fault::new(Code::Internal, "a connection was used outside a call"))
}

/// Empties it. The rest of its room has held nothing since it was last wiped.
pub(super) fn wipe(request: &mut Written) {
    request.as_mut_slice().zeroize();
    request.clear();
}
