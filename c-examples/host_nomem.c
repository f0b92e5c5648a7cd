/* A host that runs out of memory, at every allocation in turn: every call answers with a status, and the state stays
 * in order. */
#include <stdlib.h>

#include "exercise.h"

/* How many allocations are still granted; negative: all. */
static long granted = -1;
static int refused;

static void *allocate(void *ud, void *block, size_t old, size_t size) {
    (void)ud;
    (void)old;
    if (size == 0) {
        free(block);
        return NULL;
    }
    /* Lua counts on it that a block can always become smaller. */
    if (granted >= 0 && (block == NULL || size > old) && granted-- == 0) {
        granted = 0;
        refused = 1;
        return NULL;
    }
    return realloc(block, size);
}

static int unprotected(lua_State *L) {
    printf("not ok - an error got out: %s\n", lua_tostring(L, -1));
    fflush(stdout);
    _Exit(1);
}

static lua_State *new_state(void) {
#if LUA_VERSION_NUM >= 505
    lua_State *L = lua_newstate(allocate, NULL, 1);
#else
    lua_State *L = lua_newstate(allocate, NULL);
#endif
    if (L != NULL) {
        lua_atpanic(L, unprotected);
        luaL_openlibs(L);
    }
    return L;
}

typedef oxl_status (*call)(lua_State *L, const oxl_host *host, const char *name, size_t name_len, oxl_error **error);

/* Calls in new states, each with one allocation more, until it has enough. */
static void starve(call function, int pushes, const char *name) {
    long n;
    int passed = 1, enough = 0;
    for (n = 0; passed && !enough && n < 10000; n++) {
        lua_State *L = new_state();
        oxl_error *error = NULL;
        oxl_status status;
        refused = 0;
        granted = n;
        status = function(L, NULL, NULL, 0, &error);
        granted = -1;
        enough = !refused;
        /* With a collection Lua may have got along after all. */
        passed = status == OXL_OK ? error == NULL && lua_gettop(L) == pushes
                                  : refused && status == OXL_ERR_MEMORY && lua_gettop(L) == 0;
        if (!passed)
            printf("# after %ld allocations: %s, %s\n", n, oxl_status_name(status).data,
                   error ? oxl_error_message(error).data : "no error");
        oxl_error_free(error);
        lua_settop(L, 0);
        passed = passed && oxl_preload(L, NULL, NULL, 0, NULL) == OXL_OK &&
                 script(L, "return require 'oxilua'._NAME == 'oxilua'");
        lua_close(L);
    }
    printf("# %ld allocations\n", n - 1);
    ok(passed && enough, name);
}

int main(void) {
    lua_State *L = new_state();
    if (L == NULL) {
        skip("out of memory", "this Lua takes memory of its own only");
        return done_testing();
    }
    lua_close(L);
    starve(oxl_open, 1, "open");
    starve(oxl_preload, 0, "preload");
    return done_testing();
}
