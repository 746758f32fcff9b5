#!/bin/bash
# A log that programs read: what is in it, and what is not.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 blue
start_proxy

status / >/dev/null
status / -H 'x-log: 1' -A 'a "quoted" agent' >/dev/null
status /none >/dev/null
for _ in $(seq 50); do [ "$(wc -l <"$work/access.log" 2>/dev/null || echo 0)" -ge 2 ] && break; sleep 0.1; done
cat "$work/access.log"
expect "lines: the ordinary request left none" 2 "$(wc -l <"$work/access.log")"
expect "the one that asked" 200 "$(sed -n 1p "$work/access.log" | field status)"
expect "quotes are escaped" 'a "quoted" agent' "$(sed -n 1p "$work/access.log" | field agent)"
expect "the one that failed" 503 "$(sed -n 2p "$work/access.log" | field status)"
expect "why" UF "$(sed -n 2p "$work/access.log" | field flags)"
