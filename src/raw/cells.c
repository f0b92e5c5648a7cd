/* Cells: Lua values as plain data, made by Rust and turned into values here. */
#include "shim.h"

/* Deeper data than this is an error: each level needs a frame here and three slots of Lua's stack. */
#define MAX_DEPTH 200

typedef struct builder {
    const oxl_api *a;
    lua_State *L;
    lua_State *refs;
    int depth;
} builder;

/* An error or panic of Rust as a userdata. The box changes owners in one step that cannot fail. */
static void push_failure(const oxl_api *a, lua_State *L, oxl_cell *cell) {
    void *box = cell->u.p;
    struct failure { /* how the box begins, see failure.rs */
        void (*finalize)(lua_State *, void *);
        oxl_anchor *anchor;
    } const *made = box;
    oxl_anchor *anchor = made->anchor;
    void **block = oxl_new_block(a, L, 2 * sizeof(void *), 0);
    a->lua_pushvalue(anchor->refs, OXL_SLOT_FAILURE);
    a->lua_xmove(anchor->refs, L, 1);
    a->lua_setmetatable(L, -2);
    block[1] = box;
    block[0] = (void *)made->finalize;
    cell->u.p = NULL;
}

static oxl_cell *push(builder *b, oxl_cell *cell);

static oxl_cell *push_table(builder *b, oxl_cell *cell) {
    const oxl_api *a = b->a;
    lua_State *L = b->L;
    uint32_t i, count = cell->len;
    int is_array = cell->tag == OXL_ARRAY;
    int size = count > INT32_MAX ? INT32_MAX : (int)count;
    if (++b->depth > MAX_DEPTH)
        OXL_RAISE(a, L, "data nested too deeply");
    oxl_need_stack(a, L, 3);
    a->lua_createtable(L, is_array ? size : 0, is_array ? 0 : size);
    cell++;
    for (i = 1; i <= count; i++) {
        if (is_array) {
            cell = push(b, cell);
            a->lua_rawseti(L, -2, (int64_t)i);
        } else {
            cell = push(b, cell);
            cell = push(b, cell);
            a->lua_rawset(L, -3);
        }
    }
    b->depth--;
    return cell;
}

/* Pushes one value and returns the cell behind it. There is a free slot. */
static oxl_cell *push(builder *b, oxl_cell *cell) {
    const oxl_api *a = b->a;
    lua_State *L = b->L;
    switch (cell->tag) {
    case OXL_FALSE:
    case OXL_TRUE:
        a->lua_pushboolean(L, cell->tag == OXL_TRUE);
        break;
    case OXL_INT:
        a->lua_pushinteger(L, cell->u.i);
        break;
    case OXL_NUM:
        a->lua_pushnumber(L, cell->u.n);
        break;
    case OXL_STR:
        a->lua_pushlstring(L, cell->u.p, cell->len);
        break;
    case OXL_LIGHT:
        a->lua_pushlightuserdata(L, cell->u.p);
        break;
    case OXL_REF:
        a->lua_pushvalue(cell->u.p, (int)cell->len);
        if (cell->u.p != L)
            a->lua_xmove(cell->u.p, L, 1);
        break;
    case OXL_ARRAY:
    case OXL_OBJECT:
        return push_table(b, cell);
    case OXL_FAILURE:
        oxl_need_stack(a, L, 2);
        push_failure(a, L, cell);
        break;
    default:
        a->lua_pushnil(L);
        break;
    }
    return cell + 1;
}

/* The same for Rust to call, where nothing can raise (see calm.rs). */
int OXL_SYM(push_cells_calm)(const oxl_api *a, lua_State *L, lua_State *refs, oxl_cell *cells, uint32_t count) {
    return oxl_push_cells(a, L, refs, cells, count);
}

int oxl_push_cells(const oxl_api *a, lua_State *L, lua_State *refs, oxl_cell *cells, uint32_t count) {
    builder b = {a, L, refs, 0};
    uint32_t i;
    if (count == 0)
        return 0;
    if (count > 1000000)
        OXL_RAISE(a, L, "too many values");
    oxl_need_stack(a, L, (int)count + 3);
    for (i = 0; i < count; i++)
        cells = push(&b, cells);
    return (int)count;
}
