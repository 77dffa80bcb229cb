#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: veth_floor.sh SECONDS
# Prints iperf3's report, in JSON, of one TCP stream through a pair of veth devices between two network namespaces, which end with it.
# Ends with 77 where namespaces, ip or iperf3 cannot be had.
set -eu
for program in ip iperf3 nsenter unshare; do command -v "$program" >/dev/null || exit 77; done
if [ "${PVISOR_OWN_NETWORK:-}" != 1 ]; then
  flags=(--net)
  [ "$(id -u)" = 0 ] || flags+=(--map-root-user)
  unshare "${flags[@]}" true 2>/dev/null || exit 77
  PVISOR_OWN_NETWORK=1 exec unshare "${flags[@]}" "$0" "$@"
fi
unshare --net sleep 60 &
other=$!
trap 'kill $other ${server:+"$server"} 2>/dev/null || true' EXIT
own=$(readlink /proc/self/ns/net)
while [ "$(readlink "/proc/$other/ns/net")" = "$own" ]; do sleep 0.01; done # until it has its own
ip link add veth0 type veth peer name veth1 netns "$other" 2>/dev/null || exit 77
ip address add 10.8.0.1/24 dev veth0
ip link set veth0 up
nsenter --net="/proc/$other/ns/net" ip address add 10.8.0.2/24 dev veth1
nsenter --net="/proc/$other/ns/net" ip link set veth1 up
nsenter --net="/proc/$other/ns/net" iperf3 --server --one-off >/dev/null &
server=$!
for _ in $(seq 100); do
  report=$(iperf3 --client 10.8.0.2 --time "$1" --json 2>/dev/null || true)
  case "$report" in
    *'"sum_received"'*) printf '%s\n' "$report"; exit 0 ;;
  esac
  sleep 0.05 # the server is not there yet
done
exit 1
