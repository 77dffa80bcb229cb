#!/bin/sh
# SPDX-License-Identifier: MIT
# Copies a guest to where `pvisor` and the tests look for it. Meson puts outputs only into the folder of the meson.build
# that names them, hence the copy and a stamp. Usage: copy-guest.sh FROM TO STAMP
set -e
mkdir -p "$(dirname "$2")"
cp "$1" "$2"
: > "$3"
