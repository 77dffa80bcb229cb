#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The demonstration: builds pvisor, makes a disk with a menu and kernels, has a guest copy it, and boots the copy: into a shell, for
# the user on a terminal, else with a few commands typed for him. At last a guest serves a file of the disk by HTTP, if lwIP, its
# IP stack, can be fetched. Installs what is missing first; PVISOR_NO_INSTALL=1 only checks.
# Needs no privilege apart from that. The exit status is the guest's.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

need_packages "$build_packages"

say 'Fetching lwIP, an IP stack for guests, into build/lwip.'
if scripts/get-lwip.sh build/lwip; then has_lwip=1; else has_lwip=0; fi

say 'Building build/pvisor and its guests: a monitor, a loader that is itself a guest, and example kernels.'
targets='pvisor loader/loader.copied'
for example in examples/*/main.c; do
  if [ $has_lwip = 1 ] || ! grep -q 'pv/ip.h' "$example"; then targets+=" ${example%/main.c}.copied"; fi
done
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

# A request by bash's own means: not everybody has curl.
ask_guest() {
  local port line body server from
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  say "A guest gets an address by DHCP and serves the disk's files by HTTP, at port $port of this machine."
  coproc build/pvisor run build/guests/httpd.elf --disk build/demo/disk.img,ro --net "user,hostfwd=tcp:127.0.0.1:$port-:80" \
    --timeout 60s -- requests=1
  server=$COPROC_PID from=${COPROC[0]}
  read -r line <&"$from" || { wait "$server"; return 1; }
  say "It says: $line. Asking for /boot/grub/menu.lst:"
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /boot/grub/menu.lst HTTP/1.1\r\nHost: guest\r\n\r\n' >&3
  cat <&3 | tr -d '\r' >build/demo/answer.txt
  exec 3>&-
  cat build/demo/answer.txt
  wait "$server" || return 1
  body=$(sed '1,/^$/d' build/demo/answer.txt)
  [ "$(head -n 1 build/demo/answer.txt)" = 'HTTP/1.1 200 OK' ] && [ "$body" = "$(cat build/demo/tree/boot/grub/menu.lst)" ]
}
if [ $has_lwip = 1 ]; then
  ask_guest || fail 'the guest did not answer with the file that was put on the disk'
  say 'Checked from here: it is the file that was put on the disk.'
else
  say "No request by HTTP: $(cat build/lwip/why-not)"
fi
say "Next: build/pvisor run build/guests/hello.elf -- your=words; 'Your first guest' in README.md; examples/."
exit "$status"
