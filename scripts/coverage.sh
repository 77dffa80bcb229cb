#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Line coverage of the code that a guest or its disk can reach, by the suites unit, loader, guest and fuzz. Builds in build-coverage/.
#
# usage: scripts/coverage.sh [--lines]
# One line for each folder and a total; --lines also names, file by file, the lines that nothing reaches.
#
# Counted: core, engine, xenstore, devices, builder, base, and the loader's parse and boot, as compiled for the host. Not counted: the
# shim and the loader's and guest-lib's guest side, which run inside guests and have nowhere to count (tests/guest covers them), and
# control, which only the person who starts pvisor reaches.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

need_packages "$build_packages$test_packages"
say 'build-coverage: building'
build build-coverage "${user_options[@]}" -Doptimization=0 -Dtests=enabled -Db_coverage=true
find build-coverage -name '*.gcda' -delete
say 'build-coverage: testing unit, loader, guest, fuzz'
meson test -C build-coverage --suite unit --suite loader --suite guest --suite fuzz --quiet
python3 scripts/coverage.py build-coverage "$@"
