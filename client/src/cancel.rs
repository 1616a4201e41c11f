//! Cancelling the calls of one client, from any thread, and waking those that wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::process::PerProcess;

/// What a call may be blocked on, until another thread shuts it down.
pub(crate) trait Blocking: Send + Sync {
    fn shutdown(&self);
}

/// The cancellation flag of a client's calls. Once set, it stays set.
#[derive(Default)]
pub(crate) struct Cancel {
    cancelled: AtomicBool,
    draining: AtomicBool,
    waiting: PerProcess<Waiting>,
}

#[derive(Default)]
struct Waiting {
    waiters: Mutex<Waiters>,
    /// Wakes the calls that wait for a retry or their turn.
    wake: Condvar,
}

#[derive(Default)]
struct Waiters {
    /// The sockets on which calls of this client may be blocked.
    sockets: Vec<Arc<dyn Blocking>>,
    /// How many wait for their turn, and how often they were woken.
    in_queue: usize,
    wakes: u64,
}

impl Waiting {
    fn waiters(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancel {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn cancel(&self) {
        let waiting = self.waiting.get();
        let waiters = waiting.waiters();
        // Set under the lock: a socket is either seen here, or sees the flag in `watch`.
        self.cancelled.store(true, Ordering::Release);
        for socket in &waiters.sockets {
            socket.shutdown();
        }
        drop(waiters);
        waiting.wake.notify_all();
    }

    /// As long as the watch lives, cancelling wakes whoever is blocked on this socket. They ask
    /// `is_cancelled` when they wake.
    pub(crate) fn watch(self: &Arc<Self>, socket: Arc<dyn Blocking>) -> Watch {
        let mut waiters = self.waiting.get().waiters();
        if self.is_cancelled() {
            socket.shutdown();
        }
        waiters.sockets.push(Arc::clone(&socket));
        Watch { cancel: Arc::clone(self), socket }
    }

    /// Waits until `until`, or until cancelled.
    pub(crate) fn sleep_until(&self, until: Instant) {
        let waiting = self.waiting.get();
        let mut waiters = waiting.waiters();
        while !self.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            waiters = wait(waiting, waiters, left);
        }
    }

    /// Whether calls for many are to begin no more items.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.wake();
    }

    /// How often those in the queue were woken: read it before looking whether there is a turn.
    pub(crate) fn wakes(&self) -> u64 {
        self.waiting.get().waiters().wakes
    }

    /// Waits in the queue until `until`, until cancelled, or until woken since `wakes` was read.
    pub(crate) fn wait_in_queue(&self, until: Instant, wakes: u64) {
        let waiting = self.waiting.get();
        let mut waiters = waiting.waiters();
        waiters.in_queue += 1;
        while !self.is_cancelled() && waiters.wakes == wakes {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            waiters = wait(waiting, waiters, left);
        }
        waiters.in_queue -= 1;
    }

    /// Has those in the queue look again whether it is their turn.
    pub(crate) fn wake(&self) {
        let waiting = self.waiting.get();
        let mut waiters = waiting.waiters();
        waiters.wakes += 1;
        if waiters.in_queue > 0 {
            waiting.wake.notify_all();
        }
    }
}

fn wait<'a>(waiting: &Waiting, waiters: MutexGuard<'a, Waiters>, time: Duration) -> MutexGuard<'a, Waiters> {
    match waiting.wake.wait_timeout(waiters, time) {
        Ok((waiters, _)) => waiters,
        Err(poisoned) => poisoned.into_inner().0,
    }
}

/// Keeps a socket within reach of a [`Cancel`].
pub(crate) struct Watch {
    cancel: Arc<Cancel>,
    socket: Arc<dyn Blocking>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let sockets = &mut self.cancel.waiting.get().waiters().sockets;
        if let Some(index) = sockets.iter().position(|other| Arc::ptr_eq(other, &self.socket)) {
            sockets.swap_remove(index);
        }
    }
}
