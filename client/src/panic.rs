//! A panic, which would be a bug of this library, becomes an error.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Code, Error};

/// Runs `body`; if it panics, the result is an error with [`Code::Internal`].
///
/// For borders that a panic must not cross, such as the one to C.
///
/// # Errors
/// Those of `body`, and [`Code::Internal`] for a panic in it.
pub fn catch_panic<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        Err(Error::new(Code::Internal, "internal error: a bug in sg_open_tracking, please report what led to it"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let result = catch_panic(|| -> Result<(), Error> { panic!("on purpose") });
        assert_eq!(result.unwrap_err().code(), Code::Internal);
    }
}
