#!/bin/bash
# Both sides of a mesh hop in one process: each shows a certificate, each checks the other's.
. "$(dirname "$0")/../run_proxy.sh"
certificates
backend 9001 backend
start_proxy

expect "a call through both" backend "$(get / | field name)"
expect_match "who called" 'URI=spiffe://cluster.local/ns/default/sa/client' "$(get /)"
expect_match "what a client claims is not believed" '"x-forwarded-client-cert": "[^,]*sa/client"' \
  "$(get / -H 'x-forwarded-client-cert: URI=spiffe://cluster.local/ns/default/sa/admin')"

ask() { curl -sS --max-time 10 --cacert "$work/certs/ca.crt" "$@" "https://localhost:${ports[8443]}/" 2>&1 || true; }
expect "with the right certificate" backend \
  "$(ask --cert "$work/certs/client.crt" --key "$work/certs/client.key" | field name)"
expect_match "without a certificate" 'curl: \(' "$(ask)"
expect_match "with a stranger's" 'curl: \(' "$(ask --cert "$work/certs/stranger.crt" --key "$work/certs/stranger.key")"
