#!/usr/bin/env bash
# include/oxilua.h stands alone and may be included twice, in C99 and C++17, without a warning of any compiler here.
# oxilua_host.h does behind the lua.h of every Lua. Argument: the folder with the Luas.
source "$(dirname "$0")/common.sh"

dir=${1:-$luas}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#include <oxilua.h>\n#include <oxilua.h>\noxl_status status = OXL_OK;\n' >"$work/alone.c"
printf '#include "any_lua.h"\n#include <oxilua_host.h>\n#include <oxilua_host.h>\n#include <oxilua.h>\n' >"$work/host.c"
printf 'const oxl_host *use(void) { return oxl_host_lua(); }\n' >>"$work/host.c"

count=0
# compile COMMAND...
compile() {
    "$@" -Wall -Wextra -Wpedantic -Werror -Iinclude -Ic-examples -fsyntax-only
    count=$((count + 1))
}
# compile_all FILE FLAGS...: as both languages, with every compiler.
compile_all() {
    local file=$1 compiler; shift
    for compiler in gcc clang; do
        have "$compiler" || { left_out "$compiler" "the header is not compiled with it"; continue; }
        compile "$compiler" -std=c99 "$@" -x c "$file"
        compile "$compiler" -std=c11 "$@" -x c "$file"
    done
    for compiler in g++ clang++; do
        have "$compiler" || { left_out "$compiler" "the header is not compiled with it"; continue; }
        compile "$compiler" -std=c++17 "$@" -x c++ "$file"
    done
}

compile_all "$work/alone.c"
for name in lua51 lua52 lua53 lua54 lua55 luajit; do
    [ -d "$dir/$name/include" ] || continue
    # A Lua's own headers need not be as strict as ours.
    compile_all "$work/host.c" -isystem "$dir/$name/include"
done
echo "$count times compiled"
