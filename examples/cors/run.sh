#!/bin/bash
# Browsers of other sites: who may, who may not.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 blue
start_proxy

preflight() { get / -i -X OPTIONS -H "origin: $1" -H 'access-control-request-method: PUT'; }
expect_match "a preflight of the application" 'access-control-allow-methods: GET, PUT' "$(preflight https://app.example)"
expect_match "and how long it holds" 'access-control-max-age: 600' "$(preflight https://app.example)"
expect "the backend was not asked" 1 "$(get / | field count)"
expect_match "a request of the application" 'access-control-allow-origin: https://app.example' \
  "$(get / -i -H 'origin: https://app.example')"
expect_match "by suffix" 'access-control-allow-origin: https://x.trusted.example' \
  "$(get / -i -H 'origin: https://x.trusted.example')"
expect "another site gets no leave" 0 "$(get / -i -H 'origin: https://evil.example' | grep -ci access-control || true)"
