#!/bin/bash
# A backend that says it is sick is left alone until it is well.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 blue
backend 9002 green
start_proxy

names() { for _ in $(seq 8); do get / | field name; done | sort -u | tr '\n' ' '; }
wait_for() {  # until the answers come from exactly these
  for _ in $(seq 100); do [ "$(names)" = "$2" ] && break; sleep 0.1; done
  expect "$1" "$2" "$(names)"
}
tell() { curl -sS -o /dev/null -X POST "http://127.0.0.1:${ports[$1]}/$2"; }

wait_for "both are well" "blue green "
tell 9001 sick
wait_for "blue is sick" "green "
tell 9001 well
wait_for "blue is well again" "blue green "
tell 9001 sick
tell 9002 sick
for _ in $(seq 100); do [ "$(status /)" = 503 ] && break; sleep 0.1; done
expect "both are sick" 503 "$(status /)"
