//! A state, its values and what is borrowed from them stay in their thread: none of them is `Send` or `Sync`.
//!
//! This compiles only if that is so: were a type `Send`, both implementations of `IfSend` would fit, and none be chosen.

use oxilua::{
    AnyUserData, BorrowedBytes, BorrowedStr, Chunk, Function, Lua, LuaString, MultiValue, Table, Thread,
    UserDataRef, UserDataRefMut, Value, WeakLua,
};

struct ForAll;
struct ForSome;

trait IfSend<Which> {
    fn is_not() {}
}
impl<T: ?Sized> IfSend<ForAll> for T {}
impl<T: ?Sized + Send> IfSend<ForSome> for T {}

trait IfSync<Which> {
    fn is_not() {}
}
impl<T: ?Sized> IfSync<ForAll> for T {}
impl<T: ?Sized + Sync> IfSync<ForSome> for T {}

macro_rules! stays {
    ($($ty:ty),* $(,)?) => {$(
        <$ty as IfSend<_>>::is_not();
        <$ty as IfSync<_>>::is_not();
    )*};
}

#[test]
fn not_send() {
    stays!(Lua, WeakLua, Value, Table, Function, LuaString, Thread, AnyUserData, MultiValue, Chunk<'static>);
    stays!(BorrowedStr, BorrowedBytes, UserDataRef<i32>, UserDataRefMut<i32>);
}
