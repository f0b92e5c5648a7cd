#!/usr/bin/env bash
# Installs what the tests can use besides Rust, a C compiler and make. For Debian and its descendants.
source "$(dirname "$0")/common.sh"

LUPA=2.8

have apt-get || { echo "make deps knows apt-get only; these are the packages: see $0" >&2; exit 1; }

packages=(
    lua5.1 lua5.2 lua5.3 lua5.4 luajit                                             # interpreters
    liblua5.1-0 liblua5.2-0 liblua5.3-0 liblua5.4-0 libluajit-5.1-2 liblua5.3-dev  # shared Luas; one to link by pkg-config
    lua-cjson                                                                      # to compare oxilua.json with
    gcc g++ clang binutils make pkg-config perl valgrind                           # perl has `prove`
    python3-pip
)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "apt-get install ${missing[*]}"
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -q
    $as_root apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

# Not among the system's Python packages, which are Debian's: mk/common.sh says where.
if have_lupa; then
    echo "lupa is there"
else
    "$python" -m pip install --quiet --disable-pip-version-check --target "$target/python" "lupa==$LUPA"
fi
