#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches lwIP, the IP stack of guests that link pv-lwip: the upstream sources as the distribution has them. They are unpacked into
# FOLDER, nothing is installed. Afterwards FOLDER has `src` and `COPYING`, or, with status 1, the file `why-not` with one line
# saying what is missing.
#
# usage: scripts/get-lwip.sh FOLDER
set -euo pipefail

[ $# -eq 1 ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
[ ! -s src/core/tcp.c ] || exit 0
rm -rf why-not unpacked apt ./lwip_*

give_up() { printf '%s\n' "$*" | tee why-not >&2; exit 1; }

[ "${PVISOR_NO_INSTALL:-0}" != 1 ] || give_up 'PVISOR_NO_INSTALL=1 forbids fetching the sources of lwip'
for tool in apt-get tar xz; do command -v $tool >/dev/null || give_up "this system has no $tool to fetch the sources of lwip with"; done

# Most systems list no sources: the places that they get packages from have those, too. Our own lists need no root, and the
# system's stay as they are.
mkdir -p apt/sources apt/lists/partial apt/archives/partial
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  case "$list" in
    *.list) [ ! -r "$list" ] || sed -nE 's/^[[:space:]]*deb(-src)?[[:space:]]/deb-src /p' "$list" >>"apt/sources/${list##*/}" ;;
    *.sources) [ ! -r "$list" ] || sed -E 's/^Types:.*/Types: deb-src/' "$list" >"apt/sources/${list##*/}" ;;
  esac
done
own=(-q -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30
  -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$PWD/apt/sources" -o Dir::State="$PWD/apt"
  -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$PWD/apt")
# A place that has no sources fails the update; what counts is whether lwip was found at another.
timeout 300 apt-get "${own[@]}" update >fetch.log 2>&1 || true
timeout 120 apt-get "${own[@]}" source --download-only lwip >>fetch.log 2>&1 || # which compares with the signed lists
  give_up "the sources of lwip cannot be fetched: $(grep -m 1 '^E: ' fetch.log || echo "see $PWD/fetch.log")"
rm -rf apt

mkdir unpacked
tar -xf ./lwip_*.orig.tar.* -C unpacked --strip-components=1 || give_up 'the sources of lwip cannot be unpacked'
for file in src/core/tcp.c src/include/lwip/init.h COPYING; do
  [ -s "unpacked/$file" ] || give_up "the sources of lwip have no $file"
done
grep -qE '#define LWIP_VERSION_MAJOR +2\>' unpacked/src/include/lwip/init.h || give_up 'the sources of lwip are not of version 2'
mv unpacked/COPYING .
mv unpacked/src .
rm -rf unpacked ./lwip_* fetch.log
