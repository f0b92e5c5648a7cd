//! Entry points of native modules.

use crate::convert::IntoLua;
use crate::error::{ExternalError, Result};
use crate::lua::Lua;
use crate::value::Value;

/// What `require` gets of what a module's function returned.
#[doc(hidden)]
pub fn require_result<R: IntoLua, E: ExternalError>(
    lua: &Lua,
    result: std::result::Result<R, E>,
) -> Result<Value> {
    result.map_err(ExternalError::into_lua_err)?.into_lua(lua)
}

/// Defines the C function `luaopen_*` that `require` calls, with this name, as running the Rust function: a
/// `fn(&Lua) -> Result<impl IntoLua>`. [`lua_module`](macro@crate::lua_module) writes this.
///
/// The function looks at its return address, which lies in the Lua that called it (or in its host): that is how it finds
/// which Lua it is in. So it must not have a frame of its own: it jumps to the shim, which raises errors with no frame
/// of Rust alive.
#[macro_export]
macro_rules! luaopen {
    ($name:ident, $init:path) => {
        const _: () = {
            fn init(
                lua: &$crate::Lua,
                _: &$crate::__private::ModuleArgs<'_>,
            ) -> $crate::Result<$crate::Value> {
                $crate::__private::require_result(lua, $init(lua))
            }

            $crate::luaopen! { @c $name, init }
        };
    };
    (@c $name:ident, $init:ident) => {
        const _: () = {
            #[cfg(all(target_arch = "x86_64", not(windows)))]
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            unsafe extern "C-unwind" fn $name(l: *mut $crate::lua_State) -> ::std::os::raw::c_int {
                ::std::arch::naked_asm!(
                    "mov rsi, [rsp]",
                    "lea rdx, [rip + {init}]",
                    "lea rcx, [rip + {open}]",
                    "jmp {module}",
                    init = sym $init,
                    open = sym $crate::__private::open_module,
                    module = sym $crate::__private::shim_module,
                )
            }

            #[cfg(all(target_arch = "x86_64", windows))]
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            unsafe extern "C-unwind" fn $name(l: *mut $crate::lua_State) -> ::std::os::raw::c_int {
                ::std::arch::naked_asm!(
                    "mov rdx, [rsp]",
                    "lea r8, [rip + {init}]",
                    "lea r9, [rip + {open}]",
                    "jmp {module}",
                    init = sym $init,
                    open = sym $crate::__private::open_module,
                    module = sym $crate::__private::shim_module,
                )
            }

            #[cfg(all(target_arch = "aarch64", target_vendor = "apple"))]
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            unsafe extern "C-unwind" fn $name(l: *mut $crate::lua_State) -> ::std::os::raw::c_int {
                ::std::arch::naked_asm!(
                    "mov x1, x30",
                    "adrp x2, {init}@PAGE",
                    "add x2, x2, {init}@PAGEOFF",
                    "adrp x3, {open}@PAGE",
                    "add x3, x3, {open}@PAGEOFF",
                    "b {module}",
                    init = sym $init,
                    open = sym $crate::__private::open_module,
                    module = sym $crate::__private::shim_module,
                )
            }

            #[cfg(all(target_arch = "aarch64", not(target_vendor = "apple")))]
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            unsafe extern "C-unwind" fn $name(l: *mut $crate::lua_State) -> ::std::os::raw::c_int {
                ::std::arch::naked_asm!(
                    "mov x1, x30",
                    "adrp x2, {init}",
                    "add x2, x2, :lo12:{init}",
                    "adrp x3, {open}",
                    "add x3, x3, :lo12:{open}",
                    "b {module}",
                    init = sym $init,
                    open = sym $crate::__private::open_module,
                    module = sym $crate::__private::shim_module,
                )
            }

            // Without the address the only Lua of the process is taken. The frame has nothing to drop.
            #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
            #[unsafe(no_mangle)]
            unsafe extern "C-unwind" fn $name(l: *mut $crate::lua_State) -> ::std::os::raw::c_int {
                let init: $crate::__private::Init = $init;
                // SAFETY: Lua calls this with its state; the shim gets what it expects.
                unsafe {
                    $crate::__private::shim_module(
                        l,
                        ::std::ptr::null(),
                        init as *mut ::std::os::raw::c_void,
                        $crate::__private::open_module,
                    )
                }
            }
        };
    };
}
