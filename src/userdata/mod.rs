//! Userdata: Rust values that Lua code can hold and use.
//!
//! A type says with [`UserData`] what Lua sees of it: methods, fields and metamethods.
//!
//! ```
//! # use oxilua::{Lua, Result, UserData, UserDataFields, UserDataMethods, MetaMethod};
//! struct Point { x: f64, y: f64 }
//!
//! impl UserData for Point {
//!     fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
//!         fields.add_field_method_get("x", |_, point| Ok(point.x));
//!         fields.add_field_method_set("x", |_, point, x: f64| { point.x = x; Ok(()) });
//!     }
//!
//!     fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
//!         methods.add_method("length", |_, point, ()| Ok(point.x.hypot(point.y)));
//!         methods.add_meta_method(MetaMethod::ToString, |_, point, ()| Ok(format!("({}, {})", point.x, point.y)));
//!     }
//! }
//!
//! # fn main() -> Result<()> {
//! # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
//! lua.globals().set("point", Point { x: 1.0, y: 4.0 })?;
//! assert_eq!(lua.load("point.x = 3; return point:length()").eval::<f64>()?, 5.0);
//! # Ok(())
//! # }
//! ```

mod any;
mod cell;
mod method;
mod proxy;
mod registry;
mod types;
mod user_value;
mod wrapper;

pub use any::{AnyUserData, UserDataMetatable, UserDataMetatablePairs};
pub use cell::{UserDataOwned, UserDataRef, UserDataRefMut};
pub use registry::UserDataRegistry;
pub(crate) use types::Types;
pub(crate) use wrapper::{ByMut, ByRef, register_reference};

use crate::convert::{FromLua, FromLuaMulti, IntoLua, IntoLuaMulti};
use crate::error::Result;
use crate::lua::Lua;
use crate::types::MaybeSend;

macro_rules! metamethods {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The metamethods (Lua manual, "Metatables and Metamethods"). A Lua that does not know one ignores it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum MetaMethod {
            $($(#[$doc])* $variant,)*
        }

        impl MetaMethod {
            /// The name, like "__add".
            pub const fn name(self) -> &'static str {
                match self {
                    $(MetaMethod::$variant => $name,)*
                }
            }
        }
    };
}

metamethods! {
    /// `+`
    Add = "__add",
    /// `-`
    Sub = "__sub",
    /// `*`
    Mul = "__mul",
    /// `/`
    Div = "__div",
    /// `%`
    Mod = "__mod",
    /// `^`
    Pow = "__pow",
    /// unary `-`
    Unm = "__unm",
    /// `//` (5.3 and later)
    IDiv = "__idiv",
    /// `&` (5.3 and later)
    BAnd = "__band",
    /// `|` (5.3 and later)
    BOr = "__bor",
    /// binary `~` (5.3 and later)
    BXor = "__bxor",
    /// unary `~` (5.3 and later)
    BNot = "__bnot",
    /// `<<` (5.3 and later)
    Shl = "__shl",
    /// `>>` (5.3 and later)
    Shr = "__shr",
    /// `..`
    Concat = "__concat",
    /// `#`
    Len = "__len",
    /// `==`
    Eq = "__eq",
    /// `<`
    Lt = "__lt",
    /// `<=`
    Le = "__le",
    /// `t[k]`, for keys that are neither methods nor fields
    Index = "__index",
    /// `t[k] = v`, for keys that are no fields
    NewIndex = "__newindex",
    /// `f()`
    Call = "__call",
    /// `tostring`
    ToString = "__tostring",
    /// What `{:#?}` prints
    ToDebugString = "__todebugstring",
    /// `pairs` (5.2 and later)
    Pairs = "__pairs",
    /// `ipairs` (5.2)
    IPairs = "__ipairs",
    /// The iterator of a generic `for` (Luau)
    Iter = "__iter",
    /// The end of a variable's life (5.4 and later)
    Close = "__close",
}

impl AsRef<str> for MetaMethod {
    fn as_ref(&self) -> &str {
        self.name()
    }
}

impl From<MetaMethod> for String {
    fn from(method: MetaMethod) -> Self {
        method.name().to_owned()
    }
}

impl PartialEq<MetaMethod> for &str {
    fn eq(&self, other: &MetaMethod) -> bool {
        *self == other.name()
    }
}

/// A type whose values can be userdata.
pub trait UserData: Sized {
    /// Adds the fields.
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        let _ = fields;
    }

    /// Adds the methods.
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        let _ = methods;
    }

    /// Adds everything; by default what the other two do.
    fn register(registry: &mut UserDataRegistry<Self>) {
        Self::add_fields(registry);
        Self::add_methods(registry);
    }
}

/// What the methods of a userdata type can be. A method borrows its userdata while it runs: mutably for `_mut`, else shared.
pub trait UserDataMethods<T> {
    /// Adds a method, called as `value:name(...)`.
    fn add_method<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: Fn(&Lua, &T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;

    /// Adds a method that changes the value.
    fn add_method_mut<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;

    /// Adds a method that takes the value, which leaves the userdata destructed.
    fn add_method_once<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        T: 'static,
        M: Fn(&Lua, T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;

    /// Adds a function, called as `value.name(...)`.
    fn add_function<F, A, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: Fn(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;

    /// Adds a function that changes what it captured.
    fn add_function_mut<F, A, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: FnMut(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;

    /// Adds a metamethod. Its first operand must be the userdata: for operators use
    /// [`add_meta_function`](UserDataMethods::add_meta_function) if it may be the second.
    fn add_meta_method<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: Fn(&Lua, &T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;

    /// Adds a metamethod that changes the value.
    fn add_meta_method_mut<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;

    /// Adds a metamethod that gets all operands as arguments.
    fn add_meta_function<F, A, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: Fn(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;

    /// The same for a function that changes what it captured.
    fn add_meta_function_mut<F, A, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: FnMut(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti;
}

/// What the fields of a userdata type can be.
pub trait UserDataFields<T> {
    /// Adds a field with a fixed value.
    fn add_field<V>(&mut self, name: impl Into<String>, value: V)
    where
        V: IntoLua + 'static;

    /// Adds what reading the field gives.
    fn add_field_method_get<M, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: Fn(&Lua, &T) -> Result<R> + MaybeSend + 'static,
        R: IntoLua;

    /// Adds what assigning to the field does.
    fn add_field_method_set<M, A>(&mut self, name: impl Into<String>, method: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<()> + MaybeSend + 'static,
        A: FromLua;

    /// Adds what reading the field gives, by a function of the userdata.
    fn add_field_function_get<F, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: Fn(&Lua, AnyUserData) -> Result<R> + MaybeSend + 'static,
        R: IntoLua;

    /// Adds what assigning to the field does, by a function of the userdata.
    fn add_field_function_set<F, A>(&mut self, name: impl Into<String>, function: F)
    where
        F: FnMut(&Lua, AnyUserData, A) -> Result<()> + MaybeSend + 'static,
        A: FromLua;

    /// Adds a field of the metatable.
    fn add_meta_field<V>(&mut self, name: impl Into<String>, value: V)
    where
        V: IntoLua + 'static;

    /// Adds a field of the metatable, made when the type is registered.
    fn add_meta_field_with<F, R>(&mut self, name: impl Into<String>, f: F)
    where
        F: FnOnce(&Lua) -> Result<R> + 'static,
        R: IntoLua;
}
