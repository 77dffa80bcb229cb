# SPDX-License-Identifier: MIT
# What demo.sh and test.sh share: the packages they need, and build folders. Sourced by bash, from the top of the tree.
# shellcheck shell=bash disable=SC2034

PATH=$PATH:/usr/sbin:/sbin # mke2fs and sfdisk live there, and not everybody's PATH has it

# One line each: Debian's package, then how to see that it is there when the package is not the one that brought it.
readonly build_packages='
g++ command:g++
meson command:meson
ninja-build command:ninja
pkg-config command:pkg-config
libboost-context-dev header:boost/context/detail/fcontext.hpp
libfmt-dev header:fmt/format.h
libcli11-dev header:CLI/CLI.hpp
nlohmann-json3-dev header:nlohmann/json.hpp
liburing-dev header:liburing.h
libcapstone-dev header:capstone/capstone.h
libseccomp-dev header:seccomp.h
libslirp-dev header:slirp/libslirp.h
xz-utils command:xz
e2fsprogs command:mke2fs'
readonly test_packages='
python3 command:python3
python3-jsonschema python:jsonschema
doctest-dev header:doctest/doctest.h
libbenchmark-dev header:benchmark/benchmark.h
libxen-dev header:xen/xen.h
clang command:clang
cmake command:cmake
make command:make
libclang-rt-dev clang-links:-fsanitize=fuzzer
fdisk command:sfdisk
strace command:strace
iproute2 command:ip
iputils-ping command:ping
tcpdump command:tcpdump
curl command:curl
dosfstools command:mkfs.fat
mtools command:mcopy
lz4 command:lz4
zstd command:zstd
qemu-system-x86 command:qemu-system-x86_64'

say() { printf '==> [%4d s] %s\n' "$SECONDS" "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# A header counts as there when the compiler finds it; without a compiler nothing does.
has_header() { printf '#include <%s>\n' "$1" | g++ -x c++ -std=c++20 -fsyntax-only - >/dev/null 2>&1; }

clang_links() { # OPTION: true if clang has the library that it needs
  printf 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n' |
    clang++ -x c++ "$1" -o /dev/null - 2>/dev/null
}

is_there() { # PACKAGE PROBE
  if command -v dpkg-query >/dev/null; then
    case "$(dpkg-query -W -f='${Status}\n' "$1" 2>/dev/null || true)" in *'install ok installed'*) return 0 ;; esac
  fi
  case "$2" in
    command:*) command -v "${2#command:}" >/dev/null ;;
    header:*) has_header "${2#header:}" ;;
    python:*) python3 -c "import ${2#python:}" 2>/dev/null ;;
    clang-links:*) clang_links "${2#clang-links:}" ;;
  esac
}

missing_of() { # LIST: the packages of it that are not there, on one line
  local package probe missing=()
  while read -r package probe; do
    if [ -n "$package" ] && ! is_there "$package" "$probe"; then missing+=("$package"); fi
  done <<<"$1"
  printf '%s' "${missing[*]}"
}

check_host() {
  [ "$(uname -s)/$(uname -m)" = Linux/x86_64 ] || fail "pvisor needs 64-bit x86 Linux; this is $(uname -s) on $(uname -m)"
  local ID='' VERSION_ID='' PRETTY_NAME='this system'
  # shellcheck disable=SC1091
  if [ -r /etc/os-release ]; then . /etc/os-release; fi
  local too_old="$PRETTY_NAME is too old: pvisor needs Debian 12 or Ubuntu 24.04, or newer"
  case "$ID" in
    debian) if [ -n "$VERSION_ID" ] && [ "${VERSION_ID%%.*}" -lt 12 ]; then fail "$too_old"; fi ;;
    ubuntu) if [ -n "$VERSION_ID" ] && [ "${VERSION_ID%%.*}" -lt 24 ]; then fail "$too_old"; fi ;;
  esac
}

# Installs what is missing of the lists given, after saying what that is; or says what to do, and stops.
need_packages() {
  check_host
  local missing
  missing=$(missing_of "$*")
  [ -n "$missing" ] || { say 'Packages: everything needed is installed.'; return 0; }
  command -v apt-get >/dev/null || fail "this system lacks (by Debian's names): $missing"

  local advice="apt-get install -y --no-install-recommends $missing"
  if [ "${PVISOR_NO_INSTALL:-0}" = 1 ]; then
    fail "packages are missing and PVISOR_NO_INSTALL=1 forbids installing them; as root: $advice"
  fi
  local -a root=()
  if [ "$(id -u)" -ne 0 ]; then
    root=(sudo)
    if [ ! -t 0 ]; then root=(sudo -n); fi # without a terminal nobody can type a password
    "${root[@]}" true 2>/dev/null || fail "packages are missing and this user may not install them; as root: $advice"
  fi
  say "Packages: installing $missing"
  root+=(env DEBIAN_FRONTEND=noninteractive)
  "${root[@]}" apt-get update -q </dev/null || say 'Packages: apt-get update failed; trying with the lists there are'
  # shellcheck disable=SC2086
  "${root[@]}" apt-get install -q -y --no-install-recommends $missing </dev/null || fail "installing failed; as root: $advice"
}

# Warnings are errors with the compilers that the code is kept clean for; a newer one may know new warnings.
werror_for() { # COMPILER
  local version
  version=$("$1" -dumpversion 2>/dev/null || true)
  case "${PVISOR_WERROR:-$1-${version%%.*}}" in g++-12 | clang++-14 | 1) echo -Dwerror=true ;; *) echo -Dwerror=false ;; esac
}

# The folder build/ is for users: optimised, and without what only a debugger wants, which halves the time it takes.
readonly user_options=(--buildtype=debugoptimized -Ddebug=false)

# Configures a build folder unless it is a good one of this tree already.
configure() { # FOLDER OPTION...
  local folder=$1
  shift
  if [ -f "$folder/build.ninja" ] && grep -q "\"source\": \"$PWD\"" "$folder/meson-info/meson-info.json" 2>/dev/null; then
    # The demonstration may have configured it before the tests' packages were there.
    if [[ " $* " == *' -Dtests=enabled '* ]] && ! grep -q 'pvisor-bench' "$folder/build.ninja"; then
      meson configure "$folder" -Dtests=enabled
    fi
    # Nor was lwIP.
    if [ -d "$folder/lwip/src" ] && ! grep -q libpv-lwip "$folder/build.ninja"; then meson setup --reconfigure "$folder"; fi
    return 0
  fi
  rm -rf "$folder"/meson-{private,info,logs} "$folder/build.ninja" # left half-way, or from another place
  meson setup "$folder" "$@"
}

# Configures and builds, everything or the `targets` named; of what the tools say only warnings are shown, or the end if they fail.
build() { # FOLDER OPTION...
  local folder=$1
  local log=$folder/last-build.txt
  mkdir -p "$folder"
  # shellcheck disable=SC2086
  if configure "$@" >"$log" 2>&1 && ninja -C "$folder" ${targets:-} >>"$log" 2>&1; then
    grep -E 'warning: ' "$log" | sort -u || true
    return 0
  fi
  grep -vE '^\[[0-9]+/[0-9]+\]|^Configuring ' "$log" | tail -n 60 >&2 || true
  return 1
}
