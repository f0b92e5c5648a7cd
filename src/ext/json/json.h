/* The border between the C and the Rust half of oxilua.json.
 *
 * C has everything that touches a Lua state: arguments and results (call.c), making the values of a document (build.c), walking
 * through values (walk.c). What it needs of Rust is in `struct oxl_json_rust`: functions that neither raise, nor unwind, nor
 * touch a Lua state. */
#ifndef OXL_JSON_H
#define OXL_JSON_H

#include "shim.h"

#define oxl_json_build OXL_SYM(json_build)
#define oxl_json_walk OXL_SYM(json_walk)
#define oxl_json_rust_functions OXL_SYM(json_rust_functions)

#if defined(__GNUC__)
#pragma GCC visibility push(hidden) /* what is ours needs no indirection */
#endif

/* ---- tapes: decoded documents as plain data, see tape.rs ---------------------------------------------------------- */

enum cell_tag {
    CELL_NIL,
    CELL_FALSE,
    CELL_TRUE,
    CELL_INT,        /* v.i */
    CELL_NUM,        /* v.n */
    CELL_STR,        /* v.p, len bytes */
    CELL_LIGHT,      /* v.p */
    CELL_ARRAY = 8,  /* len elements follow */
    CELL_OBJECT = 9, /* len pairs follow: a string (STR, KEEP or SLOT), then a value */
    CELL_KEEP = 10,  /* a string as STR, which is also kept in stack slot `slot` ... */
    CELL_SLOT = 11   /* ... and this is what was kept there */
};

struct cell {
    uint16_t tag;
    uint16_t slot;
    uint32_t len;
    union {
        int64_t i;
        double n;
        const char *p;
    } v;
};

/* A container that is open while its values are made. */
struct level {
    uint32_t left, next;
};

struct tape {
    const struct cell *cells;
    struct level *levels; /* room for `depth` of them */
    uint32_t depth;       /* containers open at once */
    uint32_t slots;       /* stack slots that KEEP and SLOT use */
};

/* build.c: pushes the value. `array_mt`, `empty_mt`: indices of metatables for arrays and for empty arrays, or 0. `first`: index
 * of the value that slot 0 starts with, or 0. Raises on lack of memory or stack. */
void oxl_json_build(const oxl_api *a, lua_State *L, const struct tape *t, int array_mt, int empty_mt, int first);

/* ---- what a call needs ------------------------------------------------------------------------------------------- */

enum { UTF8_ERROR, UTF8_REPLACE, UTF8_KEEP };
enum { NULL_STANDARD, NULL_GIVEN, NULL_NIL };
enum { SPARSE_NULL, SPARSE_ERROR, SPARSE_OBJECT };

struct options { /* options.rs */
    uint32_t max_depth;
    uint8_t integers, bigint, utf8, nan, null, sparse, sort_keys, array_mt, indent_len;
    char indent[15];
};

struct sink { /* sink.rs */
    char *p;
    size_t len, cap;
};

enum { APPENDED, APPEND_NO_MEMORY, APPEND_INVALID_UTF8, APPEND_NOT_FINITE };

/* A key that walk.c has written; an entry of another era is free. */
enum { KNOWN = 256 };
struct known {
    const void *id;
    uint32_t at, era_len;
};

struct workspace; /* workspace.rs: the memory of one call */

enum { DECODE, ENCODE, FLOOR }; /* what a function does */

/* The block of one of the module's functions, as function.rs makes it. */
struct json_function {
    oxl_run_block block;
    int32_t what, safe;
    /* Rust's part follows. */
};

/* ---- Rust's functions, border.rs ----------------------------------------------------------------------------------- */

struct oxl_json_rust {
    /* A call of the function begins: its workspace, or NULL if too many are nested. It ends: whatever happens, `end` follows. */
    struct workspace *(*begin)(struct json_function *);
    void (*end)(struct json_function *, struct workspace *);

    struct options *(*options)(struct workspace *, int integers); /* the defaults, to be changed */
    /* Sets an option; NULL, or what is wrong with it: `*len` bytes in the workspace. */
    const char *(*option)(struct workspace *, const char *name, size_t n, const struct cell *value, int encoding,
                          size_t *len);

    /* Makes a tape of the document. False: see `message` and *at, the byte that is wrong, counted from 1, or 0. */
    int (*decode)(struct workspace *, const char *s, size_t n, struct tape *out, size_t *at);
    /* Whether it is JSON. */
    int (*valid)(struct workspace *, const char *s, size_t n);
    const char *(*message)(struct workspace *, size_t *len);

    struct sink *(*sink)(struct workspace *); /* emptied */
    int (*grow)(struct sink *, size_t n);     /* false: no memory */
    int (*string)(struct sink *, const struct options *, const char *s, size_t n);
    int (*number)(struct sink *, const struct options *, double n);
    int (*integer)(struct sink *, int64_t n);

    /* The message of a failed encoding: what went wrong, then the way from the outermost value to it. */
    void (*path_start)(struct workspace *, const char *what, size_t n);
    void (*path_key)(struct workspace *, const char *s, size_t n);
    void (*path_index)(struct workspace *, double i);

    /* The keys of the objects that are open, for sort_keys. */
    int (*sort_add)(struct workspace *, const char *s, size_t n, uint32_t index);
    size_t (*sort_len)(struct workspace *);
    void (*sort)(struct workspace *, size_t from);
    uint32_t (*sort_get)(struct workspace *, size_t i, const char **s, size_t *n);
    void (*sort_cut)(struct workspace *, size_t len);

    /* What walk.c remembers of keys. Begins a new era. */
    struct known *(*known)(struct workspace *, uint32_t *era);
    /* Room for the containers that are open while encoding: at least n of `size` bytes; what was there stays. NULL: no memory. */
    void *(*frames)(struct workspace *, size_t n, size_t size);
};

extern struct oxl_json_rust oxl_json_rust_functions;
#define rust oxl_json_rust_functions

/* ---- encoding ---------------------------------------------------------------------------------------------------- */

struct walk {
    struct workspace *space;
    const struct options *options;
    struct sink *sink;
    const void *array_mt, *empty_mt; /* their addresses */
    const void *empty_array;         /* the light userdata json.empty_array */
    int value, null, tojson;         /* stack indices: the value to encode, the one that stands for null, "__tojson" */
    int safe;
};

/* walk.c: encodes the value into the sink. 0: see `message`. May raise. */
int oxl_json_walk(const oxl_api *a, lua_State *L, const struct walk *w);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
