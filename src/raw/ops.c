/* Operations: what Rust asks of Lua that may raise an error, each inside one protected call.
 *
 * Rust fills an oxl_op, pushes the function of OXL_SLOT_OP, the op as a light userdata and perhaps some arguments, and
 * calls lua_pcall. The cells are pushed on top of the arguments, so an operation finds its operands at the top. */
#include "shim.h"

#include <string.h>

/* Values at negative indices stay where they are; the op itself is at index 1. */

static int op_compare(const oxl_api *a, lua_State *L, oxl_op *op) {
    if (a->lua_compare)
        op->out = a->lua_compare(L, -2, -1, op->a);
    else if (op->a == 0)
        op->out = a->lua_equal(L, -2, -1);
    else if (op->a == 1)
        op->out = a->lua_lessthan(L, -2, -1);
    else /* x <= y: what 5.1 itself does is not (y < x), but __le comes first; the operator is only in the language */
        op->out = !a->lua_lessthan(L, -1, -2);
    return 0;
}

static int op_len(const oxl_api *a, lua_State *L) {
    if (a->lua_len) {
        a->lua_len(L, -1);
        return 1;
    }
    /* 5.1: __len counts for userdata; for tables only in LuaJIT's 5.2 mode, where lua_objlen ignores it as well. */
    if (a->lua_type(L, -1) != OXL_TSTRING && a->lua_getmetatable(L, -1)) {
        oxl_push_string(a, L, "__len");
        a->lua_rawget(L, -2);
        if (a->lua_type(L, -1) != OXL_TNIL) {
            a->lua_pushvalue(L, -3);
            oxl_lua_call(a, L, 1, 1);
            return 1;
        }
        a->lua_settop(L, -3);
    }
    if (a->lua_type(L, -1) != OXL_TSTRING && a->lua_type(L, -1) != OXL_TTABLE) {
        return OXL_RAISE(a, L, "attempt to get length of a value that has none");
    }
    a->lua_pushinteger(L, (int64_t)a->lua_objlen(L, -1));
    return 1;
}

static size_t put_hex(char *out, uintptr_t v) {
    char digits[2 * sizeof v];
    size_t n = 0, i;
    do {
        digits[n++] = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while (v);
    for (i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

static const char *const type_names[] = {"nil",   "boolean",  "userdata", "number", "string",
                                         "table", "function", "userdata", "thread"};

/* The text of any value, like tostring (luaL_tolstring), without the base library. */
static int op_tostring(const oxl_api *a, lua_State *L) {
    int type = a->lua_type(L, -1);
    size_t n;
    char text[64];
    const char *name = type >= 0 && type <= 8 ? type_names[type] : "value";
    if (a->lua_getmetatable(L, -1)) {
        oxl_push_string(a, L, "__tostring");
        a->lua_rawget(L, -2);
        if (a->lua_type(L, -1) != OXL_TNIL) {
            a->lua_pushvalue(L, -3);
            oxl_lua_call(a, L, 1, 1);
            if (a->lua_type(L, -1) != OXL_TSTRING)
                return OXL_RAISE(a, L, "'__tostring' must return a string");
            return 1;
        }
        a->lua_settop(L, -2);
        oxl_push_string(a, L, "__name");
        a->lua_rawget(L, -2);
        if (a->lua_type(L, -1) == OXL_TSTRING && type != OXL_TSTRING && type != OXL_TNUMBER) {
            memcpy(text, ": 0x", 4);
            n = 4 + put_hex(text + 4, (uintptr_t)a->lua_topointer(L, -3));
            a->lua_pushlstring(L, text, n);
            a->lua_concat(L, 2);
            return 1;
        }
        a->lua_settop(L, -3);
    }
    switch (type) {
    case OXL_TSTRING:
        return 1;
    case OXL_TNUMBER: /* on a copy: lua_tolstring changes the value in place */
        a->lua_pushvalue(L, -1);
        a->lua_tolstring(L, -1, &n);
        return 1;
    case OXL_TBOOLEAN:
        oxl_push_string(a, L, a->lua_toboolean(L, -1) ? "true" : "false");
        return 1;
    case OXL_TNIL:
        oxl_push_string(a, L, "nil");
        return 1;
    default: {
        size_t len = strlen(name);
        const void *p = a->lua_topointer(L, -1);
        if (p == NULL)
            p = a->lua_touserdata(L, -1);
        memcpy(text, name, len);
        memcpy(text + len, ": 0x", 4);
        n = len + 4 + put_hex(text + len + 4, (uintptr_t)p);
        a->lua_pushlstring(L, text, n);
        return 1;
    }
    }
}

static int op_refs(const oxl_api *a, lua_State *L, oxl_op *op) {
    lua_State *thread;
    a->lua_pushvalue(op->refs, OXL_SLOT_HOLDER);
    a->lua_xmove(op->refs, L, 1);
    thread = a->lua_newthread(L);
    if (!oxl_grow(a, thread, op->a + 2 * OXL_MINSTACK))
        return OXL_RAISE(a, L, "too many references to Lua values");
    a->lua_settop(thread, op->a);
    a->lua_rawseti(L, -2, op->b);
    op->out_p = thread;
    return 0;
}

/* What luaL_requiref does: package.loaded[name] = result of the opener, unless it is there. */
static int op_openlib(const oxl_api *a, lua_State *L, oxl_op *op) {
    int name = a->lua_gettop(L);
    oxl_need_stack(a, L, 10);
    a->lua_pushvalue(L, a->registry_index);
    oxl_push_string(a, L, "_LOADED");
    a->lua_rawget(L, -2);
    if (a->lua_type(L, -1) != OXL_TTABLE) {
        a->lua_settop(L, -2);
        a->lua_createtable(L, 0, 16);
        oxl_push_string(a, L, "_LOADED");
        a->lua_pushvalue(L, -2);
        a->lua_rawset(L, -4);
    }
    a->lua_pushcclosure(L, (lua_CFunction)op->p, 0);
    a->lua_pushvalue(L, name);
    oxl_lua_call(a, L, 1, 1);
    /* registry, loaded, library. 5.1's openers register themselves; what they return is the table all the same. */
    if (a->lua_type(L, -1) == OXL_TTABLE) {
        a->lua_pushvalue(L, name);
        a->lua_pushvalue(L, -2);
        a->lua_rawset(L, -4);
        if (op->a) {
            a->lua_pushvalue(op->refs, OXL_SLOT_GLOBALS);
            a->lua_xmove(op->refs, L, 1);
            a->lua_pushvalue(L, name);
            a->lua_pushvalue(L, -3);
            a->lua_rawset(L, -3);
        }
    }
    return 0;
}

static int op_gc(const oxl_api *a, lua_State *L, oxl_op *op) {
    if (a->version_number >= 504)
        op->out = ((int (*)(lua_State *, int, ...))a->lua_gc)(L, op->a, op->b, (int)op->size, (int)(intptr_t)op->p);
    else
        op->out = ((int (*)(lua_State *, int, int))a->lua_gc)(L, op->a, op->b);
    return 0;
}

struct dump {
    int (*write)(void *context, const void *data, size_t len);
    void *context;
};

static int write_dump(lua_State *L, const void *data, size_t len, void *ud) {
    struct dump *d = ud;
    (void)L;
    return d->write(d->context, data, len);
}

typedef int (*writer)(lua_State *, const void *, size_t, void *);

static int op_dump(const oxl_api *a, lua_State *L, oxl_op *op) {
    if (a->version_number >= 503)
        op->out = ((int (*)(lua_State *, writer, void *, int))a->lua_dump)(L, write_dump, op->p, op->a);
    else
        op->out = ((int (*)(lua_State *, writer, void *))a->lua_dump)(L, write_dump, op->p);
    return 0;
}

static int a_function(lua_State *L) {
    (void)L;
    return 0;
}

/* Sets the metatable of a basic type through any value of it. */
static int op_type_metatable(const oxl_api *a, lua_State *L, oxl_op *op) {
    switch (op->a) {
    case OXL_TNIL:
        a->lua_pushnil(L);
        break;
    case OXL_TBOOLEAN:
        a->lua_pushboolean(L, 0);
        break;
    case OXL_TLIGHTUSERDATA:
        a->lua_pushlightuserdata(L, NULL);
        break;
    case OXL_TNUMBER:
        a->lua_pushnumber(L, 0);
        break;
    case OXL_TSTRING:
        a->lua_pushlstring(L, "", 0);
        break;
    case OXL_TFUNCTION:
        a->lua_pushcclosure(L, a_function, 0);
        break;
    default:
        a->lua_pushthread(L);
        break;
    }
    if (op->b) { /* asks */
        return a->lua_getmetatable(L, -1);
    }
    a->lua_pushvalue(L, -2);
    a->lua_setmetatable(L, -2);
    return 0;
}

int oxl_op_entry(const oxl_api *a, lua_State *L) {
    oxl_op *op = a->lua_touserdata(L, 1);
    int n;
    if (op == NULL)
        return 0;
    n = (int)op->nvalues;
    if (n > 0)
        oxl_push_cells(a, L, op->refs, op->cells, op->nvalues);
    switch (op->code) {
    case OXL_OP_PUSH:
        return n;
    case OXL_OP_CALL:
        oxl_lua_call(a, L, a->lua_gettop(L) - 2, op->a);
        return a->lua_gettop(L) - 1;
    case OXL_OP_GET:
        a->lua_gettable(L, -2);
        return 1;
    case OXL_OP_SET:
        a->lua_settable(L, -3);
        return 0;
    case OXL_OP_RAWSET:
        a->lua_rawset(L, -3);
        return 0;
    case OXL_OP_LEN:
        return op_len(a, L);
    case OXL_OP_COMPARE:
        return op_compare(a, L, op);
    case OXL_OP_TOSTRING:
        return op_tostring(a, L);
    case OXL_OP_STRING: {
        size_t len;
        a->lua_tolstring(L, -1, &len);
        return 1;
    }
    case OXL_OP_NEXT:
        return a->lua_next(L, -2) ? 2 : 0;
    case OXL_OP_TABLE:
        a->lua_createtable(L, op->a, op->b);
        return 1;
    case OXL_OP_USERDATA:
        op->out_p = oxl_new_block(a, L, op->size, op->b);
        if (a->lua_type(L, -2) == OXL_TTABLE) {
            a->lua_pushvalue(L, -2);
            a->lua_setmetatable(L, -2);
        }
        return 1;
    case OXL_OP_CLOSURE:
        a->lua_pushcclosure(L, (lua_CFunction)op->p, op->a);
        return 1;
    case OXL_OP_CALLBACK: {
        /* The closure first, then the finalizer: a block whose closure could not be made is only memory. */
        void *block = oxl_new_block(a, L, op->size, 0);
        int i, at = a->lua_gettop(L), metatable = at - op->a - 1;
        a->lua_pushvalue(L, at);
        for (i = 1; i <= op->a; i++)
            a->lua_pushvalue(L, metatable + i);
        a->lua_pushcclosure(L, (lua_CFunction)op->p, op->a + 1);
        if (a->lua_type(L, metatable) == OXL_TTABLE) {
            a->lua_pushvalue(L, metatable);
            a->lua_setmetatable(L, at);
        }
        op->out_p = block;
        return 1;
    }
    case OXL_OP_THREAD: {
        lua_State *thread = a->lua_newthread(L);
        op->out_p = thread;
        if (a->lua_type(L, -2) == OXL_TFUNCTION) {
            a->lua_pushvalue(L, -2);
            a->lua_xmove(L, thread, 1);
        }
        return 1;
    }
    case OXL_OP_REFS:
        return op_refs(a, L, op);
    case OXL_OP_STACK:
        op->out = a->lua_checkstack(op->p, op->a);
        return 0;
    case OXL_OP_OPENLIB:
        return op_openlib(a, L, op);
    case OXL_OP_GC:
        return op_gc(a, L, op);
    case OXL_OP_DUMP:
        return op_dump(a, L, op);
    case OXL_OP_JOINUPVALUE:
        a->lua_upvaluejoin(L, -2, op->a, -1, 1);
        return 0;
    case OXL_OP_WARNING: {
        size_t len;
        a->lua_warning(L, a->lua_tolstring(L, -1, &len), op->a);
        return 0;
    }
    case OXL_OP_RAW:
        /* Its arguments are from 1 on: the op itself goes. */
        if (a->lua_rotate) {
            a->lua_rotate(L, 1, -1);
            a->lua_settop(L, -2);
        } else {
            a->lua_remove(L, 1);
        }
        ((void (*)(lua_State *, void *))op->p)(L, op->out_p);
        return a->lua_gettop(L);
    case OXL_OP_LOAD:
        op->out = oxl_load(a, L, op->p);
        return 1;
    case OXL_OP_RUN:
        return ((int (*)(const oxl_api *, lua_State *, void *))op->p)(a, L, op->out_p);
    case OXL_OP_TYPEMETA:
        return op_type_metatable(a, L, op);
    default:
        return OXL_RAISE(a, L, "unknown operation");
    }
}
