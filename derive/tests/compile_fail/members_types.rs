//! `#[userdata_impl]`: results, and types that have no `UserData`.
#![allow(unused)]
use oxilua::{UserData, userdata_impl};

#[derive(UserData)]
struct Thing;

#[userdata_impl]
impl Thing {
    fn not_marked_as_infallible(&self) -> i64 {
        1
    }

    fn nothing_at_all(&mut self) {}
}

struct NoUserData;

#[userdata_impl]
impl NoUserData {
    #[lua(infallible)]
    fn one() -> i64 {
        1
    }
}

fn main() {}
