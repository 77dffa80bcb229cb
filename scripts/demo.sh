#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The demonstration: builds pvisor, makes a disk with a menu and kernels, has a guest copy it, and boots the copy: into a shell, for
# the user on a terminal, else with a few commands typed for him. Installs what is missing first; PVISOR_NO_INSTALL=1 only checks.
# Needs no privilege apart from that. The exit status is the guest's.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

need_packages "$build_packages"

say 'Building build/pvisor and its guests: a monitor, a loader that is itself a guest, and example kernels.'
targets='pvisor loader/loader.copied'
for example in examples/*/main.c; do targets+=" ${example%/main.c}.copied"; done
build build "${user_options[@]}" || fail 'the build failed; all of its output is in build/last-build.txt'

say 'Making build/demo/disk.img: an ext4 file system with three kernels and a menu.lst, as a cloud image has them.'
scripts/make-demo-disk.sh build build/demo
sectors=$(($(stat -c %s build/demo/disk.img) / 512))

say 'A first kernel copies that disk to a second one, through block rings, grants and event channels.'
build/pvisor run build/guests/block-copy.elf --disk build/demo/disk.img,ro --disk build/demo/copy.img --timeout 60s -- "sectors=$sectors"
cmp build/demo/disk.img build/demo/copy.img || fail 'the copy differs from the disk'
say 'Seen from here, too: both images are the same. Now the copy is booted: the loader, a guest as well, finds its menu.'

boot=(build/pvisor boot build/demo/copy.img --disk build/demo/disk.img)
status=0
if [ -t 0 ]; then
  say 'The menu is live, and its first entry a shell: help lists what it knows, reboot leads back to the menu.'
  say 'To leave: poweroff in the shell, or Ctrl-] at any time.'
  "${boot[@]}" || status=$?
else
  say 'Without a terminal the countdown boots the first entry, a shell; this is typed into it: disks, ls, cat, ps, poweroff.'
  printf '%s\n' disks 'ls /boot' 'cat /boot/grub/menu.lst' ps poweroff | "${boot[@]}" --timeout 60s | tee build/demo/session.txt || status=$?
  [ "$status" -eq 0 ] || fail "the shell ended with status $status"
  for kernel in build/demo/tree/boot/*.elf; do
    grep -qE "^ *$(stat -c %s "$kernel")  ${kernel##*/}\$" build/demo/session.txt || fail "the shell did not list ${kernel##*/} with its size"
  done
  say 'Checked from here: the sizes it listed are those of the files that were put on the disk.'
fi
say "Next: build/pvisor run build/guests/hello.elf -- your=words; 'Your first guest' in README.md; examples/."
exit "$status"
