//! The Lua C API that oxilua uses: every function once, with its signature and where it exists.
//!
//! This list is the only place where the API is written down. From it come the table of function
//! pointers ([`Api`](super::Api)), the names that the resolver looks up, the same table in C for the shim
//! (`build.rs` reads this file), and the symbols that a linked build refers to.
//!
//! * `required`: exists in every Lua and never raises an error, so Rust may call it.
//! * `optional`: never raises, but does not exist everywhere; `Api` has methods that stand in.
//! * `raising`: may raise an error (also by running out of memory, or by a finalizer that fails during an
//!   allocation). Rust cannot call these: their type has no call. Only `raw/*.c` does, in a protected call.
//!   `any` marks those whose signature depends on the version; the shim casts them.
//!
//! The engines that have a function stand behind it: `all`, or some of `v51 jit v52 v53 v54 v55`; `jit` is
//! LuaJIT 2.1, and what its 2.0 lacks is looked up as optional too. One line per function: `build.rs` reads lines.

macro_rules! with_lua_api {
    ($visit:ident) => {
        $visit! {
            required {
                lua_gettop: fn(State) -> c_int; in [all];
                lua_settop: fn(State, c_int); in [all];
                lua_pushvalue: fn(State, c_int); in [all];
                lua_xmove: fn(State, State, c_int); in [all];
                lua_type: fn(State, c_int) -> c_int; in [all];
                lua_rawequal: fn(State, c_int, c_int) -> c_int; in [all];
                lua_toboolean: fn(State, c_int) -> c_int; in [all];
                lua_tolstring: fn(State, c_int, *mut usize) -> *const c_char; in [all];
                lua_touserdata: fn(State, c_int) -> *mut c_void; in [all];
                lua_tothread: fn(State, c_int) -> State; in [all];
                lua_tocfunction: fn(State, c_int) -> Option<CFunction>; in [all];
                lua_topointer: fn(State, c_int) -> *const c_void; in [all];
                lua_pushnil: fn(State); in [all];
                lua_pushnumber: fn(State, Number); in [all];
                lua_pushinteger: fn(State, Integer); in [all];
                lua_pushboolean: fn(State, c_int); in [all];
                lua_pushlightuserdata: fn(State, *mut c_void); in [all];
                lua_pushthread: fn(State) -> c_int; in [all];
                lua_rawget: fn(State, c_int); in [all];
                lua_rawgeti: fn(State, c_int, Integer); in [all];
                lua_getmetatable: fn(State, c_int) -> c_int; in [all];
                lua_setmetatable: fn(State, c_int) -> c_int; in [all];
                lua_getupvalue: fn(State, c_int, c_int) -> *const c_char; in [all];
                lua_setupvalue: fn(State, c_int, c_int) -> *const c_char; in [all];
                lua_status: fn(State) -> c_int; in [all];
                lua_close: fn(State); in [all];
                lua_atpanic: fn(State, Option<CFunction>) -> Option<CFunction>; in [all];
                lua_getallocf: fn(State, *mut *mut c_void) -> Option<Alloc>; in [all];
                lua_getstack: fn(State, c_int, *mut Debug) -> c_int; in [all];
                lua_getinfo: fn(State, *const c_char, *mut Debug) -> c_int; in [all];
                lua_sethook: fn(State, Option<Hook>, c_int, c_int) -> c_int; in [all];
                lua_gethook: fn(State) -> Option<Hook>; in [all];
                lua_gethookmask: fn(State) -> c_int; in [all];
                lua_gethookcount: fn(State) -> c_int; in [all];
            }
            optional {
                lua_tonumber: fn(State, c_int) -> Number; in [v51 jit];
                lua_tonumberx: fn(State, c_int, *mut c_int) -> Number; in [jit v52 v53 v54 v55];
                lua_tointegerx: fn(State, c_int, *mut c_int) -> Integer; in [jit v52 v53 v54 v55];
                lua_isinteger: fn(State, c_int) -> c_int; in [v53 v54 v55];
                lua_objlen: fn(State, c_int) -> usize; in [v51 jit];
                lua_rawlen: fn(State, c_int) -> usize; in [v52 v53 v54 v55];
                lua_copy: fn(State, c_int, c_int); in [jit v52 v53 v54 v55];
                lua_replace: fn(State, c_int); in [v51 jit v52];
                lua_insert: fn(State, c_int); in [v51 jit v52];
                lua_remove: fn(State, c_int); in [v51 jit v52];
                lua_rotate: fn(State, c_int, c_int); in [v53 v54 v55];
                lua_absindex: fn(State, c_int) -> c_int; in [v52 v53 v54 v55];
                lua_isyieldable: fn(State) -> c_int; in [jit v53 v54 v55];
                lua_pcall: fn(State, c_int, c_int, c_int) -> c_int; in [v51 jit];
                lua_pcallk: fn(State, c_int, c_int, c_int, isize, Option<CFunction>) -> c_int; in [v52 v53 v54 v55];
                lua_cpcall: fn(State, CFunction, *mut c_void) -> c_int; in [v51 jit];
                lua_upvalueid: fn(State, c_int, c_int) -> *mut c_void; in [jit v52 v53 v54 v55];
                lua_getfenv: fn(State, c_int); in [v51 jit];
                lua_setfenv: fn(State, c_int) -> c_int; in [v51 jit];
                lua_getuservalue: fn(State, c_int); in [v52 v53];
                lua_setuservalue: fn(State, c_int); in [v52 v53];
                lua_getiuservalue: fn(State, c_int, c_int) -> c_int; in [v54 v55];
                lua_setiuservalue: fn(State, c_int, c_int) -> c_int; in [v54 v55];
                lua_setwarnf: fn(State, Option<WarnFunction>, *mut c_void); in [v54 v55];
                luaJIT_setmode: fn(State, c_int, c_int) -> c_int; in [jit];
            }
            raising {
                lua_checkstack: fn(State, c_int) -> c_int; in [all];
                lua_error: fn(State) -> c_int; in [all];
                lua_call: fn(State, c_int, c_int); in [v51 jit];
                lua_callk: fn(State, c_int, c_int, isize, Option<CFunction>); in [v52 v53 v54 v55];
                lua_yield: fn(State, c_int) -> c_int; in [v51 jit];
                lua_yieldk: fn(State, c_int, isize, Option<CFunction>) -> c_int; in [v52 v53 v54 v55];
                lua_pushlstring: fn(State, *const c_char, usize); in [all];
                lua_pushcclosure: fn(State, CFunction, c_int); in [all];
                lua_createtable: fn(State, c_int, c_int); in [all];
                lua_newuserdata: fn(State, usize) -> *mut c_void; in [v51 jit v52 v53];
                lua_newuserdatauv: fn(State, usize, c_int) -> *mut c_void; in [v54 v55];
                lua_newthread: fn(State) -> State; in [all];
                lua_rawset: fn(State, c_int); in [all];
                lua_rawseti: fn(State, c_int, Integer); in [all];
                lua_gettable: fn(State, c_int); in [all];
                lua_settable: fn(State, c_int); in [all];
                lua_getfield: fn(State, c_int, *const c_char); in [all];
                lua_setfield: fn(State, c_int, *const c_char); in [all];
                lua_next: fn(State, c_int) -> c_int; in [all];
                lua_concat: fn(State, c_int); in [all];
                lua_equal: fn(State, c_int, c_int) -> c_int; in [v51 jit];
                lua_lessthan: fn(State, c_int, c_int) -> c_int; in [v51 jit];
                lua_compare: fn(State, c_int, c_int, c_int) -> c_int; in [v52 v53 v54 v55];
                lua_len: fn(State, c_int); in [v52 v53 v54 v55];
                lua_upvaluejoin: fn(State, c_int, c_int, c_int, c_int); in [jit v52 v53 v54 v55];
                lua_load: any; in [all];
                lua_loadx: any; in [jit];
                lua_dump: any; in [all];
                lua_resume: any; in [all];
                lua_gc: any; in [all];
                lua_newstate: any; in [all];
                lua_version: any; in [jit v52 v53 v54 v55];
                lua_resetthread: any; in [v54];
                lua_closethread: any; in [v55];
                lua_toclose: fn(State, c_int); in [v54 v55];
                lua_warning: fn(State, *const c_char, c_int); in [v54 v55];
                lua_numbertocstring: any; in [v55];
                luaL_newstate: fn() -> State; in [all];
                luaopen_base: fn(State) -> c_int; in [all];
                luaopen_coroutine: fn(State) -> c_int; in [v52 v53 v54 v55];
                luaopen_table: fn(State) -> c_int; in [all];
                luaopen_io: fn(State) -> c_int; in [all];
                luaopen_os: fn(State) -> c_int; in [all];
                luaopen_string: fn(State) -> c_int; in [all];
                luaopen_utf8: fn(State) -> c_int; in [v53 v54 v55];
                luaopen_bit32: fn(State) -> c_int; in [v52];
                luaopen_bit: fn(State) -> c_int; in [jit];
                luaopen_math: fn(State) -> c_int; in [all];
                luaopen_debug: fn(State) -> c_int; in [all];
                luaopen_package: fn(State) -> c_int; in [all];
                luaopen_jit: fn(State) -> c_int; in [jit];
                luaopen_ffi: fn(State) -> c_int; in [jit];
            }
            dialect {
                version_number: c_int;
                is_jit: c_int;
                registry_index: c_int;
                globals_index: c_int;
                upvalue_one: c_int;
                ridx_mainthread: c_int;
                ridx_globals: c_int;
                has_integers: c_int;
                max_stack: c_int;
                status_errerr: c_int;
                status_errgcmm: c_int;
                hook_tail_call: c_int;
                gc_setpause: c_int;
                gc_setstepmul: c_int;
                gc_param: c_int;
                gc_isrunning: c_int;
                gc_generational: c_int;
                gc_incremental: c_int;
                debug_currentline: c_int;
                debug_linedefined: c_int;
                debug_lastlinedefined: c_int;
                debug_nups: c_int;
                debug_nparams: c_int;
                debug_isvararg: c_int;
                debug_istailcall: c_int;
                debug_short_src: c_int;
                finalizer_errors_escape: c_int;
                checkstack_raises: c_int;
                slot: c_int;
            }
        }
    };
}
pub(crate) use with_lua_api;
