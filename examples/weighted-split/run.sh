#!/bin/bash
# One request of ten goes to the canary.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 stable
backend 9002 canary
start_proxy

for i in $(seq 500); do echo "url=http://127.0.0.1:${ports[8080]}/$i"; done >"$work/requests"
curl -sS -K "$work/requests" >"$work/answers"
expect "answers" 500 "$(wc -l <"$work/answers")"
expect_between "of these by the canary" 20 90 "$(grep -c '"name": "canary"' "$work/answers")"
