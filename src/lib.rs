//! The C ABI of `include/sg_open_tracking.h`: a thin skin on the crate in `client/`.

#![deny(missing_docs, unsafe_op_in_unsafe_fn)]
#![warn(clippy::pedantic)]
// The texts of `ffi` are for C programmers.
#![allow(clippy::doc_markdown)]

mod boundary;
mod ffi;
