//! Which oxilua this is.

use super::oxl_str;
use std::ffi::CStr;

/// The version of the C API's binary interface. It grows when a program that was compiled with an older header would no
/// longer work with this library. New functions do not change it.
pub const OXL_ABI_VERSION: u32 = 1;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => panic!("a version has no NUL in it"),
};

const fn number(text: &str) -> u32 {
    match u32::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("the parts of a version are numbers"),
    }
}

const NUMBER: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
    + number(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
    + number(env!("CARGO_PKG_VERSION_PATCH"));

entry! {
    /// The version of the library that is loaded, such as "0.1.0"; OXL_VERSION is that of the header. Valid for as long as
    /// the library is loaded. Any thread.
    fn oxl_version() -> oxl_str {
        oxl_str::of(VERSION)
    }
}

entry! {
    /// The same as a number to compare: OXL_VERSION_NUMBER. Any thread.
    fn oxl_version_number() -> u32 {
        NUMBER
    }
}

entry! {
    /// The version of the library's binary interface. A program that was compiled with another OXL_ABI_VERSION must not
    /// call anything else. Any thread.
    fn oxl_abi_version() -> u32 {
        OXL_ABI_VERSION
    }
}
