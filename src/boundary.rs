//! What crosses the border to C is checked here: NULL, UTF-8, panics, and threads that are cancelled.

use std::ffi::{CStr, c_char};

use sg_open_tracking::{Error, catch_panic};

/// Runs the body of an entry point. A panic becomes an error, and a `pthread_cancel` of the thread
/// takes effect once the call is over: either would unwind over the border, which ends the process.
pub(crate) fn guard<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let _uncancellable = Uncancellable::new();
    catch_panic(body)
}

/// Keeps the C library from cancelling this thread for as long as it lives.
struct Uncancellable {
    #[cfg(all(unix, not(target_os = "android")))]
    before: std::ffi::c_int,
}

#[cfg(all(unix, not(target_os = "android")))]
mod cancelling {
    use std::ffi::c_int;

    unsafe extern "C" {
        /// POSIX; libc, the crate, has it for few systems.
        pub(super) safe fn pthread_setcancelstate(state: c_int, before: &mut c_int) -> c_int;
    }

    #[cfg(not(target_vendor = "apple"))]
    pub(super) const DISABLE: c_int = 1;
    #[cfg(target_vendor = "apple")]
    pub(super) const DISABLE: c_int = 0;
}

impl Uncancellable {
    #[cfg(all(unix, not(target_os = "android")))]
    fn new() -> Uncancellable {
        let mut before = cancelling::DISABLE;
        cancelling::pthread_setcancelstate(cancelling::DISABLE, &mut before);
        Uncancellable { before }
    }

    #[cfg(not(all(unix, not(target_os = "android"))))]
    fn new() -> Uncancellable {
        Uncancellable {}
    }
}

#[cfg(all(unix, not(target_os = "android")))]
impl Drop for Uncancellable {
    fn drop(&mut self) {
        let mut disabled = cancelling::DISABLE;
        cancelling::pthread_setcancelstate(self.before, &mut disabled);
    }
}

/// The text at `pointer`, the argument called `name`.
///
/// # Safety
/// `pointer` is NULL or points to a NUL-terminated string that lives as long as `'a`.
pub(crate) unsafe fn text<'a>(name: &str, pointer: *const c_char) -> Result<&'a str, Error> {
    // SAFETY: as this function's.
    unsafe { optional_text(name, pointer) }?.ok_or_else(|| is_null(name))
}

/// The same where NULL stands for none.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn optional_text<'a>(name: &str, pointer: *const c_char) -> Result<Option<&'a str>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not NULL, and so, by the caller's promise, a NUL-terminated string.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some).map_err(|_| Error::argument(format!("{name} is not UTF-8")))
}

/// What `pointer`, the argument called `name`, points to.
///
/// # Safety
/// `pointer` is NULL or points to a `T` that lives as long as `'a` and is not written meanwhile.
pub(crate) unsafe fn reference<'a, T>(name: &str, pointer: *const T) -> Result<&'a T, Error> {
    // SAFETY: as this function's.
    unsafe { pointer.as_ref() }.ok_or_else(|| is_null(name))
}

/// The same, to write to.
///
/// # Safety
/// `pointer` is NULL or points to a `T` that lives as long as `'a`, which nobody else reads or
/// writes meanwhile.
pub(crate) unsafe fn exclusive<'a, T>(name: &str, pointer: *mut T) -> Result<&'a mut T, Error> {
    // SAFETY: as this function's.
    unsafe { pointer.as_mut() }.ok_or_else(|| is_null(name))
}

/// Drops what was handed to C, if anything was.
///
/// # Safety
/// `pointer` is NULL or came from `Box::into_raw`, and nobody uses it any more.
pub(crate) unsafe fn reclaim<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: as this function's.
        let value = unsafe { Box::from_raw(pointer) };
        let _ = guard(|| {
            drop(value);
            Ok(())
        });
    }
}

fn is_null(name: &str) -> Error {
    Error::argument(format!("{name} is NULL"))
}
