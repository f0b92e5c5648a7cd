/* __index and __newindex of userdata with fields.
 *
 * Upvalue 1 is the table of members: a light userdata in it is the callback of a field (kept alive by upvalue 3), any other
 * value is the member itself. Upvalue 2 is what to do with other keys: a function, or nil. */
#include "shim.h"

int oxl_index(const oxl_api *a, lua_State *L) {
    a->lua_settop(L, 2);
    a->lua_pushvalue(L, 2);
    a->lua_rawget(L, oxl_upvalue(a, 1));
    switch (a->lua_type(L, -1)) {
    case OXL_TLIGHTUSERDATA: {
        oxl_callback *field = a->lua_touserdata(L, -1);
        a->lua_settop(L, 1);
        return oxl_invoke(a, L, field);
    }
    case OXL_TNIL:
        a->lua_settop(L, 2);
        a->lua_pushvalue(L, oxl_upvalue(a, 2));
        if (a->lua_type(L, -1) == OXL_TNIL)
            return 1;
        if (a->lua_type(L, -1) == OXL_TTABLE) {
            a->lua_pushvalue(L, 2);
            a->lua_gettable(L, -2);
            return 1;
        }
        a->lua_pushvalue(L, 1);
        a->lua_pushvalue(L, 2);
        oxl_lua_call(a, L, 2, 1);
        return 1;
    default:
        return 1;
    }
}

static int no_field(const oxl_api *a, lua_State *L) {
    oxl_push_string(a, L, "attempt to set an unknown field '");
    if (a->lua_type(L, 2) == OXL_TSTRING)
        a->lua_pushvalue(L, 2);
    else
        oxl_push_string(a, L, "?");
    oxl_push_string(a, L, "'");
    a->lua_concat(L, 3);
    return a->lua_error(L);
}

int oxl_newindex(const oxl_api *a, lua_State *L) {
    a->lua_settop(L, 3);
    a->lua_pushvalue(L, 2);
    a->lua_rawget(L, oxl_upvalue(a, 1));
    if (a->lua_type(L, -1) == OXL_TLIGHTUSERDATA) {
        oxl_callback *field = a->lua_touserdata(L, -1);
        /* The setter gets the userdata and the value. */
        a->lua_pushvalue(L, 1);
        a->lua_pushvalue(L, 3);
        a->lua_settop(L, 6);
        if (a->lua_copy) {
            a->lua_copy(L, 5, 1);
            a->lua_copy(L, 6, 2);
        } else {
            a->lua_pushvalue(L, 3);
            a->lua_replace(L, 2);
        }
        a->lua_settop(L, 2);
        return oxl_invoke(a, L, field);
    }
    a->lua_settop(L, 3);
    a->lua_pushvalue(L, oxl_upvalue(a, 2));
    if (a->lua_type(L, -1) == OXL_TNIL)
        return no_field(a, L);
    if (a->lua_type(L, -1) == OXL_TTABLE) {
        a->lua_pushvalue(L, 2);
        a->lua_pushvalue(L, 3);
        a->lua_settable(L, -3);
        return 0;
    }
    a->lua_pushvalue(L, 1);
    a->lua_pushvalue(L, 2);
    a->lua_pushvalue(L, 3);
    oxl_lua_call(a, L, 3, 0);
    return 0;
}
