//! The metatables of basic types: all strings, numbers, functions... share one.

use crate::error::Result;
use crate::function::Function;
use crate::lua::Lua;
use crate::raw::args::Stack;
use crate::raw::op::{Code, Op, PLAIN};
use crate::raw::tape::Tape;
use crate::string::LuaString;
use crate::table::Table;
use crate::thread::Thread;
use crate::types::{LightUserData, Number};
use crate::value::Value;
use crate::vm::types::ty;
use std::os::raw::c_int;

mod private {
    pub trait Sealed {}
}

/// The basic types whose values share a metatable.
pub trait LuaType: private::Sealed {
    #[doc(hidden)]
    const TYPE: c_int;
}

macro_rules! lua_type {
    ($($rust:ty = $number:expr;)*) => {$(
        impl private::Sealed for $rust {}
        impl LuaType for $rust {
            const TYPE: c_int = $number;
        }
    )*};
}

lua_type! {
    bool = ty::BOOLEAN;
    LightUserData = ty::LIGHTUSERDATA;
    Number = ty::NUMBER;
    LuaString = ty::STRING;
    Function = ty::FUNCTION;
    Thread = ty::THREAD;
}

impl Lua {
    fn type_metatable_op(&self, tape: Box<Tape>, type_number: c_int, ask: bool) -> Result<Option<Table>> {
        let state = self.state();
        state.room(3)?;
        let mut op = Op::new(state, Code::TypeMetatable);
        (op.a, op.b) = (type_number, c_int::from(ask));
        // SAFETY: the operand is a table or nil; asked for one, the result is a table or nil.
        unsafe {
            state.run_op_on(&mut op, tape, c_int::from(ask), PLAIN)?;
            if !ask {
                return Ok(None);
            }
            let value = Stack { state, l: state.current.get() }.pop_value()?;
            Ok(match value {
                Value::Table(table) => Some(table),
                _ => None,
            })
        }
    }

    /// The metatable of all values of a basic type.
    pub fn type_metatable<T: LuaType>(&self) -> Option<Table> {
        self.type_metatable_op(self.state().tape(), T::TYPE, true).ok().flatten()
    }

    /// Sets or removes the metatable of all values of a basic type.
    ///
    /// ```
    /// # use oxilua::{Lua, Number, Result};
    /// # fn main() -> Result<()> {
    /// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
    /// let metatable = lua.create_table()?;
    /// metatable.set("__index", lua.load("{ double = function(n) return 2 * n end }").eval::<oxilua::Table>()?)?;
    /// lua.set_type_metatable::<Number>(Some(metatable));
    /// assert_eq!(lua.load("(21):double()").eval::<i64>()?, 42);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// If the table is one of another state.
    pub fn set_type_metatable<T: LuaType>(&self, metatable: Option<Table>) {
        let mut tape = self.state().tape();
        match metatable {
            Some(metatable) => {
                assert!(
                    self.state().check_same(&metatable.0).is_ok(),
                    "the metatable is one of another Lua state"
                );
                tape.reference(metatable.0);
            }
            None => tape.nil(),
        }
        // It allocates nothing that could fail but the metatable's own reference, which is there.
        let _ = self.type_metatable_op(tape, T::TYPE, false);
    }
}
