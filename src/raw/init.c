/* Setting up a state: all that oxilua keeps in it hangs on one table in the registry, the holder.
 *
 * holder[1] is the anchor, holder[2] the first reference thread, holder[3] the base thread where one had to be made;
 * further reference threads follow. This runs in one protected call, so a state is set up wholly or not at all. */
#include "shim.h"

static void set_slot(const oxl_api *a, lua_State *L, lua_State *refs, int slot) {
    a->lua_xmove(L, refs, 1);
    oxl_replace(a, refs, slot);
}

static void push_gc_metatable(const oxl_api *a, lua_State *L, lua_CFunction gc) {
    a->lua_createtable(L, 0, 4);
    oxl_push_string(a, L, "__gc");
    a->lua_pushcclosure(L, gc, 0);
    a->lua_rawset(L, -3);
    oxl_push_string(a, L, "__metatable");
    a->lua_pushboolean(L, 0);
    a->lua_rawset(L, -3);
}

static void push_globals(const oxl_api *a, lua_State *L) {
    if (a->globals_index)
        a->lua_pushvalue(L, a->globals_index);
    else
        a->lua_rawgeti(L, a->registry_index, a->ridx_globals);
}

/* A thread that lives as long as the state. 5.1 and LuaJIT do not tell which one is the main thread, and a module may be
 * loaded from a coroutine that is collected later. */
static lua_State *base_thread(const oxl_api *a, lua_State *L, int holder) {
    lua_State *base = NULL;
    if (a->ridx_mainthread) {
        a->lua_rawgeti(L, a->registry_index, a->ridx_mainthread);
        base = a->lua_tothread(L, -1);
        a->lua_settop(L, -2);
    } else if (a->lua_pushthread(L)) {
        base = L;
        a->lua_settop(L, -2);
    } else {
        a->lua_settop(L, -2);
    }
    if (base == NULL) {
        base = a->lua_newthread(L);
        a->lua_rawseti(L, holder, 3);
    }
    return base;
}

int oxl_init_entry(const oxl_api *a, lua_State *L, const lua_CFunction *functions) {
    oxl_init *init = a->lua_touserdata(L, 1);
    oxl_anchor *anchor;
    lua_State *refs;
    int holder;
    oxl_need_stack(a, L, OXL_MINSTACK);
    a->lua_createtable(L, 4, 0);
    holder = a->lua_gettop(L);

    anchor = oxl_new_block(a, L, sizeof *anchor, 0);
    push_gc_metatable(a, L, functions[OXL_FN_GC]);
    a->lua_setmetatable(L, -2);
    a->lua_rawseti(L, holder, 1);

    refs = a->lua_newthread(L);
    a->lua_rawseti(L, holder, 2);
    if (!oxl_grow(a, refs, init->room + 2 * OXL_MINSTACK))
        return OXL_RAISE(a, L, "no room for references to Lua values");
    a->lua_settop(refs, init->slots);

    a->lua_pushvalue(L, holder);
    set_slot(a, L, refs, OXL_SLOT_HOLDER);
    push_globals(a, L);
    set_slot(a, L, refs, OXL_SLOT_GLOBALS);
    push_gc_metatable(a, L, functions[OXL_FN_GC]);
    oxl_push_string(a, L, "__name");
    oxl_push_string(a, L, "error");
    a->lua_rawset(L, -3);
    set_slot(a, L, refs, OXL_SLOT_FAILURE);
    a->lua_pushcclosure(L, functions[OXL_FN_OP], 0);
    set_slot(a, L, refs, OXL_SLOT_OP);
    a->lua_pushlightuserdata(L, anchor);
    a->lua_pushcclosure(L, functions[OXL_FN_HANDLER], 1);
    set_slot(a, L, refs, OXL_SLOT_HANDLER);
    push_gc_metatable(a, L, functions[OXL_FN_GC]);
    set_slot(a, L, refs, OXL_SLOT_BLOCK);

    /* LuaJIT makes room for the upper bits of an address the first time: here for those of Rust's stack, where the
     * operations are that are passed as light userdata outside of protected calls. */
    a->lua_pushlightuserdata(L, init);
    a->lua_pushlightuserdata(L, NULL);
    a->lua_settop(L, -3);

    init->base = base_thread(a, L, holder);
    oxl_push_key(a, L, init->key);
    a->lua_pushvalue(L, holder);
    a->lua_rawset(L, a->registry_index);

    /* Nothing fails from here on. */
    anchor->refs = refs;
    anchor->state = init->state;
    anchor->finalize = init->finalize;
    init->anchor = anchor;
    init->refs = refs;
    return 0;
}
