#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches the Xen that the tests named NAME@xen start in an emulator. The hypervisor's package is downloaded and unpacked into
# FOLDER, never installed. Afterwards FOLDER has the file `xen`, or the file `why-not` with one line saying what is missing.
#
# usage: scripts/get-xen.sh FOLDER
set -euo pipefail

readonly package=xen-hypervisor-4.17-amd64 # the version whose ABI pvabi follows
readonly image=boot/xen-4.17-amd64.gz

[ $# -eq 1 ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
[ ! -s xen ] || exit 0
rm -rf why-not unpacked ./*.deb

give_up() { printf '%s\n' "$*" | tee why-not >&2; exit 0; }

unpack() { gunzip -c "$1" >xen.part && mv xen.part xen; }

if [ -r "/$image" ]; then unpack "/$image"; exit 0; fi
[ "${PVISOR_NO_INSTALL:-0}" != 1 ] || give_up "PVISOR_NO_INSTALL=1 forbids fetching $package"
for tool in apt-get dpkg-deb; do command -v $tool >/dev/null || give_up "this system has no $tool to fetch $package with"; done

# First by the package lists there are. Old ones name files that are gone, and a new system has none: then by lists of our own,
# which need no root.
quick=(-q -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)
own=("${quick[@]}" -o Dir::State="$PWD/apt" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$PWD/apt")
fetch() { timeout 120 apt-get "$@" download "$package" >>fetch.log 2>&1; }
fetch_by_new_lists() {
  mkdir -p apt/lists/partial apt/archives/partial
  : >fetch.log
  timeout 300 apt-get "${own[@]}" update >>fetch.log 2>&1 || return 1
  fetch "${own[@]}"
}
fetch "${quick[@]}" || fetch_by_new_lists || give_up "$package cannot be fetched: $(grep -m 1 -E '^[EW]: (Failed|Unable)' fetch.log || echo 'see fetch.log')"
rm -rf apt
dpkg-deb -x ./"$package"_*.deb unpacked || give_up "$package cannot be unpacked"
unpack "unpacked/$image" || give_up "$package has no $image"
rm -rf unpacked ./*.deb fetch.log
