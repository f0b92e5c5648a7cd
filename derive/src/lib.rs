//! The macros of [`oxilua`](https://docs.rs/oxilua), which has them all with its feature `macros`.
//!
//! * [`macro@UserData`] and [`macro@userdata_impl`] show the fields and methods of a type to Lua.
//! * [`macro@FromLua`] makes a type a parameter that is copied out of its userdata.
//! * [`chunk!`] is Lua code in Rust code, with Rust's variables in it.
//! * [`macro@lua_module`] makes a function what `require` calls.
//!
//! The code they write finds oxilua under the name that it has in your Cargo.toml.

mod attr;
mod chunk;
mod from_lua;
mod krate;
mod members;
mod module;
mod userdata;

use proc_macro::TokenStream;

/// Makes a function the entry point of a native Lua module: what `require` runs.
///
/// ```
/// use oxilua::{Lua, Result, Table};
///
/// #[oxilua::lua_module]
/// fn my_module(lua: &Lua) -> Result<Table> {
///     let exports = lua.create_table()?;
///     exports.set("hello", lua.create_function(|_, name: String| Ok(format!("Hello, {name}!")))?)?;
///     Ok(exports)
/// }
/// ```
///
/// The crate is a `cdylib`; `require "my_module"` finds `my_module.so` (or `.dll`) with the function `luaopen_my_module`
/// in it, which this macro writes. It finds out which Lua calls it, so the same file serves every Lua. A library can have
/// any number of entry points. The function remains an ordinary one as well.
///
/// # Parameters and result
///
/// The function takes `lua: &Lua`, or nothing. With one parameter more it gets what `require` calls it with: the module's
/// name and, from Lua 5.2 on, the file's (on LuaJIT and 5.1 nil). It gives a `Result` with anything that Lua can have; an
/// error of any kind is what `require` raises.
///
/// ```
/// # use oxilua::Lua;
/// #[oxilua::lua_module]
/// fn origin(_: &Lua, (name, file): (String, Option<String>)) -> std::io::Result<String> {
///     let size = file.map(std::fs::metadata).transpose()?.map_or(0, |file| file.len());
///     Ok(format!("{name} has {size} bytes"))
/// }
/// ```
///
/// # Options
///
/// * `name = "other.name"`: for `require "other.name"`, which calls `luaopen_other_name`. By default the function's name.
/// * `skip_memory_check`: accepted, and has no effect. Nothing is saved by skipping a check here.
///
/// ```
/// # use oxilua::{Lua, Result, Table};
/// #[oxilua::lua_module(name = "shapes.flat")]
/// fn flat(lua: &Lua) -> Result<Table> {
///     lua.create_table()
/// }
/// ```
#[proc_macro_attribute]
pub fn lua_module(attr: TokenStream, item: TokenStream) -> TokenStream {
    answer(module::expand(attr.into(), item.into()))
}

/// Implements `FromLua` for a type of userdata that can be cloned: the value is copied out of the userdata.
///
/// ```
/// use oxilua::{FromLua, Lua, Result, UserData};
///
/// #[derive(Clone, FromLua, UserData)]
/// struct Point {
///     x: f64,
///     y: f64,
/// }
///
/// # fn main() -> Result<()> {
/// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
/// let distance = lua.create_function(|_, (a, b): (Point, Point)| Ok((a.x - b.x).hypot(a.y - b.y)))?;
/// let [a, b] = [Point { x: 0.0, y: 0.0 }, Point { x: 3.0, y: 4.0 }];
/// assert_eq!(distance.call::<f64>((a, b))?, 5.0);
/// # Ok(())
/// # }
/// ```
///
/// To use the value in its userdata instead, take a `UserDataRef<Point>` or `UserDataRefMut<Point>`, which needs no
/// `FromLua`.
///
/// The type may be generic. `FromLua` then holds for those of its types that can be cloned.
///
/// # Errors
///
/// `Error::FromLuaConversionError` for what is no userdata, `Error::UserDataTypeMismatch` for one of another type,
/// `Error::UserDataBorrowError` for one that is borrowed mutably, and `Error::UserDataDestructed` for one whose value has
/// been taken.
#[proc_macro_derive(FromLua)]
pub fn from_lua(input: TokenStream) -> TokenStream {
    answer(from_lua::expand(input.into()))
}

/// Implements `UserData` for a type: shows its fields to Lua, and the members of its blocks with
/// [`#[userdata_impl]`](macro@userdata_impl).
///
/// ```
/// use oxilua::{Lua, Result, UserData};
///
/// #[derive(UserData)]
/// struct Account {
///     /// `account.owner` can be read and assigned to.
///     owner: String,
///     /// `account.balance` can only be read.
///     #[lua(get)]
///     balance: i64,
///     /// `account.maxDebt`
///     #[lua(name = "maxDebt")]
///     max_debt: i64,
///     /// Not for Lua.
///     #[lua(skip)]
///     history: std::collections::BTreeMap<std::time::SystemTime, i64>,
/// }
///
/// # fn main() -> Result<()> {
/// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
/// let account = Account { owner: "Ada".into(), balance: 100, max_debt: 0, history: Default::default() };
/// lua.globals().set("account", account)?;
/// lua.load(r#"
///     account.owner = account.owner .. " Lovelace"
///     account.maxDebt = 50
///     assert(account.owner == "Ada Lovelace" and account.balance == 100)
///     assert(not pcall(function() account.balance = 1000000 end))
///     assert(account.history == nil)
/// "#).exec()?;
/// # Ok(())
/// # }
/// ```
///
/// # Fields
///
/// Fields with names are shown, whether they are `pub` or not. `#[lua(...)]` says how:
///
/// | word           | meaning                                                          |
/// |----------------|------------------------------------------------------------------|
/// | `get`          | Lua can read the field                                           |
/// | `set`          | Lua can assign to the field                                      |
/// | `skip`         | the field is not for Lua                                         |
/// | `name = "..."` | what Lua calls it                                                |
///
/// With neither `get` nor `set` both hold. A field that is read must be `Clone` and `IntoLua`: Lua gets a copy. One that is
/// assigned to must be `FromLua`.
///
/// # What it can be used for
///
/// Structs and enums. Of an enum, and of a struct whose fields have no names, only the members of its blocks are shown. A
/// type with parameters has to be wrapped in one without, and a union cannot be a userdata.
#[proc_macro_derive(UserData, attributes(lua))]
pub fn user_data(input: TokenStream) -> TokenStream {
    answer(userdata::expand(input.into()))
}

/// Shows the methods, functions and constants of an `impl` block to Lua.
///
/// The type has [`#[derive(UserData)]`](macro@UserData). It may have any number of such blocks, also in other modules.
///
/// ```
/// use oxilua::{Lua, Result, UserData};
///
/// #[derive(UserData)]
/// struct Rectangle {
///     length: u32,
///     width: u32,
/// }
///
/// #[oxilua::userdata_impl]
/// impl Rectangle {
///     const SIDES: u32 = 4;
///
///     #[lua(infallible)]
///     fn new(length: u32, width: u32) -> Self {
///         Self { length, width }
///     }
///
///     #[lua(getter, name = "area", infallible)]
///     fn calculate_area(&self) -> u32 {
///         self.length * self.width
///     }
///
///     fn scale(&mut self, by: u32) -> Result<()> {
///         let scaled = |side: u32| side.checked_mul(by).ok_or(oxilua::Error::runtime("too large"));
///         (self.length, self.width) = (scaled(self.length)?, scaled(self.width)?);
///         Ok(())
///     }
///
///     #[lua(meta, infallible)]
///     fn __eq(&self, other: &Self) -> bool {
///         self.length == other.length && self.width == other.width
///     }
/// }
///
/// # fn main() -> Result<()> {
/// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
/// lua.globals().set("Rectangle", lua.create_proxy::<Rectangle>()?)?;
/// lua.load(r#"
///     local r = Rectangle.new(3, 4)
///     r:scale(2)
///     assert(r.area == 48 and r.SIDES == 4 and r == Rectangle.new(6, 8))
/// "#).exec()?;
/// # Ok(())
/// # }
/// ```
///
/// # Members
///
/// Everything in the block is shown, whether it is `pub` or not. What takes `self` decides how it is called:
///
/// | receiver    | in Lua                                                                       |
/// |-------------|------------------------------------------------------------------------------|
/// | `&self`     | `value:method()`, which borrows the value meanwhile                          |
/// | `&mut self` | `value:method()`, which borrows it mutably                                   |
/// | `self`      | `value:method()`, which takes it: the userdata is of no use afterwards       |
/// | none        | `value.function()`, or `Type.function()` where `Type` is made by `create_proxy` |
///
/// `#[lua(...)]` says what else it is:
///
/// | word           | for               | meaning                                                                    |
/// |----------------|-------------------|----------------------------------------------------------------------------|
/// | `skip`         | methods, constants | not for Lua                                                               |
/// | `name = "..."` | methods, constants | what Lua calls it                                                         |
/// | `infallible`   | methods           | it does not return a `Result`, but what it gives                           |
/// | `getter`       | methods           | reading the field `value.name`; takes `&self`                              |
/// | `setter`       | methods           | assigning to it; takes `&mut self` or `&self`, and the value               |
/// | `field`        | methods, constants | a field that is the same for all values; takes nothing, is called once    |
/// | `meta`         | methods, constants | a metamethod; with `field`, or a constant: a field of the metatable       |
///
/// A metamethod has its name in Lua, like `__add`, or says it with `name`. Its first operand is `self`, so it is not called
/// for `1 + value`; one without `self` gets all the operands.
///
/// # Parameters and results
///
/// A first parameter `&Lua` is the state, and not an argument of Lua's. Arguments can be borrowed for the call:
///
/// | parameter | argument                                                            |
/// |-----------|---------------------------------------------------------------------|
/// | `&str`    | a string in UTF-8                                                   |
/// | `&[u8]`   | any string                                                          |
/// | `&T`      | a userdata with a `T`                                               |
/// | `&mut T`  | a userdata with a `T`, which is borrowed mutably                    |
/// | `T`       | what `FromLua` makes of the argument; as the last one `FromLuaMulti` |
///
/// The result is a `Result` with any kind of error, or with `infallible` the value. It may be borrowed from `self` or from an
/// argument, like `&str`.
///
/// ```
/// # use oxilua::{Lua, Result, UserData};
/// #[derive(UserData)]
/// struct Words(Vec<String>);
///
/// #[oxilua::userdata_impl]
/// impl Words {
///     #[lua(infallible)]
///     fn longest<'a>(&'a self, default: &'a str) -> &'a str {
///         self.0.iter().max_by_key(|word| word.len()).map_or(default, |word| word)
///     }
///
///     fn parse(&self, index: usize) -> std::result::Result<f64, std::num::ParseFloatError> {
///         self.0[index - 1].parse()
///     }
///
///     fn keep_in(&self, lua: &Lua, name: &str) -> Result<()> {
///         lua.globals().set(name, self.0.clone())
///     }
/// }
/// # fn main() -> Result<()> {
/// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
/// # lua.globals().set("words", Words(vec!["0.5".into(), "long".into()]))?;
/// # lua.load(r#"assert(words:longest("none") == "long" and words:parse(1) == 0.5)
/// #   assert(not pcall(words.parse, words, 2)) words:keep_in("kept") assert(kept[2] == "long")"#).exec()?;
/// # Ok(())
/// # }
/// ```
///
/// Methods may be `async`, with the feature `async`. They cannot be generic.
#[proc_macro_attribute]
pub fn userdata_impl(attr: TokenStream, item: TokenStream) -> TokenStream {
    answer(members::expand(attr.into(), item.into()))
}

/// Lua code within Rust code: something to `load`, with Rust's variables in it.
///
/// A variable with a `$` before its name is captured: moved into the chunk, and a Lua value there. A reference is moved, too,
/// so `let table = &table;` keeps what it refers to.
///
/// ```
/// use oxilua::{Lua, Result, chunk};
///
/// # fn main() -> Result<()> {
/// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
/// let name = "Rustacean";
/// let numbers = vec![1, 2, 3];
/// let text: String = lua.load(chunk! {
///     local sum = 0
///     for _, n in ipairs($numbers) do
///         sum = sum + n -- $numbers is a table here
///     end
///     greeted = true -- a global
///     return "hello, " .. $name .. " " .. sum
/// }).eval()?;
/// assert_eq!(text, "hello, Rustacean 6");
/// assert!(lua.globals().get::<bool>("greeted")?);
/// # Ok(())
/// # }
/// ```
///
/// In the chunk, a captured variable is a global of its name that only the chunk sees: `$name` and `name` are the same there.
/// All other globals are those of the state, for reading and for assigning. A chunk without captured variables has no
/// environment of its own.
///
/// # What is different from Lua
///
/// The code has to be made of Rust's tokens. It reaches Lua as it stands in the file, line by line, but:
///
/// * `//` begins a comment of Rust's, so there is no floor division: **what follows on the line is left out**. Write
///   `math.floor(a / b)`.
/// * Strings are in double quotes. In single quotes there can be one character only: `'a'`.
/// * Of the escapes in strings, Rust knows `\n \r \t \0 \\ \" \' \xAB` (up to 7F) and `\u{1F600}`. Lua 5.1 does not know the
///   last two, and 5.2 not the last one.
/// * Between `#` and a string there must be a space: `# "text"`. Between a letter and a quote too: `f "text"`.
/// * Brackets and quotes must be in pairs, also in comments and in long strings. In a comment, an apostrophe cannot follow a
///   letter.
/// * There are no hexadecimal numbers with a fraction.
///
/// Long strings (`[[...]]`, `[==[...]==]`) and comments (`--`, `--[[...]]`) can be used. A `$` in them is just that. `rustfmt`
/// may indent the lines of a long string: `#[rustfmt::skip]` on the function keeps it off.
///
/// # Errors
///
/// An error in the chunk names the place of the `load`, and then the line of the chunk, from 1. A variable whose value has no
/// counterpart in Lua is an error when the chunk is run.
#[proc_macro]
pub fn chunk(input: TokenStream) -> TokenStream {
    answer(chunk::expand(input))
}

/// A macro's result, or its error for the compiler.
fn answer(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(|error| error.to_compile_error()).into()
}
