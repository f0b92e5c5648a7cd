/* The headers of whichever Lua the compiler finds, for C and C++. */
#ifndef ANY_LUA_H
#define ANY_LUA_H

#ifdef __cplusplus
extern "C" {
#endif
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#ifdef LUA_LJDIR /* LuaJIT's luaconf.h */
#include <luajit.h>
#endif
#ifdef __cplusplus
}
#endif

#endif
