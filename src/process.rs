//! What the process around us does to us: forks, signals, elevated rights.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::{io, thread};

use once_cell::race::OnceBox;

/// How many forks lie between this process and the one that loaded the library.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Has each child of a `fork()` know that it is one. Call it before making what a child could
/// inherit. A fork that goes past the C library (`clone(2)` by hand, `_Fork`) is not noticed.
pub(crate) fn watch_forks() {
    #[cfg(unix)]
    {
        static WATCHING: AtomicBool = AtomicBool::new(false);

        extern "C" fn before() {
            fork_gate::close();
        }
        extern "C" fn in_parent() {
            fork_gate::open();
        }
        extern "C" fn in_child() {
            GENERATION.fetch_add(1, Ordering::Relaxed);
            fork_gate::reset();
        }

        if !WATCHING.load(Ordering::Acquire) {
            // SAFETY: the handlers use atomics and sleep, which is async-signal-safe. Threads that
            // race here register them twice: the generation then moves by two, the gate is closed
            // and opened twice, which is as good.
            unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
            WATCHING.store(true, Ordering::Release);
        }
    }
}

/// Keeps forks away for as long as it lives, or for a moment, if it lives longer than that.
///
/// It is for code of others that takes a lock which the child of a fork would inherit locked, and
/// wait for, for ever. The longest is glibc's look-up of names, which takes locks while it reads
/// its settings and again when its thread ends. A fork waits for it, but briefly: the locks are
/// held for moments, not while a name server is waited for.
pub(crate) struct ForksHeldOff(());

impl ForksHeldOff {
    /// Waits while a fork is being made.
    pub(crate) fn new() -> Self {
        #[cfg(unix)]
        fork_gate::enter();
        ForksHeldOff(())
    }
}

impl Drop for ForksHeldOff {
    fn drop(&mut self) {
        #[cfg(unix)]
        fork_gate::leave();
    }
}

#[cfg(unix)]
mod fork_gate {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::thread::sleep;
    use std::time::Duration;

    const FORK_WAITS_AT_MOST: u32 = 50;
    const MILLISECOND: Duration = Duration::from_millis(1);

    static INSIDE: AtomicU32 = AtomicU32::new(0);
    static FORKS: AtomicU32 = AtomicU32::new(0);

    pub(super) fn enter() {
        INSIDE.fetch_add(1, SeqCst);
        while FORKS.load(SeqCst) > 0 {
            INSIDE.fetch_sub(1, SeqCst);
            sleep(MILLISECOND);
            INSIDE.fetch_add(1, SeqCst);
        }
    }

    pub(super) fn leave() {
        INSIDE.fetch_sub(1, SeqCst);
    }

    pub(super) fn close() {
        FORKS.fetch_add(1, SeqCst);
        for _ in 0..FORK_WAITS_AT_MOST {
            if INSIDE.load(SeqCst) == 0 {
                break;
            }
            sleep(MILLISECOND);
        }
    }

    pub(super) fn open() {
        FORKS.fetch_sub(1, SeqCst);
    }

    /// In a child, which has none of the parent's other threads.
    pub(super) fn reset() {
        INSIDE.store(0, SeqCst);
        FORKS.store(0, SeqCst);
    }
}

/// State that belongs to one process: a forked child gets a fresh one, and never locks, uses or
/// drops what it inherited, because another thread of the parent may have been amid a change.
///
/// A list of one node a generation, found and made without a lock or a state of "being made": the
/// child would inherit it, and wait for ever.
pub(crate) struct PerProcess<T> {
    generation: u32,
    value: ManuallyDrop<T>,
    child: OnceBox<PerProcess<T>>,
}

impl<T: Default> PerProcess<T> {
    /// For a `static`, which is made before any fork.
    pub(crate) const fn from_start(value: T) -> Self {
        PerProcess { generation: 0, value: ManuallyDrop::new(value), child: OnceBox::new() }
    }

    pub(crate) fn get(&self) -> &T {
        let generation = GENERATION.load(Ordering::Relaxed);
        let mut node = self;
        while node.generation != generation {
            node = node.child.get_or_init(Box::default);
        }
        &node.value
    }
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> Self {
        PerProcess {
            generation: GENERATION.load(Ordering::Relaxed),
            value: ManuallyDrop::new(T::default()),
            child: OnceBox::new(),
        }
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        if self.generation == GENERATION.load(Ordering::Relaxed) {
            // SAFETY: this is the only place that drops the value, and nothing reads it later.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

/// Runs `work` on a thread of its own on which no signal handler of the program runs.
pub(crate) fn spawn_without_signals(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<thread::JoinHandle<()>> {
    let builder = thread::Builder::new().name(name.to_owned());
    without_signals(|| builder.spawn(work))
}

/// Has the threads that `spawn` starts run none of the program's signal handlers.
pub(crate) fn without_signals<T>(spawn: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    let mask = signals::block_all();
    let spawned = spawn();
    #[cfg(unix)]
    signals::restore(&mask);
    spawned
}

#[cfg(unix)]
mod signals {
    use std::mem::MaybeUninit;

    pub(super) fn block_all() -> libc::sigset_t {
        let mut all = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        // SAFETY: sigfillset writes `all`; pthread_sigmask then reads it and writes `before`. It
        // can only fail for an unknown `how`, which SIG_SETMASK is not.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            before.assume_init()
        }
    }

    pub(super) fn restore(before: &libc::sigset_t) {
        // SAFETY: `before` was filled in by `block_all` on this thread.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut()) };
    }
}

/// Has `work` run when the process exits. Call it once.
pub(crate) fn at_exit(work: extern "C" fn()) {
    let _held_off = ForksHeldOff::new();
    // SAFETY: the handler is code of this library, which is never unloaded before the exit. If it
    // can't be registered, the end of the process frees all the same.
    #[cfg(unix)]
    unsafe {
        libc::atexit(work);
    }
    #[cfg(not(unix))]
    let _ = work;
}

/// Whether this is a set-user-ID or set-group-ID program, whose environment the caller chose.
pub(crate) fn has_elevated_rights() -> bool {
    #[cfg(unix)]
    {
        // SAFETY: these four only read the process's credentials and can't fail.
        unsafe { libc::geteuid() != libc::getuid() || libc::getegid() != libc::getgid() }
    }
    #[cfg(not(unix))]
    {
        false
    }
}
