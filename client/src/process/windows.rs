//! Processes on Windows: they don't fork, and no signal interrupts a thread.

use std::{io, ptr};

use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};

pub(crate) fn watch_forks() {}

pub(super) fn hold_forks_off() {}

pub(super) fn let_forks_go() {}

pub(crate) fn without_signals<T>(spawn: impl FnOnce() -> T) -> T {
    spawn()
}

/// Keeps this library's code in memory, whatever `FreeLibrary` is told.
pub(super) fn stay_loaded() {
    let mut module = ptr::null_mut();
    let here = stay_loaded as *const () as *const u16;
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    // SAFETY: by that flag, the name is any address within the module. It can't fail for this one.
    unsafe { GetModuleHandleExW(flags, here, &raw mut module) };
}

/// The end of the process closes what it kept; a DLL's own code may hardly do anything by then.
pub(super) fn at_exit(_: extern "C" fn()) {}

/// There are no set-user-ID programs.
pub(crate) fn has_elevated_rights() -> bool {
    false
}

/// Whether the system's resolver has no answer now, and may have one in a moment.
pub(crate) fn may_resolve_later(error: &io::Error) -> bool {
    const WSATRY_AGAIN: i32 = 11002;
    error.raw_os_error() == Some(WSATRY_AGAIN)
}

pub(super) fn write_to_stderr(line: &[u8]) {
    use std::io::Write;
    // It is lost where there is no standard error.
    let _ = std::io::stderr().write_all(line);
}
