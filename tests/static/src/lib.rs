//! Another library that a program may carry: it has Rust's standard library and ring in it, as
//! libsg_open_tracking.a has, and catches panics of its own.

use std::panic;

use ring::digest::{SHA256, digest};

/// Whether hashing and unwinding work here: both go through symbols that the other library has too.
#[unsafe(no_mangle)]
pub extern "C" fn neighbour_works() -> bool {
    panic::set_hook(Box::new(|_| {}));
    let caught = panic::catch_unwind(|| panic!("caught")).is_err();
    caught && digest(&SHA256, b"abc").as_ref().starts_with(&[0xba, 0x78, 0x16, 0xbf])
}
