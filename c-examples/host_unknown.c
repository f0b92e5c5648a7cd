/* A host whose Lua is linked statically, hidden and stripped, and that does not hand it over: it is told so, and nothing
 * else happens. */
#include <stdlib.h>
#include <unistd.h>

#include "exercise.h"

#ifdef __cplusplus
extern "C"
#endif
int luaopen_oxilua(lua_State *L);

/* What a function that Lua calls printed on stderr. */
static int stderr_of(lua_State *L, char *text, size_t size) {
    FILE *file = tmpfile();
    int saved = dup(2), status;
    size_t len;
    if (file == NULL || saved < 0)
        exit(99);
    dup2(fileno(file), 2);
    status = lua_pcall(L, 0, 1, 0);
    dup2(saved, 2);
    close(saved);
    rewind(file);
    len = fread(text, 1, size - 1, file);
    text[len] = '\0';
    fclose(file);
    return status;
}

int main(void) {
    lua_State *L = luaL_newstate();
    oxl_error *error = NULL;
    oxl_status status;
    char text[4096];
    luaL_openlibs(L);
    status = oxl_open(L, NULL, NULL, 0, &error);
    ok(failed_with(OXL_ERR_NO_LUA, status, error, "oxilua_host.h"), "open says what to do");
    status = oxl_preload(L, NULL, NULL, 0, &error);
    ok(failed_with(OXL_ERR_NO_LUA, status, error, "oxilua_host.h"), "preload too");
    ok(oxl_open(L, NULL, NULL, 0, NULL) == OXL_ERR_NO_LUA, "whoever does not ask gets the status");
    ok(oxl_engine_count() == 0, "no Lua is known");

    lua_pushcfunction(L, luaopen_oxilua);
    ok(stderr_of(L, text, sizeof text) == 0 && lua_type(L, -1) == LUA_TNIL, "require gets nothing");
    printf("# %s", text);
    ok(strstr(text, "oxilua_host.h") != NULL && strchr(text, '\n') == text + strlen(text) - 1,
       "one message says what to do");
    lua_settop(L, 0);
    ok(script(L, "return #string.rep('x', 100) == 100"), "Lua goes on");
    lua_close(L);
    return done_testing();
}
