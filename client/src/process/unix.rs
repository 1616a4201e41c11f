//! Processes on Unix: they fork, and have signals and users.

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{ForksHeldOff, GENERATION};

/// Has each child of a `fork()` know that it is one. Call it before making what a child could
/// inherit. A fork that goes past the C library (`clone(2)` by hand, `_Fork`) is not noticed.
pub(crate) fn watch_forks() {
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

pub(super) use self::fork_gate::{enter as hold_forks_off, leave as let_forks_go};

mod fork_gate {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::thread::sleep;
    use std::time::Duration;

    const FORK_WAITS_AT_MOST: u32 = 50;
    const MILLISECOND: Duration = Duration::from_millis(1);

    static INSIDE: AtomicU32 = AtomicU32::new(0);
    static FORKS: AtomicU32 = AtomicU32::new(0);
    /// Of those inside, so many were waited for in vain: they hang, and hold no lock meanwhile.
    static HANGING: AtomicU32 = AtomicU32::new(0);

    pub(in crate::process) fn enter() {
        INSIDE.fetch_add(1, SeqCst);
        while FORKS.load(SeqCst) > 0 {
            INSIDE.fetch_sub(1, SeqCst);
            sleep(MILLISECOND);
            INSIDE.fetch_add(1, SeqCst);
        }
    }

    /// In a child, one that was entered before the fork counts no more.
    pub(in crate::process) fn leave() {
        let before = INSIDE.fetch_update(SeqCst, SeqCst, |inside| inside.checked_sub(1));
        HANGING.fetch_min(before.unwrap_or(1) - 1, SeqCst);
    }

    pub(super) fn close() {
        FORKS.fetch_add(1, SeqCst);
        for _ in 0..FORK_WAITS_AT_MOST {
            if INSIDE.load(SeqCst) <= HANGING.load(SeqCst) {
                return;
            }
            sleep(MILLISECOND);
        }
        HANGING.store(INSIDE.load(SeqCst), SeqCst);
    }

    pub(super) fn open() {
        FORKS.fetch_sub(1, SeqCst);
    }

    /// In a child, which has none of the parent's other threads.
    pub(super) fn reset() {
        INSIDE.store(0, SeqCst);
        FORKS.store(0, SeqCst);
        HANGING.store(0, SeqCst);
    }
}

/// Has the threads that `spawn` starts run none of the program's signal handlers.
pub(crate) fn without_signals<T>(spawn: impl FnOnce() -> T) -> T {
    let mask = block_all_signals();
    let spawned = spawn();
    // SAFETY: the mask is what this thread had before.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const mask, std::ptr::null_mut()) };
    spawned
}

/// Blocks them on this thread; returns the mask that it had.
fn block_all_signals() -> libc::sigset_t {
    let mut all = MaybeUninit::uninit();
    let mut before = MaybeUninit::uninit();
    // SAFETY: sigfillset writes `all`; pthread_sigmask then reads it and writes `before`. It can
    // only fail for an unknown `how`, which SIG_SETMASK is not.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        before.assume_init()
    }
}

/// Keeps this library's code in memory. Here the linker sees to it (see build.rs).
pub(super) fn stay_loaded() {}

/// Has `work` run when the process exits. Call it once.
pub(super) fn at_exit(work: extern "C" fn()) {
    let _held_off = ForksHeldOff::new(); // the C library's list of these has a lock
    // SAFETY: the handler is code of this library, which is never unloaded before the exit. If it
    // can't be registered, the end of the process frees all the same.
    unsafe { libc::atexit(work) };
}

/// Whether the program has rights that its caller has not (set-user-ID, set-group-ID, file
/// capabilities), whose environment the caller chose. The loader's own answer, since the ids may have
/// been made equal meanwhile.
pub(crate) fn has_elevated_rights() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: it reads what the kernel told the process at its start, and can't fail for this.
    return unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    // SAFETY: it only reads what the kernel knows of the process, and can't fail.
    return unsafe { libc::issetugid() } != 0;
}

/// Whether the system's resolver has no answer now, and may have one in a moment. The standard
/// library tells the C library's words, not its number.
pub(crate) fn may_resolve_later(error: &io::Error) -> bool {
    // SAFETY: it takes any number, and returns a text that is never freed.
    let words = unsafe { CStr::from_ptr(libc::gai_strerror(libc::EAI_AGAIN)) };
    error.to_string().ends_with(&*words.to_string_lossy())
}

/// Writes if there is room, and somebody to read: to a pipe that is full it would wait, and by one that
/// is closed the program would end.
pub(super) fn write_to_stderr(line: &[u8]) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::net::{AddressFamily, getsockname};

    let stderr = rustix::stdio::stderr();
    let mut polled = [PollFd::new(&stderr, PollFlags::OUT)];
    let is_ready = poll(&mut polled, Some(&Timespec::default())) == Ok(1) && polled[0].revents() == PollFlags::OUT;
    // Where standard error was closed, its number may be a connection's by now.
    let is_connection = getsockname(stderr)
        .is_ok_and(|address| matches!(address.address_family(), AddressFamily::INET | AddressFamily::INET6));
    if is_ready && !is_connection {
        // It is lost where it can't be written.
        let _ = rustix::io::write(stderr, line);
    }
}
