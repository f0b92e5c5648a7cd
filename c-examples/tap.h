/* The Test Anything Protocol, as `prove` reads it. */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>

static int tap_run, tap_failed;

/* One test. Gives `passed`. */
static inline int ok(int passed, const char *name) {
    tap_run++;
    tap_failed += !passed;
    printf("%s %d - %s\n", passed ? "ok" : "not ok", tap_run, name);
    fflush(stdout);
    return passed;
}

static inline void skip(const char *name, const char *why) {
    printf("ok %d - %s # SKIP %s\n", ++tap_run, name, why);
}

/* What main returns. */
static inline int done_testing(void) {
    printf("1..%d\n", tap_run);
    return tap_failed != 0;
}

#endif
