#!/bin/bash
# Answers that need no backend.
. "$(dirname "$0")/../run_proxy.sh"
start_proxy

location() { get "$@" -o /dev/null -w '%{http_code} %{redirect_url}'; }
here=http://127.0.0.1:${ports[8080]}
expect "a text" "I am a teapot" "$(get /teapot)"
expect "its status" 418 "$(status /teapot)"
expect "another path" "302 $here/new" "$(location /old)"
expect "another host, without the query" "301 http://docs.example/intro" "$(location /docs/intro?x=1)"
expect "by regular expression" "301 $here/people/7" "$(location /user/7)"
