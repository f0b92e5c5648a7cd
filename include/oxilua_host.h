/* oxilua_host.h: a program hands its own Lua to oxilua.
 *
 * A library that Lua loads finds the Lua that calls it by itself, as long as that Lua's functions are exported. A program
 * with a static Lua that exports nothing says instead where they are:
 *
 *     #include <lua.h>          // your Lua's headers come first; for LuaJIT luajit.h too, in C++ lua.hpp
 *     #include <oxilua_host.h>
 *     ...
 *     oxl_open(L, oxl_host_lua(), NULL, 0, &error);
 *
 * Works with the headers of Lua 5.1 to 5.5 and LuaJIT, also of a Lua that is compiled as C++ or whose functions were
 * renamed by macros. C99 or C++. */
#ifndef OXILUA_HOST_H
#define OXILUA_HOST_H

#include "oxilua.h"

#ifndef LUA_VERSION_NUM
#error "include your Lua's lua.h (for LuaJIT luajit.h too, in C++ lua.hpp) before oxilua_host.h"
#endif
#if LUA_VERSION_NUM < 501 || LUA_VERSION_NUM > 505
#error "oxilua knows Lua 5.1 to 5.5 and LuaJIT"
#endif
/* Only LuaJIT's headers define these. Without luajit.h it would be handed over as a plain Lua 5.1. */
#if LUA_VERSION_NUM == 501 && (defined(LUA_LJDIR) || defined(LUA_GCISRUNNING)) && !defined(LUAJIT_VERSION)
#error "this is LuaJIT: include luajit.h before oxilua_host.h"
#endif

/* LuaJIT 2.0 lacks some functions of 2.1. */
#ifdef LUAJIT_VERSION
#define OXL_HOST_JIT 1
#define OXL_HOST_JIT21 (LUAJIT_VERSION_NUM >= 20100)
#else
#define OXL_HOST_JIT 0
#define OXL_HOST_JIT21 0
#endif

#define OXL_HOST_FUNCTION(name) {#name, (void (*)(void))name},

/* The functions of this program's Lua. The result is valid as long as the program. */
static inline const oxl_host *oxl_host_lua(void) {
    static const oxl_host_function functions[] = {
        /* in every version */
        OXL_HOST_FUNCTION(lua_gettop)
        OXL_HOST_FUNCTION(lua_settop)
        OXL_HOST_FUNCTION(lua_pushvalue)
        OXL_HOST_FUNCTION(lua_xmove)
        OXL_HOST_FUNCTION(lua_type)
        OXL_HOST_FUNCTION(lua_rawequal)
        OXL_HOST_FUNCTION(lua_toboolean)
        OXL_HOST_FUNCTION(lua_tolstring)
        OXL_HOST_FUNCTION(lua_touserdata)
        OXL_HOST_FUNCTION(lua_tothread)
        OXL_HOST_FUNCTION(lua_tocfunction)
        OXL_HOST_FUNCTION(lua_topointer)
        OXL_HOST_FUNCTION(lua_pushnil)
        OXL_HOST_FUNCTION(lua_pushnumber)
        OXL_HOST_FUNCTION(lua_pushinteger)
        OXL_HOST_FUNCTION(lua_pushboolean)
        OXL_HOST_FUNCTION(lua_pushlightuserdata)
        OXL_HOST_FUNCTION(lua_pushthread)
        OXL_HOST_FUNCTION(lua_rawget)
        OXL_HOST_FUNCTION(lua_rawgeti)
        OXL_HOST_FUNCTION(lua_getmetatable)
        OXL_HOST_FUNCTION(lua_setmetatable)
        OXL_HOST_FUNCTION(lua_getupvalue)
        OXL_HOST_FUNCTION(lua_setupvalue)
        OXL_HOST_FUNCTION(lua_status)
        OXL_HOST_FUNCTION(lua_close)
        OXL_HOST_FUNCTION(lua_atpanic)
        OXL_HOST_FUNCTION(lua_getallocf)
        OXL_HOST_FUNCTION(lua_getstack)
        OXL_HOST_FUNCTION(lua_getinfo)
        OXL_HOST_FUNCTION(lua_sethook)
        OXL_HOST_FUNCTION(lua_gethook)
        OXL_HOST_FUNCTION(lua_gethookmask)
        OXL_HOST_FUNCTION(lua_gethookcount)
        OXL_HOST_FUNCTION(lua_checkstack)
        OXL_HOST_FUNCTION(lua_error)
        OXL_HOST_FUNCTION(lua_pushlstring)
        OXL_HOST_FUNCTION(lua_pushcclosure)
        OXL_HOST_FUNCTION(lua_createtable)
        OXL_HOST_FUNCTION(lua_newthread)
        OXL_HOST_FUNCTION(lua_rawset)
        OXL_HOST_FUNCTION(lua_rawseti)
        OXL_HOST_FUNCTION(lua_gettable)
        OXL_HOST_FUNCTION(lua_settable)
        OXL_HOST_FUNCTION(lua_getfield)
        OXL_HOST_FUNCTION(lua_setfield)
        OXL_HOST_FUNCTION(lua_next)
        OXL_HOST_FUNCTION(lua_concat)
        OXL_HOST_FUNCTION(lua_load)
        OXL_HOST_FUNCTION(lua_dump)
        OXL_HOST_FUNCTION(lua_resume)
        OXL_HOST_FUNCTION(lua_gc)
        OXL_HOST_FUNCTION(lua_newstate)

        /* older versions */
#if LUA_VERSION_NUM == 501
        OXL_HOST_FUNCTION(lua_tonumber)
        OXL_HOST_FUNCTION(lua_objlen)
        OXL_HOST_FUNCTION(lua_pcall)
        OXL_HOST_FUNCTION(lua_cpcall)
        OXL_HOST_FUNCTION(lua_call)
        OXL_HOST_FUNCTION(lua_yield)
        OXL_HOST_FUNCTION(lua_getfenv)
        OXL_HOST_FUNCTION(lua_setfenv)
        OXL_HOST_FUNCTION(lua_equal)
        OXL_HOST_FUNCTION(lua_lessthan)
#endif
#if LUA_VERSION_NUM <= 502
        OXL_HOST_FUNCTION(lua_replace)
        OXL_HOST_FUNCTION(lua_insert)
        OXL_HOST_FUNCTION(lua_remove)
#endif
#if LUA_VERSION_NUM <= 503
        OXL_HOST_FUNCTION(lua_newuserdata)
#endif
#if LUA_VERSION_NUM == 502 || LUA_VERSION_NUM == 503
        OXL_HOST_FUNCTION(lua_getuservalue)
        OXL_HOST_FUNCTION(lua_setuservalue)
#endif

        /* newer versions, and LuaJIT */
#if LUA_VERSION_NUM >= 502 || OXL_HOST_JIT
        OXL_HOST_FUNCTION(lua_upvalueid)
        OXL_HOST_FUNCTION(lua_upvaluejoin)
#endif
#if LUA_VERSION_NUM >= 502 || OXL_HOST_JIT21
        OXL_HOST_FUNCTION(lua_tonumberx)
        OXL_HOST_FUNCTION(lua_tointegerx)
        OXL_HOST_FUNCTION(lua_copy)
        OXL_HOST_FUNCTION(lua_version)
#endif
#if LUA_VERSION_NUM >= 503 || OXL_HOST_JIT21
        OXL_HOST_FUNCTION(lua_isyieldable)
#endif
#if OXL_HOST_JIT
        OXL_HOST_FUNCTION(lua_loadx)
        OXL_HOST_FUNCTION(luaJIT_setmode)
#endif

        /* newer versions */
#if LUA_VERSION_NUM >= 502
        OXL_HOST_FUNCTION(lua_rawlen)
        OXL_HOST_FUNCTION(lua_absindex)
        OXL_HOST_FUNCTION(lua_pcallk)
        OXL_HOST_FUNCTION(lua_callk)
        OXL_HOST_FUNCTION(lua_yieldk)
        OXL_HOST_FUNCTION(lua_compare)
        OXL_HOST_FUNCTION(lua_len)
#endif
#if LUA_VERSION_NUM >= 503
        OXL_HOST_FUNCTION(lua_isinteger)
        OXL_HOST_FUNCTION(lua_rotate)
#endif
#if LUA_VERSION_NUM >= 504
        OXL_HOST_FUNCTION(lua_newuserdatauv)
        OXL_HOST_FUNCTION(lua_getiuservalue)
        OXL_HOST_FUNCTION(lua_setiuservalue)
        OXL_HOST_FUNCTION(lua_setwarnf)
        OXL_HOST_FUNCTION(lua_warning)
        OXL_HOST_FUNCTION(lua_toclose)
#endif
#if LUA_VERSION_NUM == 504
        OXL_HOST_FUNCTION(lua_resetthread)
#endif
#if LUA_VERSION_NUM >= 505 || (defined(LUA_VERSION_RELEASE_NUM) && LUA_VERSION_RELEASE_NUM >= 50406)
        OXL_HOST_FUNCTION(lua_closethread)
#endif
#if LUA_VERSION_NUM >= 505
        OXL_HOST_FUNCTION(lua_numbertocstring)
#endif
    };
    static const oxl_host host = {
        (uint32_t)sizeof(oxl_host),
        LUA_VERSION_NUM,
        (uint32_t)(sizeof(functions) / sizeof(functions[0])),
        0,
        functions,
    };
    return &host;
}

#undef OXL_HOST_FUNCTION
#undef OXL_HOST_JIT
#undef OXL_HOST_JIT21

#endif
