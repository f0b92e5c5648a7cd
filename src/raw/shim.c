/* Trampolines: the C functions that Lua calls.
 *
 * A C function gets only L, so there is a copy of each for every slot, which knows its Lua's table. */
#include "shim.h"

#include <string.h>

#define SLOT_COUNT 16
#define EACH_SLOT(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

static const oxl_api *slots[SLOT_COUNT];

void OXL_SYM(set_slot)(int slot, const oxl_api *api) {
    slots[slot] = api;
}

/* ---- helpers -------------------------------------------------------------------------------------------------- */

int oxl_raise_text(const oxl_api *a, lua_State *L, const char *text, size_t len) {
    a->lua_pushlstring(L, text, len);
    return a->lua_error(L);
}

void oxl_push_string(const oxl_api *a, lua_State *L, const char *text) {
    a->lua_pushlstring(L, text, strlen(text));
}

/* lua_Debug, whose layout depends on the version (DEBUG_SIZE of vm/types.rs). */
union debug {
    char bytes[256];
    void *align;
};

void oxl_push_where(const oxl_api *a, lua_State *L, int level) {
    union debug ar;
    memset(&ar, 0, sizeof ar);
    if (a->lua_getstack(L, level, &ar) && a->lua_getinfo(L, "Sl", &ar)) {
        const char *source = ar.bytes + a->debug_short_src;
        int32_t line;
        memcpy(&line, ar.bytes + a->debug_currentline, sizeof line);
        if (line > 0) {
            char digits[16];
            size_t n = sizeof digits;
            digits[--n] = ' ';
            digits[--n] = ':';
            for (; line > 0; line /= 10)
                digits[--n] = (char)('0' + line % 10);
            digits[--n] = ':';
            oxl_push_string(a, L, source);
            a->lua_pushlstring(L, digits + n, sizeof digits - n);
            a->lua_concat(L, 2);
            return;
        }
    }
    a->lua_pushlstring(L, "", 0);
}

void oxl_push_key(const oxl_api *a, lua_State *L, const void *key) {
    a->lua_pushnumber(L, (double)(uintptr_t)key + 0.5);
}

void oxl_need_stack(const oxl_api *a, lua_State *L, int n) {
    if (OXL_UNLIKELY(!a->lua_checkstack(L, n)))
        OXL_RAISE(a, L, "stack overflow");
}

void *oxl_new_block(const oxl_api *a, lua_State *L, size_t size, int user_values) {
    void *block = a->lua_newuserdatauv ? a->lua_newuserdatauv(L, size, user_values) : a->lua_newuserdata(L, size);
    /* A finalizer may see the block before Rust has filled it: all zero means "nothing to do". */
    memset(block, 0, size);
    return block;
}

void oxl_lua_call(const oxl_api *a, lua_State *L, int nargs, int nresults) {
    if (a->lua_callk)
        a->lua_callk(L, nargs, nresults, 0, NULL);
    else
        a->lua_call(L, nargs, nresults);
}

/* ---- callbacks ------------------------------------------------------------------------------------------------ */

/* What a callback left to do. No Rust frame is alive here, so errors may be raised. */
static int finish(const oxl_api *a, lua_State *L, oxl_pending *p) {
    int n;
    if (OXL_UNLIKELY(p == NULL)) /* the error value is on the top */
        return a->lua_error(L);
    if (p->kind == OXL_KIND_RUN) {
        n = p->run(a, L, p->context);
        p->release(p);
        return n;
    }
    n = p->nstack + oxl_push_cells(a, L, NULL, p->cells, p->nvalues);
    {
        int kind = p->kind;
        p->release(p);
        return kind == OXL_KIND_RAISE ? a->lua_error(L) : n;
    }
}

int oxl_invoke(const oxl_api *a, lua_State *L, oxl_callback *f) {
    oxl_pending *pending = NULL;
    int n = f->call(L, f, &pending);
    if (OXL_LIKELY(n >= 0))
        return n;
    return finish(a, L, pending);
}

static int call(const oxl_api *a, lua_State *L) {
    oxl_callback *f = a->lua_touserdata(L, a->upvalue_one);
    if (OXL_UNLIKELY(f == NULL || f->call == NULL))
        return OXL_RAISE(a, L, "a Rust function was called before it was complete");
    return oxl_invoke(a, L, f);
}

static int gc(const oxl_api *a, lua_State *L) {
    void (**block)(lua_State *, void *) = a->lua_touserdata(L, 1);
    if (block != NULL && *block != NULL)
        (*block)(L, block);
    return 0;
}

/* The handler leaves the error value alone; Rust notes the traceback. It is set once, when the crate starts. */
static void (*on_error)(lua_State *L, oxl_anchor *anchor);

void OXL_SYM(set_on_error)(void (*function)(lua_State *, oxl_anchor *)) {
    on_error = function;
}

static int handler(const oxl_api *a, lua_State *L) {
    oxl_anchor *anchor = a->lua_touserdata(L, a->upvalue_one);
    if (anchor != NULL && on_error != NULL)
        on_error(L, anchor);
    a->lua_settop(L, 1);
    return 1;
}

/* ---- hooks ------------------------------------------------------------------------------------------------------- */

/* A hook gets no upvalue: the state's anchor is found in the registry. 0: go on, 1: yield, -1: raise what is pending. */
typedef int (*oxl_on_hook)(lua_State *L, void *debug, oxl_anchor *anchor, oxl_pending **pending);
static oxl_on_hook on_hook;
static const void *holder_key;

void OXL_SYM(set_on_hook)(oxl_on_hook function, const void *key) {
    on_hook = function;
    holder_key = key;
}

static void hook(const oxl_api *a, lua_State *L, void *debug) {
    oxl_anchor *anchor = NULL;
    oxl_pending *pending = NULL;
    int top = a->lua_gettop(L), answer;
    oxl_push_key(a, L, holder_key);
    a->lua_rawget(L, a->registry_index);
    if (a->lua_type(L, -1) == OXL_TTABLE) {
        a->lua_rawgeti(L, -1, 1);
        anchor = a->lua_touserdata(L, -1);
    }
    a->lua_settop(L, top);
    if (anchor == NULL)
        return;
    answer = on_hook(L, debug, anchor, &pending);
    if (answer < 0)
        finish(a, L, pending);
    else if (answer > 0 && a->lua_yieldk)
        a->lua_yieldk(L, 0, 0, NULL);
}

#define DEFINE(k)                                                              \
    static int call_##k(lua_State *L) { return call(slots[k], L); }            \
    static int gc_##k(lua_State *L) { return gc(slots[k], L); }                \
    static int op_##k(lua_State *L) { return oxl_op_entry(slots[k], L); }      \
    static int handler_##k(lua_State *L) { return handler(slots[k], L); }      \
    static int index_##k(lua_State *L) { return oxl_index(slots[k], L); }      \
    static int newindex_##k(lua_State *L) { return oxl_newindex(slots[k], L); } \
    static void hook_##k(lua_State *L, void *ar) { hook(slots[k], L, ar); }    \
    static int init_##k(lua_State *L);
EACH_SLOT(DEFINE)

#define ROW(k) {call_##k, gc_##k, op_##k, handler_##k, index_##k, newindex_##k, init_##k},
static const lua_CFunction functions[SLOT_COUNT][OXL_FN_COUNT] = {EACH_SLOT(ROW)};

#define DEFINE_INIT(k) \
    static int init_##k(lua_State *L) { return oxl_init_entry(slots[k], L, functions[k]); }
EACH_SLOT(DEFINE_INIT)

lua_CFunction OXL_SYM(function)(int slot, int which) {
    return functions[slot][which];
}

int oxl_grow(const oxl_api *a, lua_State *thread, int n) {
    if (a->lua_cpcall) {
        oxl_op op;
        memset(&op, 0, sizeof op);
        op.api = a;
        op.code = OXL_OP_STACK;
        op.a = n;
        op.p = thread;
        if (a->lua_cpcall(thread, functions[a->slot][OXL_FN_OP], &op) != 0) {
            a->lua_settop(thread, -2);
            return 0;
        }
        if (!op.out)
            return 0;
    }
    /* In 5.1 this only notes what has been made sure of. */
    return a->lua_checkstack(thread, n);
}

#define HOOK(k) hook_##k,
static void (*const hooks[SLOT_COUNT])(lua_State *, void *) = {EACH_SLOT(HOOK)};

void (*OXL_SYM(hook)(int slot))(lua_State *, void *) {
    return hooks[slot];
}

/* ---- entry points of modules ------------------------------------------------------------------------------------ */

/* `open` finds the Lua by the return address, runs the module's Rust function and answers like a callback. Without a
 * Lua nothing may be called on L, not even to raise: it prints the reason itself and answers with no table. */
typedef int (*oxl_open)(lua_State *L, const void *address, void *init, const oxl_api **api, oxl_pending **pending);

int OXL_SYM(module)(lua_State *L, const void *address, void *init, oxl_open open) {
    const oxl_api *a = NULL;
    oxl_pending *pending = NULL;
    int n = open(L, address, init, &a, &pending);
    if (n >= 0 || a == NULL)
        return n >= 0 ? n : 0;
    return finish(a, L, pending);
}

/* ---- functions of Lua whose signature depends on the version ------------------------------------------------------- */
/* None of these raises; they are here because C is where the casts are plain. */

lua_State *OXL_SYM(newstate)(const oxl_api *a, lua_Alloc alloc, void *ud, unsigned seed) {
    if (a->version_number >= 505)
        return ((lua_State * (*)(lua_Alloc, void *, unsigned)) a->lua_newstate)(alloc, ud, seed);
    return ((lua_State * (*)(lua_Alloc, void *)) a->lua_newstate)(alloc, ud);
}

struct source {
    const char *data;
    size_t len;
};

static const char *read_source(lua_State *L, void *ud, size_t *len) {
    struct source *s = ud;
    (void)L;
    *len = s->len;
    s->len = 0;
    return *len > 0 ? s->data : NULL;
}

typedef const char *(*reader)(lua_State *, void *, size_t *);

/* lua_load: parses in protected mode of its own; the function or the message is on the top. LuaJIT's collects garbage
 * after that, so there this is called in an operation. */
int oxl_load(const oxl_api *a, lua_State *L, const oxl_source *source) {
    const char *name = source->name, *mode = source->mode;
    struct source s = {source->data, source->len};
    if (a->version_number >= 502)
        return ((int (*)(lua_State *, reader, void *, const char *, const char *))a->lua_load)(L, read_source, &s, name,
                                                                                               mode);
    if (a->lua_loadx)
        return ((int (*)(lua_State *, reader, void *, const char *, const char *))a->lua_loadx)(L, read_source, &s, name,
                                                                                                mode);
    return ((int (*)(lua_State *, reader, void *, const char *))a->lua_load)(L, read_source, &s, name);
}

/* lua_resume: runs in protected mode of its own. */
int OXL_SYM(resume)(const oxl_api *a, lua_State *L, lua_State *from, int nargs, int *nresults) {
    int status;
    if (a->version_number >= 504)
        return ((int (*)(lua_State *, lua_State *, int, int *))a->lua_resume)(L, from, nargs, nresults);
    if (a->version_number >= 502)
        status = ((int (*)(lua_State *, lua_State *, int))a->lua_resume)(L, from, nargs);
    else
        status = ((int (*)(lua_State *, int))a->lua_resume)(L, nargs);
    *nresults = a->lua_gettop(L);
    return status;
}

/* Closes a coroutine's pending variables where the version has them. -1: this Lua cannot. */
int OXL_SYM(closethread)(const oxl_api *a, lua_State *L, lua_State *from) {
    if (a->lua_closethread)
        return ((int (*)(lua_State *, lua_State *))a->lua_closethread)(L, from);
    if (a->version_number == 504 && a->lua_resetthread)
        return ((int (*)(lua_State *))a->lua_resetthread)(L);
    return -1;
}
