//! The committed header and the library agree: versions, and the names of statuses.
#![cfg(feature = "capi")]

use oxilua::capi::{
    OXL_ABI_VERSION, oxl_abi_version, oxl_status_name, oxl_str, oxl_version, oxl_version_number,
};

const HEADER: &str = include_str!("../include/oxilua.h");

/// What the header defines a macro as.
fn defined(name: &str) -> &'static str {
    let line =
        HEADER.lines().find_map(|line| line.strip_prefix("#define ")?.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("the header does not define {name}"))
}

fn text(view: oxl_str) -> String {
    // SAFETY: S-CAPI-1, the texts that are asked for here are static, and have a NUL behind them.
    let bytes = unsafe { std::slice::from_raw_parts(view.data.cast::<u8>(), view.len + 1) };
    assert_eq!(bytes.last(), Some(&0));
    String::from_utf8_lossy(&bytes[..view.len]).into_owned()
}

#[test]
fn the_version_is_that_of_cargo_toml() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(defined("OXL_VERSION"), format!("{version:?}"));
    let parts = [defined("OXL_VERSION_MAJOR"), defined("OXL_VERSION_MINOR"), defined("OXL_VERSION_PATCH")];
    assert_eq!(parts.join("."), version);
    let number = parts.iter().fold(0, |number, part| number * 1000 + part.parse::<u32>().unwrap());
    assert_eq!(defined("OXL_VERSION_NUMBER"), number.to_string());
    assert_eq!(defined("OXL_ABI_VERSION"), OXL_ABI_VERSION.to_string());
    // SAFETY: these take nothing.
    unsafe {
        assert_eq!(text(oxl_version()), version);
        assert_eq!(oxl_version_number(), number);
        assert_eq!(oxl_abi_version(), OXL_ABI_VERSION);
    }
}

#[test]
fn every_status_has_its_name() {
    let list = HEADER.split("enum oxl_status").nth(1).and_then(|rest| rest.split("};").next()).unwrap();
    let mut count = 0;
    for line in list.lines() {
        let Some((name, number)) = line.trim().trim_end_matches(',').split_once(" = ") else { continue };
        let number: i32 = number.parse().unwrap();
        // SAFETY: any number may be asked for.
        assert_eq!(text(unsafe { oxl_status_name(number) }), name);
        count += 1;
    }
    assert!(count >= 7, "{count} statuses in the header");
    // SAFETY: as above.
    assert_eq!(text(unsafe { oxl_status_name(12345) }), "");
}
