//! Where a connection, its connector and its transport meet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ureq::Error;

use super::Socket;
use super::error::into_error;
use crate::Code;
use crate::call::Call;
use crate::cancel::Watch;
use crate::fault::Fault;

/// The call that they serve now, and what happened in it.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<SlotState>>);

#[derive(Default)]
pub(super) struct SlotState {
    call: Option<Call>,
    /// The open connection's, whether in use or idle.
    pub(super) socket: Option<Arc<Socket>>,
    watch: Option<Watch>,
    /// In this call: whether it was to be opened, carried the request, how many bytes it brought.
    pub(super) opened: bool,
    pub(super) sent: bool,
    pub(super) received: usize,
}

impl Slot {
    pub(super) fn state(&self) -> MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, call: &Call) {
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
    pub(super) fn end(&self) -> SlotState {
        let mut state = self.state();
        let socket = state.socket.clone();
        std::mem::replace(&mut *state, SlotState { socket, ..SlotState::default() })
    }
}
