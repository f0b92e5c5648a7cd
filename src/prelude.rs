//! The names most programs need, with `Lua` in front of those that would collide with others.
//!
//! ```
//! use oxilua::prelude::*;
//! ```

#[doc(no_inline)]
pub use crate::{
    AnyUserData as LuaAnyUserData, AsChunk as AsLuaChunk, BorrowedBytes as LuaBorrowedBytes,
    BorrowedStr as LuaBorrowedStr, Chunk as LuaChunk, ChunkMode as LuaChunkMode, Either as LuaEither,
    Error as LuaError, ErrorContext as LuaErrorContext, ExternalError as LuaExternalError,
    ExternalResult as LuaExternalResult, FromLua, FromLuaMulti, Function as LuaFunction,
    FunctionInfo as LuaFunctionInfo, GcGenParams as LuaGcGenParams, GcIncParams as LuaGcIncParams,
    GcMode as LuaGcMode, HookTriggers as LuaHookTriggers, Integer as LuaInteger, IntoLua, IntoLuaMulti,
    LightUserData as LuaLightUserData, Lua, LuaNativeFn, LuaNativeFnMut, LuaOptions, LuaString,
    MetaMethod as LuaMetaMethod, MultiValue as LuaMultiValue, Nil as LuaNil, Number as LuaNumber,
    ObjectLike as LuaObjectLike, RegistryKey as LuaRegistryKey, Result as LuaResult, StdLib as LuaStdLib,
    Table as LuaTable, TablePairs as LuaTablePairs, TableSequence as LuaTableSequence, Thread as LuaThread,
    ThreadEvent as LuaThreadEvent, ThreadStatus as LuaThreadStatus, ThreadTriggers as LuaThreadTriggers,
    UserData as LuaUserData, UserDataFields as LuaUserDataFields, UserDataMetatable as LuaUserDataMetatable,
    UserDataMethods as LuaUserDataMethods, UserDataOwned as LuaUserDataOwned, UserDataRef as LuaUserDataRef,
    UserDataRefMut as LuaUserDataRefMut, UserDataRegistry as LuaUserDataRegistry, Value as LuaValue,
    Variadic as LuaVariadic, VmState as LuaVmState, WeakLua,
};
