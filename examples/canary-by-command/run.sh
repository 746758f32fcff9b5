#!/bin/bash
# A canary comes, is seen beforehand, outlives a kill -9 of the control plane, and goes.
. "$(dirname "$0")/../run_proxy.sh"
proa=$(dirname "$proxy")/proa
export PROA_API=$work/api

# Objects with the ports of this run.
objects() {
  local rules=()
  for port in "${!ports[@]}"; do rules+=(-e "s/\b$port\b/${ports[$port]}/g"); done
  sed "${rules[@]}" "$example/$1"
}
start_control() {
  background control "$proa" control --store "$work/store" --xds "127.0.0.1:${ports[15010]}" --debounce-ms 20
  control=${pids[-1]}
  wait_port "${ports[15010]}" "proa control"
}
wait_for_name() {  # wait_for_name NAME CURL OPTIONS...
  local name=$1
  shift
  for _ in $(seq 200); do
    [ "$(get / "$@" | field name 2>/dev/null)" = "$name" ] && return
    sleep 0.02
  done
  fail "the gateway does not answer as $name"
}

backend 9001 stable
backend 9002 canary
start_control
for file in shop.yaml stable.yaml; do objects $file | "$proa" apply -f - >"$work/applied"; done
start_proxy
wait_for_name stable
echo "ok: what is applied is served"

differs=0
objects canary.yaml | "$proa" diff -f - >"$work/diff" || differs=$?
expect "what diff exits with, before" 1 $differs
expect_match "what it shows" '\+ *weight: 10' "$(cat "$work/diff")"
objects canary.yaml | "$proa" apply -f - >"$work/applied"
expect "what apply says" "virtualservice.networking.istio.io/reviews configured" "$(cat "$work/applied")"
wait_for_name canary -H 'x-tester: yes'
echo "ok: testers get the canary"
for i in $(seq 500); do echo "url=http://127.0.0.1:${ports[8080]}/$i"; done >"$work/requests"
curl -sS -K "$work/requests" >"$work/answers"
expect_between "of 500 others" 20 90 "$(grep -c '"name": "canary"' "$work/answers")"

kill -9 "$control"
wait "$control" 2>/dev/null || true
expect "the gateway without its control plane" 200 "$(status / -H 'x-tester: yes')"
start_control
objects canary.yaml | "$proa" diff -f -
echo "ok: it is all there again"
"$proa" delete vs reviews -n shop >"$work/deleted"
for _ in $(seq 200); do [ "$(status /)" = 404 ] && break; sleep 0.02; done
expect "once the rule is deleted" 404 "$(status /)"
