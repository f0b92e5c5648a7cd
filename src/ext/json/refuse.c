/* Why a value cannot be encoded, and the way to it. */
#include "encoder.h"

/* Gives up: what went wrong, and where. */
enum step fail(struct encoder *e, const char *what) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    rust.path_start(e->w->space, what, strlen(what));
    for (int d = 0; d < e->depth; d++) {
        const struct frame *f = &e->frames[d];
        int key = f->mode == SORTED ? f->table + 2 : f->table + 1;
        if (f->mode == SEQUENCE || f->mode == ARRAY) {
            rust.path_index(e->w->space, (double)f->i);
        } else if (a->lua_gettop(L) < key) {
            break;
        } else if (a->lua_type(L, key) == OXL_TSTRING) {
            size_t n;
            const char *s = a->lua_tolstring(L, key, &n);
            rust.path_key(e->w->space, s, n);
        } else if (a->lua_type(L, key) == OXL_TNUMBER) {
            rust.path_index(e->w->space, oxl_tonumber(a, L, key));
        }
    }
    return FAILED;
}
enum step no_memory(struct encoder *e) {
    return fail(e, "not enough memory");
}

enum step done(struct encoder *e, int code) {
    switch (code) {
    case APPENDED:
        return WRITTEN;
    case APPEND_INVALID_UTF8:
        return fail(e, "string is not UTF-8");
    case APPEND_NOT_FINITE:
        return fail(e, "number is not finite");
    default:
        return no_memory(e);
    }
}

enum step unsupported(struct encoder *e) {
    /* As lua_typename has them; beyond is what LuaJIT alone has. */
    static const char *const names[] = {"nil",   "boolean",  "light userdata", "number", "string",
                                        "table", "function", "userdata",       "thread"};
    char what[40] = "cannot encode a ";
    int type = e->a->lua_type(e->L, -1);
    strncat(what, type >= 0 && type < (int)(sizeof names / sizeof *names) ? names[type] : "cdata",
            sizeof what - strlen(what) - 1);
    return fail(e, what);
}

enum step too_deep(struct encoder *e) {
    const oxl_api *a = e->a;
    const void *table = a->lua_topointer(e->L, -1);
    for (int d = 0, times = 0; d < e->depth; d++) {
        if (a->lua_topointer(e->L, e->frames[d].table) != table || ++times < 2)
            continue;
        e->depth = d; /* where it occurs for the second time is where it contains itself */
        return fail(e, "table contains itself");
    }
    return fail(e, "nested deeper than max_depth");
}
