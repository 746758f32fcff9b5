#!/usr/bin/env python3
"""Checks what the compiler does not: who may include whom (src/LAYERS), and how long a file may get.

    check_layers.py [SRC]     SRC defaults to src/ beside this tool
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
GENERATED = ("envoy/", "google/protobuf/", "google/rpc/", "google/api/", "udpa/", "xds/annotations/", "xds/core/",
             "xds/data/", "xds/service/", "xds/type/", "validate/", "opentelemetry/",
             "cel/expr/", "grpc/health/", "grpc/reflection/", "istio/")
# Headers that a few folders wrap for all others: prefix of the include -> folders where it may stand.
# A home ending in / means every folder below it.
# The first that fits counts: Istio's API is the control plane's, the messages of its filters (istio/x.pb.h) are config's.
ONLY_IN = {**{f"istio/{package}/": ("mesh/", "cli/proa")
              for package in ("analysis", "extensions", "mesh", "meta", "networking", "security", "telemetry", "type")},
           **{prefix: ("config", "xds", "mesh/", "cli/proa") for prefix in GENERATED}, "openssl/": ("net/tls",)}
NOT_IN_HEADERS = {"iostream": "it costs every program a static initialiser",
                  "regex": "it is slow, and so is compiling it; RE2 is at hand"}
WARN_LINES, FAIL_LINES = 400, 700


def read_layers(path):
    """{folder: set of folders it may include, itself among them}"""
    layers = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, _, allowed = line.partition(":")
        unknown = set(allowed.split()) - set(layers)
        if unknown:
            sys.exit(f"{path}:{number}: {folder} may include {', '.join(sorted(unknown))}, which no line above names")
        layers[folder] = set(allowed.split()) | {folder}
    return layers


def problem_of(folder, path, delimiter, included, layers):
    """Why this include is wrong, or None. `folder` is the folder of the file, e.g. net/tls."""
    top, target = folder.split("/")[0], included.split("/")[0]
    for prefix, homes in ONLY_IN.items():
        if included.startswith(prefix):
            if not any(folder == home or home.endswith("/") and folder.startswith(home) for home in homes):
                return f"{included} only in src/{', src/'.join(homes)}"
            return None
    if path.suffix == ".h" and included in NOT_IN_HEADERS:
        return f"<{included}> in a header: {NOT_IN_HEADERS[included]}"
    if delimiter == "<":
        return None
    if "/" not in included:
        return f'"{included}": give the full path from src/'
    if target not in layers:
        return f'"{included}": src/LAYERS has no folder {target}'
    if target not in layers[top]:
        return f"{top} may not include {target} (src/LAYERS)"
    return None


def check_file(path, folder, layers):
    """(errors, warnings) of one file."""
    lines = path.read_text().splitlines()
    errors, warnings = [], []
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        problem = include and problem_of(folder, path, include[1], include[2], layers)
        if problem:
            errors.append(f"{path}:{number}: {problem}")
    if path.suffix == ".h" and "#pragma once" not in lines:
        errors.append(f"{path}:1: no #pragma once")
    if len(lines) > FAIL_LINES:
        errors.append(f"{path}:{len(lines)}: {len(lines)} lines; more than {FAIL_LINES} is two ideas in one file")
    elif len(lines) > WARN_LINES:
        warnings.append(f"{path}: {len(lines)} lines; think about it at {WARN_LINES}")
    return errors, warnings


def check(source):
    layers = read_layers(source / "LAYERS")
    errors, warnings = [], []
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        folder = path.parent.relative_to(source).as_posix()
        if folder.split("/")[0] not in layers:
            errors.append(f"{path}:1: src/LAYERS has no folder {folder}")
            continue
        found = check_file(path, folder, layers)
        errors += found[0]
        warnings += found[1]
    return errors, warnings


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "src"
    errors, warnings = check(source)
    for line in warnings:
        print("warning:", line)
    for line in errors:
        print("error:", line)
    print(f"layers: {len(errors)} errors, {len(warnings)} warnings")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
