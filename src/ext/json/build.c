/* Makes the value that a tape describes. Everything here may raise: there is no frame of Rust below, and the tape belongs to the
 * workspace, which call.c gives back whatever happens. */
#include "json.h"

void oxl_json_build(const oxl_api *a, lua_State *L, const struct tape *t, int array_mt, int empty_mt, int first) {
    const struct cell *c = t->cells;
    struct level *up = t->levels; /* the levels that wait for the current one */
    uint32_t left = 1;            /* cells that the current level still needs, the outermost being a level of one */
    uint32_t next = 0;            /* array: the index to fill next; object and outermost: 0 */
    /* A level takes its table and, in an object, a key. One check for the deepest point covers every level. */
    uint64_t need = (uint64_t)t->slots + 2 * (uint64_t)t->depth + 6;
    if (need > 0x3fffffff || !a->lua_checkstack(L, (int)need))
        OXL_RAISE(a, L, "not enough stack for a value nested so deeply");
    int base = a->lua_gettop(L) + 1; /* slot 0 */
    if (t->slots) {
        a->lua_settop(L, base - 1 + (int)t->slots);
        if (first) {
            a->lua_pushvalue(L, first);
            oxl_replace(a, L, base);
        }
    }
    for (;;) {
        switch (c->tag) {
        case CELL_FALSE:
            a->lua_pushboolean(L, 0);
            break;
        case CELL_TRUE:
            a->lua_pushboolean(L, 1);
            break;
        case CELL_INT:
            a->lua_pushinteger(L, c->v.i);
            break;
        case CELL_NUM:
            a->lua_pushnumber(L, c->v.n);
            break;
        case CELL_STR:
            a->lua_pushlstring(L, c->v.p, c->len);
            break;
        case CELL_LIGHT:
            a->lua_pushlightuserdata(L, (void *)c->v.p);
            break;
        case CELL_SLOT:
            a->lua_pushvalue(L, base + c->slot);
            break;
        case CELL_ARRAY: {
            int mt = array_mt ? array_mt : c->len ? 0 : empty_mt;
            a->lua_createtable(L, (int)c->len, 0);
            if (mt) {
                a->lua_pushvalue(L, mt);
                a->lua_setmetatable(L, -2);
            }
            goto opened;
        }
        case CELL_OBJECT:
            a->lua_createtable(L, 0, (int)c->len);
        opened:
            if (!c->len)
                break;
            up->left = left;
            up->next = next;
            up++;
            left = c->len;
            next = c->tag == CELL_ARRAY;
            c++;
            if (next)
                continue;
            goto key;
        default:
            a->lua_pushnil(L);
            break;
        }
        c++;
        /* A finished value is on the top: put it where it belongs, and close every level that is now complete. */
        for (;;) {
            if (next) {
                a->lua_rawseti(L, -2, next++);
            } else if (up == t->levels) {
                if (t->slots) {
                    oxl_replace(a, L, base);
                    a->lua_settop(L, base);
                }
                return;
            } else {
                a->lua_rawset(L, -3);
            }
            if (--left)
                break;
            up--;
            left = up->left;
            next = up->next;
        }
        if (next)
            continue;
    key:
        switch (c->tag) {
        case CELL_SLOT:
            a->lua_pushvalue(L, base + c->slot);
            break;
        case CELL_KEEP:
            a->lua_pushlstring(L, c->v.p, c->len);
            a->lua_pushvalue(L, -1);
            oxl_replace(a, L, base + c->slot);
            break;
        default:
            a->lua_pushlstring(L, c->v.p, c->len);
            break;
        }
        c++;
    }
}
