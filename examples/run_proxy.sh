# Sourced by every run.sh: starts backends and proa-proxy on free ports, asks, compares, and cleans up.
#
# envoy.yaml names ordinary ports, so that it also runs by hand; here each `port_value: N` gets a free port, which
# "${ports[N]}" tells. A path that begins with certs/ is moved to the scratch folder $work.
#
#   backend 9001 blue [OPTIONS]   backend.py on the port that stands for 9001
#   certificates                  certs/ca.crt and certificates for server and client
#   start_proxy                   proa-proxy with the example's envoy.yaml
#   get PATH [CURL OPTIONS]       the body of the answer at port 8080;  status PATH ...  its status
#   expect WHAT WANTED GOT        fails the example if they differ;  expect_match WHAT REGEX GOT
set -euo pipefail

example=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proxy=${PROA_PROXY:-$examples/../build/release/bin/proa-proxy}
python=$examples/../.venv/bin/python3
[ -x "$python" ] || python=python3
work=$(mktemp -d)
pids=()
declare -A ports

clean_up() {
  local code=$?
  [ $code = 0 ] || { echo "FAILED; the proxy said:"; cat "$work/proxy.log" 2>/dev/null || true; }
  [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
  exit $code
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() { echo "FAILED: $*"; exit 1; }

choose_ports() {
  local wanted free i=0
  # In objects of a control plane a port is a number, or the port of an endpoint.
  mapfile -t wanted < <(cat "$example"/*.yaml | grep -oE '(port_value|number|http): [0-9]{4,}' | grep -o '[0-9]*$' | sort -u)
  mapfile -t free < <("$python" -c '
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held: s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' ${#wanted[@]})
  for port in "${wanted[@]}"; do ports[$port]=${free[$((i++))]}; done
}

wait_port() {  # wait_port PORT WHAT
  for _ in $(seq 200); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
    sleep 0.05
  done
  fail "$2 does not listen on $1: $(cat "$work"/*.log 2>/dev/null)"
}

background() {  # background LOG COMMAND...
  local log=$1
  shift
  "$@" >"$work/$log.log" 2>&1 &
  pids+=($!)
}

backend() {
  local port=${ports[$1]} name=$2
  shift 2
  background "$name" "$python" "$examples/backend.py" "$port" "$name" "$@"
  wait_port "$port" "$name"
}

certificates() { "$python" "$examples/certificates.py" "$work/certs"; }

start_proxy() {
  local rules=(-e "s#\bcerts/#$work/certs/#g" -e "s#/tmp/access.log#$work/access.log#g")
  for port in "${!ports[@]}"; do rules+=(-e "s/port_value: $port\b/port_value: @${ports[$port]}/g"); done
  sed "${rules[@]}" "$example/envoy.yaml" | sed 's/port_value: @/port_value: /g' >"$work/envoy.yaml"
  background proxy "$proxy" -c "$work/envoy.yaml" --concurrency 1
  wait_port "${ports[${1:-8080}]}" proa-proxy
}

get() { local path=$1; shift; curl -sS --max-time 10 "$@" "http://127.0.0.1:${ports[8080]}$path"; }
status() { get "$@" -o /dev/null -w '%{http_code}'; }
field() { "$python" -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }  # field NAME <JSON

expect() {
  [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
  echo "ok: $1: $3"
}
expect_match() {
  [[ $3 =~ $2 ]] || fail "$1: expected something like '$2', got '$3'"
  echo "ok: $1: ${BASH_REMATCH[0]}"
}
expect_between() {  # expect_between WHAT LOW HIGH GOT
  [ "$4" -ge "$2" ] && [ "$4" -le "$3" ] || fail "$1: expected $2 to $3, got $4"
  echo "ok: $1: $4"
}

choose_ports
