/* What a host does with the extensions: the same tests for hosts that differ in how oxilua finds their Lua. */
#ifndef EXERCISE_H
#define EXERCISE_H

#include <string.h>

#include <oxilua.h>

#include "any_lua.h"
#include "tap.h"

/* How the extensions find the Lua of this host; for the functions that Lua calls. */
static const oxl_host *exercise_host;

/* Runs a chunk that returns true, or fails. */
static inline int script(lua_State *L, const char *code) {
    int top = lua_gettop(L), passed;
    if (luaL_loadstring(L, code) != 0 || lua_pcall(L, 0, 1, 0) != 0) {
        printf("# %s\n", lua_tostring(L, -1));
        lua_settop(L, top);
        return 0;
    }
    passed = lua_toboolean(L, -1);
    lua_settop(L, top);
    return passed;
}

static inline int have_extension(const char *name) {
    size_t i;
    for (i = 0; i < oxl_extension_count(); i++)
        if (strcmp(oxl_extension_name(i).data, name) == 0)
            return 1;
    return 0;
}

/* Whether a call had this status, with an error that says so. Frees the error. */
static inline int failed_with(oxl_status wanted, oxl_status status, oxl_error *error, const char *words) {
    int passed = status == wanted && error != NULL && oxl_error_code(error) == wanted &&
                 strlen(oxl_error_message(error).data) == oxl_error_message(error).len &&
                 strstr(oxl_error_message(error).data, words) != NULL;
    if (!passed || wanted == OXL_ERR_NO_LUA)
        printf("# %s: %s\n", oxl_status_name(status).data, error ? oxl_error_message(error).data : "no error");
    oxl_error_free(error);
    return passed;
}

/* A function of the host that Lua calls, maybe in a coroutine. It may raise: no call of oxilua is under way any more. */
static int open_here(lua_State *L) {
    oxl_error *error = NULL;
    if (oxl_open(L, exercise_host, NULL, 0, &error) != OXL_OK) {
        lua_pushstring(L, oxl_error_message(error).data);
        oxl_error_free(error);
        return lua_error(L);
    }
    return 1;
}

static inline void open_all(lua_State *L) {
    oxl_error *error = NULL;
    int top;
    /* In the middle of a well-filled stack. */
    luaL_checkstack(L, 40, "no room");
    while (lua_gettop(L) < 30)
        lua_pushinteger(L, lua_gettop(L));
    top = lua_gettop(L);
    if (!ok(oxl_open(L, exercise_host, NULL, 0, &error) == OXL_OK && error == NULL, "open all extensions")) {
        printf("# %s\n", oxl_error_message(error).data);
        oxl_error_free(error);
        return;
    }
    ok(lua_gettop(L) == top + 1 && lua_type(L, -1) == LUA_TTABLE, "one table is on the stack");
    lua_setglobal(L, "opened");
    lua_settop(L, 0);
    ok(script(L, "return require 'oxilua' == opened"), "require finds what was opened");
    ok(script(L, "return opened._VERSION == 'oxilua " OXL_VERSION "' and opened._NAME == 'oxilua'"),
       "it says what it is");
    ok(oxl_open(L, exercise_host, "oxilua", 6, NULL) == OXL_OK && lua_gettop(L) == 1, "open one by its name");
    lua_setglobal(L, "again");
    ok(script(L, "return again == opened"), "it is the same again");
}

static inline void engines(void) {
    const oxl_engine *engine = oxl_engine_at(0);
    ok(oxl_engine_count() == 1 && engine != NULL && oxl_engine_at(1) == NULL, "one Lua is known");
    printf("# %s: %s\n", oxl_engine_name(engine).data, oxl_engine_origin(engine).data);
    ok(oxl_engine_version_number(engine) == LUA_VERSION_NUM, "it is the host's");
}

static inline void failures(lua_State *L) {
    oxl_error *error = NULL;
    oxl_status status = oxl_open(L, exercise_host, "oxilua.none", 11, &error);
    ok(failed_with(OXL_ERR_NO_EXTENSION, status, error, "'oxilua.none'") && lua_gettop(L) == 0,
       "an extension that does not exist");
    status = oxl_open(L, exercise_host, NULL, 7, &error);
    ok(failed_with(OXL_ERR_ARGUMENT, status, error, "7 bytes"), "a name of NULL with a length");
    status = oxl_preload(NULL, exercise_host, NULL, 0, &error);
    ok(failed_with(OXL_ERR_ARGUMENT, status, error, "L is NULL"), "a state of NULL");
    ok(script(L, "local passed, why = pcall(getmetatable(opened).__index)"
                 " return not passed and tostring(why):find('bad argument', 1, true) ~= nil"),
       "an error of a Rust function is caught by Lua");
    ok(script(L, "local handled = xpcall(function() return getmetatable(opened).__index() end, function(why)"
                 "     return error(why) end)"
                 " return not handled"),
       "also by a handler that fails");
}

static inline void preload(lua_State *L) {
    ok(oxl_preload(L, exercise_host, NULL, 0, NULL) == OXL_OK && lua_gettop(L) == 0, "preload all");
    ok(script(L, "package.loaded.oxilua = nil"
                 " local fresh = require 'oxilua'"
                 " return fresh ~= opened and fresh._NAME == 'oxilua'"),
       "require opens what was preloaded");
}

static inline void json(lua_State *L) {
    if (!have_extension("oxilua.json")) {
        skip("oxilua.json", "it is not in this build");
        return;
    }
    ok(oxl_open(L, exercise_host, "oxilua.json", 11, NULL) == OXL_OK, "open oxilua.json");
    lua_setglobal(L, "json");
    ok(script(L, "return json == require 'oxilua.json' and json == require 'oxilua'.json"),
       "require finds it, also as a field");
    ok(script(L, "local value = json.decode [[{\"list\": [1, 2.5, \"\\u00e9\", null, true]}]]"
                 " return value.list[1] == 1 and value.list[2] == 2.5 and value.list[3] == '\\195\\169'"
                 "     and value.list[5] == true"),
       "decode");
    ok(script(L, "return json.encode {1, 2, {a = 'b'}} == '[1,2,{\"a\":\"b\"}]'"), "encode");
    ok(script(L, "return not pcall(json.decode, '[1, 2')"), "its errors are raised in Lua");
    ok(script(L, "local value, why = require 'oxilua.json.safe'.decode '[1, 2'"
                 " return value == nil and type(why) == 'string'"),
       "or returned");
}

/* oxilua first meets the state in a coroutine, which is gone when the state is used again. */
static inline void coroutine_first(void) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_pushcfunction(L, open_here);
    lua_setglobal(L, "open_here");
    ok(script(L, "local co = coroutine.wrap(function() local opened = open_here() coroutine.yield(opened) end)"
                 " local opened = co()"
                 " co = nil collectgarbage() collectgarbage()"
                 " return opened._NAME == 'oxilua' and opened.none == nil and require 'oxilua' == opened"),
       "opened in a coroutine that is collected");
    ok(script(L, "local co = coroutine.wrap(function() return open_here() end)"
                 " return co() == require 'oxilua'"),
       "opened in another coroutine");
    lua_close(L);
}

static inline int resume(lua_State *co, lua_State *from) {
#if LUA_VERSION_NUM >= 504
    int results;
    return lua_resume(co, from, 0, &results);
#elif LUA_VERSION_NUM >= 502
    return lua_resume(co, from, 0);
#else
    (void)from;
    return lua_resume(co, 0);
#endif
}

/* The same, while the main thread has no room left on its stack. */
static inline void crowded(void) {
    lua_State *L = luaL_newstate();
    lua_State *co = lua_newthread(L);
    luaL_openlibs(L);
    lua_pushcfunction(co, open_here);
    while (lua_gettop(L) < LUA_MINSTACK)
        lua_pushinteger(L, lua_gettop(L));
    ok(resume(co, L) == 0 && lua_type(co, -1) == LUA_TTABLE, "opened below a full stack");
    ok(lua_gettop(L) == LUA_MINSTACK && lua_tointeger(L, -1) == LUA_MINSTACK - 1, "which is as it was");
    lua_settop(L, 1);
    lua_xmove(co, L, 1);
    lua_setglobal(L, "opened");
    ok(script(L, "return require 'oxilua' == opened"), "require finds it");
    lua_close(L);
}

/* A state with no library at all, and one without `package`. */
static inline void bare(void) {
    lua_State *L = luaL_newstate();
    oxl_error *error = NULL;
    oxl_status status = oxl_preload(L, exercise_host, NULL, 0, &error);
    ok(failed_with(OXL_ERR_LUA, status, error, "package library") && lua_gettop(L) == 0,
       "nothing can be preloaded without the package library");
    ok(oxl_open(L, exercise_host, NULL, 0, NULL) == OXL_OK && lua_gettop(L) == 1, "but opened");
    lua_setglobal(L, "opened");
    luaL_openlibs(L);
    ok(script(L, "return require 'oxilua' == opened"), "which the package library finds when it comes");
    lua_close(L);
}

/* Scripts have replaced and locked what they could. */
static inline void locked(void) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    ok(script(L, "local function no() error 'locked' end"
                 " local lock = {__index = no, __newindex = no}"
                 " setmetatable(package.loaded, lock) setmetatable(package.preload, lock)"
                 " package.loaded = setmetatable({}, lock) package.preload = setmetatable({}, lock)"
                 " package = nil setmetatable(_G, lock)"
                 " return true"),
       "a state with strict tables everywhere");
    ok(oxl_open(L, exercise_host, NULL, 0, NULL) == OXL_OK && lua_gettop(L) == 1, "opened there");
    lua_close(L);
}

static inline void exercise(const oxl_host *host) {
    lua_State *L = luaL_newstate();
    exercise_host = host;
    ok(oxl_abi_version() == OXL_ABI_VERSION, "the library fits the header");
    coroutine_first();
    crowded();
    luaL_openlibs(L);
    open_all(L);
    engines();
    failures(L);
    preload(L);
    json(L);
    lua_close(L);
    bare();
    locked();
}

#endif
