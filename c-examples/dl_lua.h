/* A Lua of any version, opened at run time: no header of Lua is used, so that one program can have several. */
#ifndef DL_LUA_H
#define DL_LUA_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <oxilua.h>

typedef struct lua_State lua_State;
typedef int (*dl_function)(lua_State *L);
typedef int (*dl_pcallk)(lua_State *, int, int, int, ptrdiff_t, void *);
typedef int (*dl_gc_old)(lua_State *, int, int);
typedef int (*dl_gc_new)(lua_State *, int, ...);

typedef struct {
    void *library;
    lua_State *(*newstate)(void);
    void (*openlibs)(lua_State *);
    void (*openselectedlibs)(lua_State *, int, int); /* 5.5 */
    void (*close)(lua_State *);
    int (*gettop)(lua_State *);
    void (*settop)(lua_State *, int);
    int (*type)(lua_State *, int);
    int (*toboolean)(lua_State *, int);
    const char *(*tolstring)(lua_State *, int, size_t *);
    const char *(*pushlstring)(lua_State *, const char *, size_t);
    void (*pushcclosure)(lua_State *, dl_function, int);
    int (*loadstring)(lua_State *, const char *);
    int (*pcall_old)(lua_State *, int, int, int);
    void *pcallk;
    void *gc;
    int gc_varies; /* 5.4 and later */
    int (*error)(lua_State *);
} dl_lua;

/* The address of a function, as a pointer of the type that `to` has. POSIX allows this cast by way of memory. */
static inline int dl_get(void *library, const char *name, void *to) {
    void *address = dlsym(library, name);
    memcpy(to, &address, sizeof address);
    return address != NULL;
}

/* Opens a Lua. Its symbols are nobody else's. */
static inline int dl_open(dl_lua *lua, const char *path) {
    int found;
    memset(lua, 0, sizeof *lua);
    lua->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (lua->library == NULL)
        return 0;
    found = dl_get(lua->library, "luaL_newstate", &lua->newstate) && dl_get(lua->library, "lua_close", &lua->close) &&
            dl_get(lua->library, "lua_gettop", &lua->gettop) && dl_get(lua->library, "lua_settop", &lua->settop) &&
            dl_get(lua->library, "lua_type", &lua->type) && dl_get(lua->library, "lua_toboolean", &lua->toboolean) &&
            dl_get(lua->library, "lua_tolstring", &lua->tolstring) &&
            dl_get(lua->library, "lua_pushlstring", &lua->pushlstring) &&
            dl_get(lua->library, "lua_pushcclosure", &lua->pushcclosure) &&
            dl_get(lua->library, "luaL_loadstring", &lua->loadstring) && dl_get(lua->library, "lua_gc", &lua->gc) &&
            dl_get(lua->library, "lua_error", &lua->error);
    found = found && (dl_get(lua->library, "luaL_openlibs", &lua->openlibs) ||
                      dl_get(lua->library, "luaL_openselectedlibs", &lua->openselectedlibs));
    found = found && (dl_get(lua->library, "lua_pcallk", &lua->pcallk) ||
                      dl_get(lua->library, "lua_pcall", &lua->pcall_old));
    lua->gc_varies = dlsym(lua->library, "lua_newuserdatauv") != NULL;
    return found;
}

static inline lua_State *dl_newstate(const dl_lua *lua) {
    lua_State *L = lua->newstate();
    if (L == NULL)
        abort();
    if (lua->openlibs)
        lua->openlibs(L);
    else
        lua->openselectedlibs(L, ~0, 0);
    return L;
}

static inline int dl_pcall(const dl_lua *lua, lua_State *L, int nargs, int nresults) {
    dl_pcallk pcallk;
    if (lua->pcallk == NULL)
        return lua->pcall_old(L, nargs, nresults, 0);
    memcpy(&pcallk, &lua->pcallk, sizeof pcallk);
    return pcallk(L, nargs, nresults, 0, 0, NULL);
}

/* A full collection. */
static inline void dl_collect(const dl_lua *lua, lua_State *L) {
    if (lua->gc_varies) {
        dl_gc_new gc;
        memcpy(&gc, &lua->gc, sizeof gc);
        gc(L, 2, 0);
    } else {
        dl_gc_old gc;
        memcpy(&gc, &lua->gc, sizeof gc);
        gc(L, 2, 0);
    }
}

/* Runs a chunk; whether it returned true. The stack is as it was. */
static inline int dl_script(const dl_lua *lua, lua_State *L, const char *code) {
    int top = lua->gettop(L);
    int passed = lua->loadstring(L, code) == 0 && dl_pcall(lua, L, 0, 1) == 0 && lua->toboolean(L, -1);
    lua->settop(L, top);
    return passed;
}

#endif
