#!/bin/bash
# Faults for one user only.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 blue
start_proxy

expect "an ordinary user" 200 "$(status /)"
seen=
for _ in $(seq 12); do seen+="$(status / -H 'x-user: tester') "; done
expect_match "the tester sees some succeed" 200 "$seen"
expect_match "and some fail" 418 "$seen"
slow=$(get / -H 'x-user: tester' -o /dev/null -w '%{time_total}' | tr -d .)
expect_between "each after a pause, in microseconds" 300000 5000000 "$((10#$slow))"
