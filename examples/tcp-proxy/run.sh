#!/bin/bash
# Bytes both ways, whatever they mean; a backend that is not there is passed over.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 blue  # nothing listens on 9002: the second attempt goes to the other one
start_proxy

for i in 1 2 3 4; do expect "connection $i" blue "$(get / | field name)"; done
for _ in $(seq 50); do [ "$(grep -c out "$work/access.log" 2>/dev/null)" = 4 ] && break; sleep 0.1; done
expect_match "a line for each connection" '[0-9]+ in [0-9]+ out' "$(tail -n1 "$work/access.log")"
