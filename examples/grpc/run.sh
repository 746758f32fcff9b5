#!/bin/bash
# gRPC through the proxy, with the official library on both sides.
. "$(dirname "$0")/../run_proxy.sh"
background service "$python" "$example/service.py" "${ports[9001]}"
wait_port "${ports[9001]}" service
start_proxy

"$python" "$example/client.py" "${ports[8080]}"
expect "what is no gRPC has no route" 404 "$(status /)"
