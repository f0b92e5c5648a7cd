/* A plain host: its Lua is a shared library, or linked statically and exported (-Wl,-E). */
#include "exercise.h"

int main(void) {
    exercise(NULL);
    return done_testing();
}
