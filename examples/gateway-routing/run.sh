#!/bin/bash
# Requests find their cluster by host, path and header.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 blue
backend 9002 green
start_proxy

ask() { get "$2" -H "host: $1" "${@:3}"; }
expect "by path" blue "$(ask shop.example /cart/7 | field name)"
expect "the prefix is rewritten" /v1/cart/7 "$(ask shop.example /cart/7 | field path)"
expect "by header" green "$(ask shop.example /cart/7 -H 'x-beta: yes' | field name)"
expect "by regular expression" blue "$(ask shop.example /item/42 | field name)"
expect "by wildcard host" green "$(ask eu.api.example /search?q=x | field name)"
expect "no route of this host" 404 "$(status /item/x -H 'host: shop.example')"
expect "no such host" 404 "$(status / -H 'host: other.example')"
