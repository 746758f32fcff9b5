#!/bin/bash
# A backend that fails every other request, and clients that do not see it.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 flaky --fail-every 2
start_proxy

expect "without a retry" 503 "$(status /once)"
expect "the next one, without a retry" 200 "$(status /once)"
for i in 1 2 3 4 5; do
  expect "with retries, request $i" 200 "$(status /)"
done
expect_match "the second attempt answered" 'x-envoy-attempt-count: 2' "$(get / -i)"
expect "what the backend was asked" 16 "$(get / | field count)"  # twice at once, then two attempts for each of 7
