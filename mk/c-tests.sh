#!/usr/bin/env bash
# The C programs of c-examples/: built as C and as C++, with the shared and the static liboxilua, and run by `prove` with each of
# the six Luas. Argument: the folder with the Luas (made by `cargo run -p oxilua-interpreters -- --hidden --out DIR`).
#
#   CC, CXX, CFLAGS   the compilers; CFLAGS are for both languages
#   ROUNDS            of the program with two Luas: 10000
source "$(dirname "$0")/common.sh"

dir=${1:-}
if [ -z "$dir" ]; then
    dir=$luas
    build_luas --hidden
fi
dir=$(cd "$dir" && pwd)
have prove || { left_out prove "the C tests need it (perl has it)"; exit 0; }
shared=$target/release/liboxilua.so
static=$target/release/liboxilua.a
for library in "$shared" "$static"; do
    [ -e "$library" ] || { echo "$library is not there: run \`make\`" >&2; exit 1; }
done

# The quick start of the documentation is the program that is tested.
if ! diff <(sed -n '/^```c$/,/^```$/p' docs/C-API.md | sed '1d; /^```$/,$d') c-examples/quickstart.c; then
    echo "the quick start in docs/C-API.md is not c-examples/quickstart.c" >&2
    exit 1
fi

work=$target/c-tests
rm -rf "$work"
mkdir -p "$work/lib"
# The loader looks for the SONAME.
soname=$(readelf -d "$shared" | sed -n 's/.*SONAME.*\[\(.*\)\].*/\1/p')
ln -s "$(realpath "$shared")" "$work/lib/$soname"
ln -s "$soname" "$work/lib/liboxilua.so"

CC=${CC:-cc} CXX=${CXX:-c++}
read -ra cflags <<<"${CFLAGS:--O1 -g}"
warnings=(-Wall -Wextra -Wpedantic -Werror)
with_shared=("-L$work/lib" -loxilua "-Wl,-rpath,$work/lib")
# What `rustc --print native-static-libs` names, on Linux.
with_static=("$static" -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc)

# build OUTPUT LANGUAGE SOURCE FLAGS...: LANGUAGE is c or c++.
build() {
    local output=$1 language=$2 source=$3 compiler=$CC standard=gnu99; shift 3
    [ "$language" = c ] || { compiler=$CXX standard=gnu++17; }
    "$compiler" "-std=$standard" "${cflags[@]}" "${warnings[@]}" -Iinclude -x "$language" "c-examples/$source" \
        -x none -o "$output" "$@"
}

# a_test NAME COMMAND...: what prove runs.
a_test() {
    local name=$1; shift
    { echo '#!/bin/sh'; printf 'exec'; printf " '%s'" "$@"; echo; } >"$work/$name.t"
    chmod +x "$work/$name.t"
}

# hide PROGRAM: strips it, and makes sure that its Lua cannot be found.
hide() {
    strip -s "$1"
    if nm -D --defined-only "$1" | grep -qE ' lua_| luaL_' || nm "$1" 2>/dev/null | grep -q lua_; then
        echo "$1 is not hidden" >&2
        return 1
    fi
}

# The programs of one Lua.
build_for() {
    local name=$1 lua=$dir/$1 language out
    local include=(-isystem "$lua/include") lua_shared=("-L$lua/lib" -llua "-Wl,-rpath,$lua/lib")
    local exported=("$lua/lib/liblua.a" -Wl,-E -lm -ldl) hidden=("$lua/lib/liblua-hidden.a" -lm -ldl)
    mkdir -p "$work/$name"
    for language in c c++; do
        out=$work/$name/$language
        build "$out-embed" $language host_embed.c "${include[@]}" "${lua_shared[@]}" "${with_shared[@]}"
        a_test "$name/$language-embed" "$out-embed"
        build "$out-hidden" $language host_hidden.c "${include[@]}" "${hidden[@]}" "${with_shared[@]}"
        hide "$out-hidden"
        a_test "$name/$language-hidden" "$out-hidden"
        build "$out-hidden-static" $language host_hidden.c "${include[@]}" "${hidden[@]}" "${with_static[@]}"
        hide "$out-hidden-static"
        a_test "$name/$language-hidden-static" "$out-hidden-static"
        build "$out-unknown" $language host_unknown.c "${include[@]}" "${hidden[@]}" "${with_shared[@]}"
        hide "$out-unknown"
        a_test "$name/$language-unknown" "$out-unknown"
        build "$out-nomem" $language host_nomem.c "${include[@]}" "${lua_shared[@]}" "${with_shared[@]}"
        a_test "$name/$language-nomem" "$out-nomem"
    done
    out=$work/$name/c
    build "$out-embed-exported" c host_embed.c "${include[@]}" "${exported[@]}" "${with_shared[@]}"
    a_test "$name/c-embed-exported" "$out-embed-exported"
    build "$out-embed-static" c host_embed.c "${include[@]}" "${lua_shared[@]}" "${with_static[@]}"
    a_test "$name/c-embed-static" "$out-embed-static"
    build "$out-embed-all-static" c host_embed.c "${include[@]}" "${exported[@]}" "${with_static[@]}"
    a_test "$name/c-embed-all-static" "$out-embed-all-static"
    build "$out-unknown-static" c host_unknown.c "${include[@]}" "${hidden[@]}" "${with_static[@]}"
    hide "$out-unknown-static"
    a_test "$name/c-unknown-static" "$out-unknown-static"
    build "$out-quickstart" c quickstart.c "${include[@]}" "${lua_shared[@]}" "${with_shared[@]}"
    { echo '#!/bin/sh'; echo "echo 1..1; '$out-quickstart' | grep -q '^oxilua [0-9]' && echo ok"; } >"$work/$name/quickstart.t"
    chmod +x "$work/$name/quickstart.t"
    for language in c c++; do
        a_test "$name/$language-dlopen" "$work/$language-dlopen" "$shared" "$lua/lib/liblua.so"
    done
}

# The programs without a Lua of their own.
two_luas=("$dir/lua51/lib/liblua.so" "$dir/lua54/lib/liblua.so")
for language in c c++; do
    build "$work/$language-dlopen" $language host_dlopen.c -ldl
    build "$work/$language-api" $language api.c "${with_shared[@]}"
    a_test "$language-api" "$work/$language-api"
    build "$work/$language-api-static" $language api.c "${with_static[@]}"
    a_test "$language-api-static" "$work/$language-api-static"
    build "$work/$language-two-luas" $language two_luas.c "${with_shared[@]}" -ldl
    a_test "$language-two-luas" "$work/$language-two-luas" "${two_luas[@]}" "${ROUNDS:-10000}"
done
if [[ "${cflags[*]}" == *-fsanitize* ]]; then
    echo "valgrind is not used besides a sanitizer"
elif have valgrind; then
    # What only statics of Rust point into is "possibly lost" for valgrind.
    memcheck=(valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect
        --errors-for-leak-kinds=definite,indirect)
    a_test c-two-luas-valgrind "${memcheck[@]}" "$work/c-two-luas" "${two_luas[@]}" "${ROUNDS:-10000}"
    a_test c-embed-valgrind "${memcheck[@]}" "$work/lua54/c-embed"
else
    left_out valgrind "the C programs are not run under it"
fi

# The system's Luas, which a host opens at run time.
mkdir -p "$work/system"
while IFS=$'\t' read -r name file; do
    a_test "system/$name-dlopen" "$work/c-dlopen" "$shared" "$file"
done < <(shared_luas | grep -v "$luas/" || true)

pids=()
for name in lua51 lua52 lua53 lua54 lua55 luajit; do
    [ -e "$dir/$name/lib/liblua-hidden.a" ] || { echo "$dir/$name has no liblua-hidden.a" >&2; exit 1; }
    build_for "$name" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done

prove --recurse --jobs "$(nproc)" --exec '' "$work"
