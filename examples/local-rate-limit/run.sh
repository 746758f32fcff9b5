#!/bin/bash
# Five requests a minute, and no more.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 blue
start_proxy

for i in 1 2 3 4 5; do expect "request $i" 200 "$(status /)"; done
expect "request 6" 429 "$(status /)"
expect_match "says why" 'x-limited: yes' "$(get / -i)"
expect "a route without the limit" 200 "$(status /free)"
