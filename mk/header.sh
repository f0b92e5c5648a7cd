#!/usr/bin/env bash
# Generates include/oxilua.h, or with --check compares.
source "$(dirname "$0")/common.sh"

[ -e tools/header ] || { echo "there is no tools/header yet" >&2; exit 1; }
if [ -x tools/header ] && [ ! -d tools/header ]; then
    exec tools/header "$@"
fi
exec "$cargo" run --quiet --manifest-path tools/header/Cargo.toml -- "$@"
