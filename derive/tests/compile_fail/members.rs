//! `#[userdata_impl]`.
#![allow(unused)]
use oxilua::{Lua, Result, UserData, userdata_impl};

#[derive(UserData)]
struct Thing {
    n: i64,
}

#[userdata_impl]
impl Thing {
    #[lua(infalible)]
    fn unknown_word(&self) -> i64 {
        self.n
    }

    fn generic<T>(&self, value: T) -> Result<T> {
        Ok(value)
    }

    fn generic_too(&self, value: impl Into<String>) -> Result<String> {
        Ok(value.into())
    }

    unsafe fn dangerous(&self) -> Result<()> {
        Ok(())
    }

    fn boxed(self: Box<Self>) -> Result<()> {
        Ok(())
    }

    fn lua_last(&self, n: i64, lua: &Lua) -> Result<i64> {
        Ok(n)
    }

    #[lua(getter)]
    fn getter_with_argument(&self, n: i64) -> Result<i64> {
        Ok(n)
    }

    #[lua(getter)]
    fn getter_of_none() -> Result<i64> {
        Ok(1)
    }

    #[lua(setter)]
    fn setter_of_two(&mut self, a: i64, b: i64) -> Result<()> {
        Ok(())
    }

    #[lua(field)]
    fn field_of_a_value(&self) -> Result<i64> {
        Ok(self.n)
    }

    #[lua(getter, setter)]
    fn both(&self) -> Result<i64> {
        Ok(self.n)
    }

    #[lua(meta, getter)]
    fn __index(&self) -> Result<i64> {
        Ok(self.n)
    }

    #[lua(meta)]
    fn add(&self, n: i64) -> Result<i64> {
        Ok(self.n + n)
    }

    fn changes_bytes(&self, bytes: &mut [u8]) -> Result<()> {
        Ok(())
    }

    fn changes_text(&self, text: &mut str) -> Result<()> {
        Ok(())
    }

    fn slice(&self, numbers: &[i64]) -> Result<()> {
        Ok(())
    }

    fn forever(&self, text: &'static str) -> Result<()> {
        Ok(())
    }

    fn dynamic(&self, error: &dyn std::error::Error) -> Result<()> {
        Ok(())
    }

    fn too_many(
        &self, _1: u8, _2: u8, _3: u8, _4: u8, _5: u8, _6: u8, _7: u8, _8: u8, _9: u8, _10: u8, _11: u8, _12: u8, _13: u8,
        _14: u8, _15: u8, _16: u8, _17: u8,
    ) -> Result<()> {
        Ok(())
    }

    async fn waiting(&self) -> Result<()> {
        Ok(())
    }

    #[lua(infallible)]
    const CONSTANT: i64 = 1;

    #[lua(meta)]
    const NAME: &str = "Thing";
}

#[userdata_impl]
impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

struct Generic<T>(T);

#[userdata_impl]
impl<T> Generic<T> {
    fn new(value: T) -> Result<()> {
        Ok(())
    }
}

#[userdata_impl(all)]
impl Thing {}

fn main() {}
