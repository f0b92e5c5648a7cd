#include <stdio.h>
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#include <oxilua.h>

int main(void) {
    lua_State *L = luaL_newstate();
    oxl_error *error = NULL;
    luaL_openlibs(L);
    if (oxl_preload(L, NULL, NULL, 0, &error) != OXL_OK) {
        fprintf(stderr, "%s\n", oxl_error_message(error).data);
        oxl_error_free(error);
        return 1;
    }
    if (luaL_dostring(L, "print(require('oxilua')._VERSION)") != 0)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    return 0;
}
