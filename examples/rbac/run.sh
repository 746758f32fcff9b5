#!/bin/bash
# Who may do what.
. "$(dirname "$0")/../run_proxy.sh"
backend 9001 blue
start_proxy

expect "anybody reads what is public" 200 "$(status /public/page)"
expect "but does not write it" 403 "$(status /public/page -X POST)"
expect "nor reads the rest" 403 "$(status /private)"
expect "nor by a detour" 403 "$(status /public/../private --path-as-is)"
expect "staff may" 200 "$(status /private -H 'x-role: staff')"
