//! Cancelling the calls of one client, from any thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::net::Socket;
use crate::process::PerProcess;

/// Says stop to every call that watches it, once and for all.
#[derive(Default)]
pub(crate) struct Cancel {
    cancelled: AtomicBool,
    waiting: PerProcess<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// The sockets on which calls of this client may be blocked.
    sockets: Mutex<Vec<Arc<Socket>>>,
    /// Wakes the calls that wait for a retry or their turn.
    wake: Condvar,
}

impl Waiting {
    fn sockets(&self) -> MutexGuard<'_, Vec<Arc<Socket>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancel {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn cancel(&self) {
        let waiting = self.waiting.get();
        let sockets = waiting.sockets();
        // Set under the lock: a socket is either seen here, or sees the flag in `watch`.
        self.cancelled.store(true, Ordering::Release);
        for socket in sockets.iter() {
            socket.shutdown();
        }
        drop(sockets);
        waiting.wake.notify_all();
    }

    /// As long as the watch lives, cancelling wakes whoever is blocked on this socket. They ask
    /// `is_cancelled` when they wake.
    pub(crate) fn watch(self: &Arc<Self>, socket: &Arc<Socket>) -> Watch {
        let mut sockets = self.waiting.get().sockets();
        if self.is_cancelled() {
            socket.shutdown();
        }
        sockets.push(Arc::clone(socket));
        Watch { cancel: Arc::clone(self), socket: Arc::clone(socket) }
    }

    /// Waits until `until`, or until cancelled.
    pub(crate) fn sleep_until(&self, until: Instant) {
        let waiting = self.waiting.get();
        let mut sockets = waiting.sockets();
        while !self.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            sockets = match waiting.wake.wait_timeout(sockets, left) {
                Ok((sockets, _)) => sockets,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

/// Keeps a socket within reach of a [`Cancel`].
pub(crate) struct Watch {
    cancel: Arc<Cancel>,
    socket: Arc<Socket>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut sockets = self.cancel.waiting.get().sockets();
        if let Some(index) = sockets.iter().position(|other| Arc::ptr_eq(other, &self.socket)) {
            sockets.swap_remove(index);
        }
    }
}
