/* The fields of objects in the order of their names. */
#include "encoder.h"

enum step sort_keys_of(struct encoder *e, struct frame *f) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    uint32_t count = 0;
    f->mode = SORTED;
    f->sorted = rust.sort_len(e->w->space);
    a->lua_createtable(L, 0, 0);
    a->lua_pushnil(L);
    while (a->lua_next(L, f->table)) {
        size_t n;
        const char *s;
        int type = a->lua_type(L, -2);
        uint32_t index = ++count;
        oxl_pop(a, L, 1);
        a->lua_pushvalue(L, -1);
        a->lua_rawseti(L, f->table + 1, index);
        if (type == OXL_TSTRING) {
            s = a->lua_tolstring(L, -1, &n);
        } else if (type == OXL_TNUMBER) {
            /* Its text is the sink's to make; as one more string among the keys it stays. */
            size_t end = e->b->len;
            double k = oxl_tonumber(a, L, -1);
            if (k != k || k - k != 0)
                return fail(e, "key is not finite");
            if (number(e, -1) != APPENDED)
                return no_memory(e);
            a->lua_pushlstring(L, e->b->p + end, e->b->len - end);
            e->b->len = end;
            s = a->lua_tolstring(L, -1, &n);
            a->lua_rawseti(L, f->table + 1, ++count);
        } else {
            return fail(e, "key is neither a string nor a number");
        }
        if (!rust.sort_add(e->w->space, s, n, index))
            return no_memory(e);
    }
    rust.sort(e->w->space, f->sorted);
    f->i = f->sorted;
    f->n = rust.sort_len(e->w->space);
    forget(e);
    return VALUE;
}

enum step sorted_key(struct encoder *e) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    struct frame *f = e->f;
    const char *s;
    size_t n;
    uint32_t index = rust.sort_get(e->w->space, f->i, &s, &n);
    a->lua_rawgeti(L, f->table + 1, index);
    int code = rust.string(e->b, e->o, s, n);
    if (code != APPENDED)
        return done(e, code);
    a->lua_pushvalue(L, -1);
    a->lua_rawget(L, f->table);
    return colon(e);
}
