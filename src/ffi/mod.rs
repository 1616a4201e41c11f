//! The border: every function of the C ABI. Each checks its arguments, calls the safe API, and
//! writes the result; there is no logic here. The comments are the header's, in the form of C.

#![allow(rustdoc::all)]

// In the order of the header.
mod one_shot;

mod config;

mod result;

mod client;

mod fleet;

mod names;

use sg_open_tracking::{Code, Error, Region};

/// The numbers of [`Code`], under the name that C knows. `build.rs` writes the enum into the
/// header, from the one table.
#[allow(non_camel_case_types)]
pub type sg_code = i32;

fn region(number: i32) -> Result<Region, Error> {
    Region::from_i32(number).ok_or_else(|| {
        Error::argument(format!("region {number} is none: use SG_REGION_GLOBAL (0) or SG_REGION_EU (1)"))
    })
}

fn code<T>(result: Result<T, Error>) -> sg_code {
    match result {
        Ok(_) => Code::Ok as sg_code,
        Err(error) => error.code() as sg_code,
    }
}
