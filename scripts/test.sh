#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every test that can run here, and why the others did not. Installs what is missing first; PVISOR_NO_INSTALL=1 only checks.
# PVISOR_TEST_QUICK=1 stops after the ordinary build's tests. The last line is `N passed, N failed, N skipped`.
#
#   build        as users have it: all suites, then one short run of every benchmark
#   build-asan   AddressSanitizer and UBSan: suites unit, abi, loader, guest, hostile, fuzz
#   build-tsan   ThreadSanitizer: suite tsan, the tests with two threads
#   build-clang  the other compiler, with AddressSanitizer and UBSan: suite fuzz, a few seconds of libFuzzer for each target
#
# Warnings fail the build with GCC 12 and clang 14, for which the code is kept clean; PVISOR_WERROR=1 or 0 decides otherwise.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

need_packages "$build_packages$test_packages"
exec </dev/null # no test asks anybody

# Outcomes of steps that are no meson tests, "ok|fail|skip<TAB>step<TAB>reason"; the logs of meson's runs.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/steps"
logs=()
note() { printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$work/steps"; }

# Runs suites (none named: all) of a build folder, under `wrap`.
wrap=()
run_suites() { # FOLDER [SUITE...]
  local folder=$1 suite
  shift
  local log=$folder/meson-logs/testlog.json
  local -a chosen=()
  for suite in "$@"; do chosen+=(--suite "$suite"); done
  rm -f "$log"
  say "$folder: testing ${*:-everything}"
  local status=0
  "${wrap[@]}" meson test -C "$folder" --print-errorlogs "${chosen[@]}" || status=$?
  if [ -s "$log" ]; then
    cp "$log" "$work/$folder.json"
    logs+=("$work/$folder.json")
  elif [ "$status" -ne 0 ] || [ $# -eq 0 ]; then
    note fail "$folder" "meson test did not run (status $status)"
  else
    note skip "$folder" "no test is in: $*"
  fi
}

# Sanitizers do not run everywhere: those of GCC 12 fail, now and then, where addresses are randomised very much.
# Sets `wrap` to what they need here; status 1 if nothing helps.
sanitizer_runs() { # COMPILER -fsanitize=...
  local wrapper
  printf 'int main() { return 0; }\n' | "$1" -x c++ "$2" -o "$work/probe" - 2>/dev/null || return 1
  for wrapper in '' 'setarch x86_64 -R'; do
    read -ra wrap <<<"$wrapper"
    for _ in 1 2 3 4 5 6 7 8; do
      ASAN_OPTIONS=detect_leaks=0 "${wrap[@]}" "$work/probe" >/dev/null 2>&1 || continue 2
    done
    return 0
  done
  return 1
}

# Leak checks need ptrace, which some containers deny.
leak_checks() { if ASAN_OPTIONS=detect_leaks=1 "${wrap[@]}" "$work/probe" >/dev/null 2>&1; then echo 1; else echo 0; fi; }

step_build() {
  say 'build: fetching lwIP for guests that speak TCP/IP (unpacked into build/lwip, not installed)'
  scripts/get-lwip.sh build/lwip || true # they say why they did not run
  say 'build: building'
  if ! build build "${user_options[@]}" -Dtests=enabled "$(werror_for g++)"; then note fail build 'the build failed'; return 0; fi
  say 'build: fetching Xen for the tests named @xen (unpacked into build/xen, not installed)'
  scripts/get-xen.sh build/xen
  run_suites build
}

step_bench() {
  say 'build: one short run of every benchmark'
  if [ ! -x build/pvisor-bench ]; then note fail pvisor-bench 'it was not built'; return 0; fi
  if build/pvisor-bench --benchmark_min_time=0.01; then note ok pvisor-bench; else note fail pvisor-bench "status $?"; fi
}

step_asan() {
  if ! sanitizer_runs g++ -fsanitize=address,undefined; then note skip build-asan 'programs built with ASan do not run here'; return 0; fi
  local leaks
  leaks=$(leak_checks)
  if [ "$leaks" = 0 ]; then say 'build-asan: leaks are not looked for: the host denies ptrace'; fi
  say 'build-asan: building'
  if ! build build-asan "${user_options[@]}" -Dtests=enabled -Db_sanitize=address,undefined -Db_lundef=false; then note fail build-asan 'the build failed'; return 0; fi
  # The fiber engine handles faults itself, on its own alternate stack.
  ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:allow_user_segv_handler=1:use_sigaltstack=0:detect_leaks=$leaks \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 run_suites build-asan unit abi loader guest hostile fuzz
}

step_tsan() {
  if ! sanitizer_runs g++ -fsanitize=thread; then note skip build-tsan 'programs built with TSan do not run here'; return 0; fi
  say 'build-tsan: building what the suite needs'
  if ! configure build-tsan "${user_options[@]}" -Dtests=enabled -Db_sanitize=thread -Db_lundef=false >"$work/log" 2>&1; then
    tail -n 40 "$work/log" >&2
    note fail build-tsan 'it cannot be configured'
    return 0
  fi
  TSAN_OPTIONS=halt_on_error=1 run_suites build-tsan tsan
}

step_clang() {
  local -a sanitized=('-Db_sanitize=address,undefined' -Db_lundef=false -Dfuzz=enabled)
  if ! sanitizer_runs clang++ -fsanitize=address,undefined; then
    sanitized=()
    note skip fuzz "programs built with clang's ASan do not run here"
  fi
  say 'build-clang: building'
  if ! CC=clang CXX=clang++ build build-clang "${user_options[@]}" -Dtests=enabled "${sanitized[@]}" "$(werror_for clang++)"; then
    note fail build-clang 'the build failed'
    return 0
  fi
  note ok build-clang
  if [ ${#sanitized[@]} -gt 0 ]; then ASAN_OPTIONS=detect_leaks=$(leak_checks) run_suites build-clang fuzz; fi
}

step_build
if [ "${PVISOR_TEST_QUICK:-0}" != 1 ]; then
  step_bench
  step_asan
  step_tsan
  step_clang
fi
say 'done'
python3 scripts/summary.py "$work/steps" "${logs[@]}"
