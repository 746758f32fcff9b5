#!/bin/bash
# WebSocket through the proxy.
. "$(dirname "$0")/../run_proxy.sh"
background echo "$python" "$example/echo.py" "${ports[9001]}"
wait_port "${ports[9001]}" echo
start_proxy

"$python" "$example/client.py" "${ports[8080]}"
