//! The macros where oxilua has another name. There is no `::oxilua` here, so a path that names it does not compile.

use mlua::prelude::*;
use mlua::{FromLua, Lua, Result, Table, UserData};

/// A userdata with everything that the macros write code for.
#[derive(Clone, Debug, FromLua, PartialEq, UserData)]
pub struct Rectangle {
    length: u32,
    #[lua(get)]
    width: u32,
}

#[mlua::userdata_impl]
impl Rectangle {
    const SIDES: u32 = 4;

    #[lua(infallible)]
    fn new(length: u32, width: u32) -> Self {
        Self { length, width }
    }

    #[lua(getter, name = "area", infallible)]
    fn calculate_area(&self) -> u32 {
        self.length * self.width
    }

    fn diagonal(&self) -> Result<f64> {
        Ok(f64::from(self.length.pow(2) + self.width.pow(2)).sqrt())
    }

    #[lua(field)]
    fn origin(lua: &mlua::Lua) -> LuaResult<LuaTable> {
        lua.create_table()
    }

    fn rename(&mut self, name: &str, bytes: &[u8], other: &mut Self) -> Result<usize> {
        other.length = 1;
        Ok(name.len() + bytes.len())
    }

    #[lua(infallible)]
    fn name(&self) -> &str {
        "rectangle"
    }

    #[lua(meta, infallible)]
    fn __concat(self, other: LuaValue) -> bool {
        other.is_nil()
    }
}

/// `require "renamed"`.
#[mlua::lua_module]
pub fn renamed(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

/// `require "renamed.called"`.
#[mlua::lua_module(name = "renamed.called", skip_memory_check)]
pub fn called(_: &Lua, name: String) -> Result<String> {
    Ok(name)
}

fn by_hand(lua: &Lua) -> Result<Table> {
    lua.create_table()
}
mlua::luaopen!(luaopen_renamed_by_hand, by_hand);

#[cfg(test)]
mod tests {
    use super::*;
    use mlua::chunk;

    #[test]
    fn everything() -> Result<()> {
        // The names are what is tested here. Without a Lua on this machine they have been, by now.
        let Ok(lua) = Lua::new_with(mlua::StdLib::ALL_SAFE, LuaOptions::default()) else { return Ok(()) };
        let rectangle = Rectangle::new(3, 4);
        let copy = rectangle.clone();
        let result: Rectangle = lua
            .load(chunk! {
                local r = $rectangle
                assert(r.SIDES == 4 and r.area == 12 and r:diagonal() == 5 and type(r.origin) == "table")
                assert(r:rename("ab", "c", r.new(1, 2)) == 3 and r:name() == "rectangle")
                return r
            })
            .eval()?;
        assert_eq!(result, copy);
        lua.load(chunk! { return $copy .. nil }).exec()?;
        Ok(())
    }
}
