/* The C side of the border between Rust and Lua.
 *
 * Rust never calls a function of Lua that may raise an error: a raised error jumps to the last protected call
 * and would skip the Rust frames in between. All such calls are made here, where no frame has anything to clean up:
 * either inside a protected call that Rust started (ops.c), or after a Rust callback has returned (shim.c).
 *
 * No header of Lua is included: the functions come from a table, one for each Lua library in the process. */
#ifndef OXL_SHIM_H
#define OXL_SHIM_H

#include <stddef.h>
#include <stdint.h>

#include "oxl_api.h" /* struct oxl_api, made by build.rs from vm/list.rs */

#if defined(__GNUC__) || defined(__clang__)
#define OXL_LIKELY(x) __builtin_expect(!!(x), 1)
#define OXL_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define OXL_LIKELY(x) (x)
#define OXL_UNLIKELY(x) (x)
#endif

/* Two versions of oxilua can be in one program, so no symbol is without its version. */
#define oxl_push_cells OXL_SYM(push_cells)
#define oxl_raise_text OXL_SYM(raise_text)
#define oxl_need_stack OXL_SYM(need_stack)
#define oxl_grow OXL_SYM(grow)
#define oxl_new_block OXL_SYM(new_block)
#define oxl_lua_call OXL_SYM(lua_call)
#define oxl_push_string OXL_SYM(push_string)
#define oxl_push_where OXL_SYM(push_where)
#define oxl_push_key OXL_SYM(push_key)
#define oxl_load OXL_SYM(load)
#define oxl_op_entry OXL_SYM(op_entry)
#define oxl_init_entry OXL_SYM(init_entry)
#define oxl_index OXL_SYM(index)
#define oxl_newindex OXL_SYM(newindex)
#define oxl_invoke OXL_SYM(invoke)

typedef struct oxl_api oxl_api;

/* Equal in every Lua (lua.h). */
enum {
    OXL_TNIL = 0,
    OXL_TBOOLEAN = 1,
    OXL_TLIGHTUSERDATA = 2,
    OXL_TNUMBER = 3,
    OXL_TSTRING = 4,
    OXL_TTABLE = 5,
    OXL_TFUNCTION = 6,
    OXL_TUSERDATA = 7,
    OXL_TTHREAD = 8
};
#define OXL_MULTRET (-1)
#define OXL_MINSTACK 20

/* Slots of a state's first reference thread with a fixed meaning; the same numbers stand in raw/slots.rs. */
enum {
    OXL_SLOT_NIL = 1,     /* always nil: freeing a slot copies it */
    OXL_SLOT_HOLDER = 2,  /* the table that keeps the anchor and the reference threads */
    OXL_SLOT_GLOBALS = 3, /* the table of globals */
    OXL_SLOT_FAILURE = 4, /* the metatable of failures (errors and panics of Rust) */
    OXL_SLOT_OP = 5,      /* the C function that runs operations, see ops.c */
    OXL_SLOT_HANDLER = 6, /* the message handler of protected calls */
    OXL_SLOT_BLOCK = 7,   /* the metatable of callbacks with something to drop: only __gc */
    OXL_SLOT_FIXED = 8    /* the first slot of other uses */
};

/* ---- values as plain data ---------------------------------------------------------------------------------- */

enum oxl_tag {
    OXL_NIL,
    OXL_FALSE,
    OXL_TRUE,
    OXL_INT,    /* u.i */
    OXL_NUM,    /* u.n */
    OXL_STR,    /* u.p, len bytes */
    OXL_LIGHT,  /* u.p */
    OXL_REF,    /* the value in slot len of the reference thread u.p */
    OXL_ARRAY,  /* a table: len values follow */
    OXL_OBJECT, /* a table: len pairs of key and value follow */
    OXL_FAILURE /* an error or panic: u.p is a box of Rust's, set to NULL once Lua owns it */
};

typedef struct oxl_cell {
    uint32_t tag;
    uint32_t len;
    union {
        int64_t i;
        double n;
        void *p;
    } u;
} oxl_cell;

/* One for each state, in a userdata: valid for as long as any code of that Lua can run. */
typedef struct oxl_anchor {
    void (*finalize)(lua_State *L, void *block); /* first, like in every block with a finalizer */
    void *state;                                 /* Rust's part; NULL once Lua closes the state */
    lua_State *refs;                             /* the first reference thread */
} oxl_anchor;

/* Pushes the values that `count` cells at `cells` begin (nested ones count once). May raise. Returns their number. */
int oxl_push_cells(const oxl_api *a, lua_State *L, lua_State *refs, oxl_cell *cells, uint32_t count);

/* ---- callbacks: from Lua to Rust ----------------------------------------------------------------------------- */

typedef struct oxl_pending oxl_pending;
typedef struct oxl_callback oxl_callback;

/* What Rust leaves to do after it has returned. */
enum oxl_kind {
    OXL_KIND_RETURN, /* return nstack values from the stack and those in the cells */
    OXL_KIND_RAISE,  /* raise the value in the cells, or that on the top if there are none */
    OXL_KIND_RUN     /* return what run(a, L, context) returns */
};

struct oxl_pending {
    int32_t kind;
    int32_t nstack;
    uint32_t nvalues;
    oxl_cell *cells;
    int (*run)(const oxl_api *a, lua_State *L, void *context);
    void *context;
    void (*release)(oxl_pending *self); /* gives the memory back; not called when an error is raised on the way */
};

/* In the block of a closure's first upvalue. `call` never raises or unwinds: it returns the number of results on the
 * stack, or -1 after storing what is left to do. */
struct oxl_callback {
    void (*finalize)(lua_State *L, void *block);
    int (*call)(lua_State *L, oxl_callback *self, oxl_pending **pending);
    oxl_anchor *anchor;
};

/* How the block of a function begins whose body is C: `pending` says what runs, with the block as its context. */
typedef struct oxl_run_block {
    oxl_callback head;
    oxl_pending pending;
} oxl_run_block;

/* The functions of each slot (see vm/slots.rs), for lua_pushcclosure. */
enum oxl_function {
    OXL_FN_CALL,     /* upvalue 1: an oxl_callback */
    OXL_FN_GC,       /* __gc of every block: calls its finalize */
    OXL_FN_OP,       /* runs an oxl_op */
    OXL_FN_HANDLER,  /* message handler; upvalue 1: the anchor */
    OXL_FN_INDEX,    /* __index of userdata with fields; upvalues: members, fallback or nil */
    OXL_FN_NEWINDEX, /* __newindex likewise */
    OXL_FN_INIT,     /* sets a state up, see init.c */
    OXL_FN_COUNT
};

/* ---- operations: from Rust to Lua ------------------------------------------------------------------------------ */

enum oxl_code {
    OXL_OP_PUSH,        /* build the cells' values */
    OXL_OP_CALL,        /* call the function below the values: nresults results */
    OXL_OP_GET,         /* t, k -> t[k] */
    OXL_OP_SET,         /* t, k, v: t[k] = v */
    OXL_OP_RAWSET,      /* the same without metamethods */
    OXL_OP_LEN,         /* v -> #v */
    OXL_OP_COMPARE,     /* x, y: a = 0 ==, 1 <, 2 <=; the answer in out */
    OXL_OP_TOSTRING,    /* v -> its text like tostring(v) */
    OXL_OP_STRING,      /* a number -> its text */
    OXL_OP_NEXT,        /* t, k -> k, v or nothing */
    OXL_OP_TABLE,       /* new table for a elements and b fields */
    OXL_OP_USERDATA,    /* metatable or nil -> new userdata of size bytes with b user values, zeroed */
    OXL_OP_CLOSURE,     /* upvalues -> closure of the C function in p with a upvalues */
    OXL_OP_CALLBACK,    /* metatable or nil, a upvalues -> closure of p over a new zeroed block of size bytes and these */
    OXL_OP_THREAD,      /* function -> new thread with it on its stack */
    OXL_OP_REFS,        /* new reference thread with a slots, kept in the holder; the thread in out_p */
    OXL_OP_STACK,       /* room for a more values on thread p; whether there is in out */
    OXL_OP_OPENLIB,     /* open the library p named by the string value; into globals if a */
    OXL_OP_GC,          /* lua_gc(a, b) -> out */
    OXL_OP_DUMP,        /* function: write it to p, stripped if a */
    OXL_OP_JOINUPVALUE, /* f, g: upvalue a of f becomes the first of g */
    OXL_OP_WARNING,     /* text: warn, to be continued if a */
    OXL_OP_TYPEMETA,    /* metatable or nil: that of all values of basic type a */
    OXL_OP_RAW,         /* arguments: what the function p leaves when called with out_p */
    OXL_OP_LOAD,        /* compiles the oxl_source p: the function or the message, the status in out */
    OXL_OP_RUN          /* what the int (*)(const oxl_api *, lua_State *, void *) p leaves when called with out_p; C's only */
};

typedef struct oxl_op {
    const oxl_api *api;
    lua_State *refs;
    oxl_cell *cells; /* pushed on top of the arguments before the operation */
    uint32_t nvalues;
    int32_t code;
    int32_t a;
    int32_t b;
    size_t size;
    void *p;
    void *out_p;
    int64_t out;
} oxl_op;

typedef struct oxl_source {
    const char *data;
    size_t len;
    const char *name;
    const char *mode;
} oxl_source;

/* What setting up a state needs and yields, see init.c. */
typedef struct oxl_init {
    const void *key;                             /* where the holder goes in the registry: this copy of the library's */
    void *state;                                 /* the anchor's */
    void (*finalize)(lua_State *L, void *block); /* the anchor's */
    int32_t room;                                /* for slots on the first reference thread */
    int32_t slots;                               /* that are filled with nil at once */
    oxl_anchor *anchor;
    lua_State *refs;
    lua_State *base; /* a thread to run on when no callback is running */
} oxl_init;

/* ---- helpers -------------------------------------------------------------------------------------------------- */

/* Raises a text as an error, with no position. */
int oxl_raise_text(const oxl_api *a, lua_State *L, const char *text, size_t len);
#define OXL_RAISE(a, L, literal) oxl_raise_text((a), (L), "" literal, sizeof(literal) - 1)
/* lua_checkstack, raising when there is no room. */
void oxl_need_stack(const oxl_api *a, lua_State *L, int n);
/* lua_checkstack for a new thread. In 5.1 and LuaJIT an error is raised on the thread whose stack it is: not in the protected
 * call that runs, and so the process would end. */
int oxl_grow(const oxl_api *a, lua_State *thread, int n);
void *oxl_new_block(const oxl_api *a, lua_State *L, size_t size, int user_values);
void oxl_lua_call(const oxl_api *a, lua_State *L, int nargs, int nresults);
void oxl_push_string(const oxl_api *a, lua_State *L, const char *text);
/* Pushes "source:line: " of the function at this level of the call stack, or "" if it has no line (luaL_where). */
void oxl_push_where(const oxl_api *a, lua_State *L, int level);
/* The registry's key of the holder. It never raises: see `push_key` of state.rs, which must push the same. */
void oxl_push_key(const oxl_api *a, lua_State *L, const void *key);

/* The index of upvalue n. */
static inline int oxl_upvalue(const oxl_api *a, int n) {
    return a->upvalue_one - n + 1;
}

static inline void oxl_pop(const oxl_api *a, lua_State *L, int n) {
    a->lua_settop(L, -n - 1);
}

/* lua_replace. */
static inline void oxl_replace(const oxl_api *a, lua_State *L, int index) {
    if (a->lua_replace) {
        a->lua_replace(L, index);
    } else {
        a->lua_copy(L, -1, index);
        oxl_pop(a, L, 1);
    }
}

/* lua_tonumber. */
static inline double oxl_tonumber(const oxl_api *a, lua_State *L, int index) {
    return a->lua_tonumberx ? a->lua_tonumberx(L, index, NULL) : a->lua_tonumber(L, index);
}

/* lua_pcall without a handler. */
static inline int oxl_pcall(const oxl_api *a, lua_State *L, int nargs, int nresults) {
    return a->lua_pcallk ? a->lua_pcallk(L, nargs, nresults, 0, 0, NULL) : a->lua_pcall(L, nargs, nresults, 0);
}

int oxl_load(const oxl_api *a, lua_State *L, const oxl_source *source);
int oxl_op_entry(const oxl_api *a, lua_State *L);
int oxl_init_entry(const oxl_api *a, lua_State *L, const lua_CFunction *functions);
int oxl_index(const oxl_api *a, lua_State *L);
int oxl_newindex(const oxl_api *a, lua_State *L);
int oxl_invoke(const oxl_api *a, lua_State *L, oxl_callback *f);

#endif
