#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The demonstration: builds pvisor, makes a disk with a menu and two kernels, and boots it. Installs what is missing first;
# PVISOR_NO_INSTALL=1 only checks. Needs no privilege apart from that. The exit status is the guest's.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

need_packages "$build_packages"

say 'Building build/pvisor and its guests: a monitor, a loader that is itself a guest, and example kernels.'
targets='pvisor loader/loader.copied'
for example in examples/*/main.c; do targets+=" ${example%/main.c}.copied"; done
build build "${user_options[@]}" || fail 'the build failed; all of its output is in build/last-build.txt'

say 'Making build/demo/disk.img: an ext4 file system with two kernels and a menu.lst, as a cloud image has them.'
scripts/make-demo-disk.sh build build/demo

say 'Booting it: the loader finds the menu on the disk, loads the kernel named there and hands the domain over to it.'
if [ -t 0 ]; then
  say 'The menu is live: arrow keys choose, Enter boots, e edits, c is a command line; Ctrl-] leaves.'
else
  exec </dev/null # the countdown boots the default entry
fi
status=0
build/pvisor boot build/demo/disk.img --disk build/demo/copy.img --timeout 60s || status=$?

say "The guest ended with status $status. Its command line came from the menu; what it did to its disks, seen from here:"
if cmp -s build/demo/disk.img build/demo/copy.img; then
  say 'build/demo/copy.img is the same as build/demo/disk.img, which the guest read: it wrote the copy.'
else
  say 'build/demo/copy.img is not a copy of build/demo/disk.img (only the first entry of the menu makes one).'
fi
say "Next: build/pvisor run build/guests/hello.elf -- your=words; 'Your first guest' in README.md; examples/."
exit "$status"
