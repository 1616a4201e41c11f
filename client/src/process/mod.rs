//! What the process around us does to us: forks, signals, elevated rights.
//!
//! # Forks
//!
//! The child of a fork has a copy of the parent's memory, and of its threads only the one that forked.
//! A lock that another thread held stays locked in the child for ever, and a connection that both use
//! is ruined. So the child uses nothing of the parent's that changes:
//!
//! - [`GENERATION`] counts the forks that lie behind this process. A handler raises it in each child.
//! - [`OfThisProcess`] remembers the generation that made it. In a child it hands out nothing and drops
//!   nothing.
//! - [`PerProcess`] is a list with a node for each generation that used it: the process that made it
//!   has the first, its child the second, and so on. Who finds no node of its own puts one at the end,
//!   by exchanging a pointer: a lock there would be inherited, too. What lies behind a lock that nobody
//!   held at the fork is whole, and may be read, by `try_lock`, from the node before.
//! - [`ForksHeldOff`] is for locks of others, in the C library: a fork waits for them, briefly.
//!
//! What each system has of these stands in `unix` and `windows`.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::{io, thread};

use once_cell::race::OnceBox;

pub(crate) use self::system::{has_elevated_rights, may_resolve_later, watch_forks, without_signals};

/// What a pipe takes in one piece.
const LINE_MAX: usize = 4096;

/// Writes a line to standard error, in one piece, or not at all if nobody takes it at once: what a
/// library has to tell must not hold up its program.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    if line.len() <= LINE_MAX {
        system::write_to_stderr(line.as_bytes());
    }
}

/// How many forks lie between this process and the one that loaded the library.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// A number that each process has of its own, among those that forks made.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Delays forks while it lives, for 50 ms at most.
///
/// It is for code of others that takes a lock which the child of a fork would inherit locked, and
/// wait for, for ever. The longest is glibc's look-up of names, which takes locks while it reads
/// its settings and again when its thread ends. A fork waits for it, but briefly: the locks are
/// held for moments, not while a name server is waited for.
pub(crate) struct ForksHeldOff(());

impl ForksHeldOff {
    /// Waits while a fork is being made.
    pub(crate) fn new() -> Self {
        system::hold_forks_off();
        ForksHeldOff(())
    }
}

impl Drop for ForksHeldOff {
    fn drop(&mut self) {
        system::let_forks_go();
    }
}

/// What ends with its owner in the process that made it, and is left as it is in a child that was
/// forked meanwhile: threads are not there, and a lock may be held for ever.
pub(crate) struct OfThisProcess<T> {
    generation: u32,
    value: ManuallyDrop<T>,
}

impl<T> OfThisProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self::of(generation(), value)
    }

    const fn of(generation: u32, value: T) -> Self {
        OfThisProcess { generation, value: ManuallyDrop::new(value) }
    }

    /// The value, unless this is such a child.
    pub(crate) fn get(&self) -> Option<&T> {
        (self.generation == generation()).then_some(&*self.value)
    }

    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        (self.generation == generation()).then_some(&mut *self.value)
    }
}

impl<T> Drop for OfThisProcess<T> {
    fn drop(&mut self) {
        if self.generation == generation() {
            // SAFETY: this is the only place that drops the value, and nothing reads it later.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

/// State that each process has of its own: a forked child gets a fresh one, and never locks, uses or
/// drops what it inherited.
pub(crate) struct PerProcess<T> {
    value: OfThisProcess<T>,
    child: OnceBox<PerProcess<T>>,
}

impl<T: Default> PerProcess<T> {
    /// For a `static`, which is made before any fork.
    pub(crate) const fn from_start(value: T) -> Self {
        PerProcess { value: OfThisProcess::of(0, value), child: OnceBox::new() }
    }

    pub(crate) fn get(&self) -> &T {
        let mut node = self;
        loop {
            match node.value.get() {
                Some(value) => return value,
                None => node = node.child.get_or_init(Box::default),
            }
        }
    }

    /// What the process before this one had at the fork: to be read, and not to wait for.
    pub(crate) fn inherited(&self) -> Option<&T> {
        let (mut node, mut inherited) = (self, None);
        while node.value.get().is_none() {
            inherited = Some(&*node.value.value);
            node = node.child.get_or_init(Box::default);
        }
        inherited
    }
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> Self {
        PerProcess { value: OfThisProcess::new(T::default()), child: OnceBox::new() }
    }
}

/// Frees what the process keeps when it exits, so that tools that look for leaks find none.
pub(crate) struct AtExit {
    free: extern "C" fn(),
    is_registered: AtomicBool,
}

impl AtExit {
    pub(crate) const fn new(free: extern "C" fn()) -> AtExit {
        AtExit { free, is_registered: AtomicBool::new(false) }
    }

    /// Has it freed; call it once there is something to free.
    pub(crate) fn register(&self) {
        if !self.is_registered.swap(true, Ordering::Relaxed) {
            system::at_exit(self.free);
        }
    }
}

/// Runs `work` on a thread that may outlive its call, and on which no signal handler of the program
/// runs.
pub(crate) fn spawn_without_signals(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<thread::JoinHandle<()>> {
    system::stay_loaded();
    let builder = thread::Builder::new().name(name.to_owned());
    without_signals(|| builder.spawn(work))
}
