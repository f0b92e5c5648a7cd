/* A host whose Lua is linked statically, hidden and stripped: nothing of it can be found, so it is handed over. */
#include "any_lua.h"

#include <oxilua_host.h>

#include "exercise.h"

#ifdef __cplusplus
extern "C"
#endif
int luaopen_oxilua(lua_State *L);

int main(void) {
    lua_State *L;
    exercise(oxl_host_lua());
    /* From now on it is known, so that C modules that this Lua loads find it as well. */
    L = luaL_newstate();
    luaL_openlibs(L);
    lua_pushcfunction(L, luaopen_oxilua);
    ok(lua_pcall(L, 0, 1, 0) == 0 && lua_type(L, -1) == LUA_TTABLE, "its Lua calls the module's own function");
    lua_close(L);
    return done_testing();
}
