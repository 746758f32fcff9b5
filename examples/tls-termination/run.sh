#!/bin/bash
# Clients speak TLS, the backend does not.
. "$(dirname "$0")/../run_proxy.sh"
certificates
backend 9001 blue
start_proxy 8443

ask() { curl -sS --max-time 10 --cacert "$work/certs/ca.crt" "$@" "https://localhost:${ports[8443]}/"; }
expect "over TLS" blue "$(ask | field name)"
expect "the protocol by ALPN" 2 "$(ask -o /dev/null -w '%{http_version}')"
expect "HTTP/1.1 if the client asks for it" 1.1 "$(ask --http1.1 -o /dev/null -w '%{http_version}')"
expect "the backend is told" https "$(ask | "$python" -c 'import json, sys; print(json.load(sys.stdin)["headers"]["x-forwarded-proto"])')"
expect_match "clear text is sent to https" 'location: https://shop.example/x' "$(get /x -i -H 'host: shop.example')"
