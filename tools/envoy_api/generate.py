#!/usr/bin/env python3
"""Makes the C++ of Envoy's v3 API: OUT/envoy.ds (a FileDescriptorSet), OUT/include/**/*.pb.{h,cc}, and
OUT/unit_NN.cc, the translation units which compile them in groups.

One unit per file would take nine times as long: most of the time goes into the same headers. Files whose
contents have not changed are not written again, so that nothing is recompiled in vain.
"""
import argparse
import fcntl
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

import descriptors

HERE = pathlib.Path(__file__).parent
GRPC_SERVICES = ["grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto",
                 "grpc/reflection/v1alpha/reflection.proto"]
ISTIO = ["istio/" + name + ".proto" for name in ("alpn", "metadata_exchange", "peer_metadata", "stats")]
WELL_KNOWN = ["google/protobuf/" + name + ".proto" for name in
              ("any", "api", "descriptor", "duration", "empty", "field_mask", "source_context", "struct", "timestamp",
               "type", "wrappers")]


def available(source, go, cache):
    """The descriptors of one source, and which source that was in the end."""
    if source not in ("auto", "go", "wheel"):
        return descriptors.read_set(source), source
    if go and source in ("auto", "go"):
        try:
            return descriptors.from_go(go), "go"
        except descriptors.Unavailable as error:
            if source == "go":
                sys.exit(f"envoy_api: {error}")
            print(f"envoy_api: WARNING: no Go modules ({error}); trying the older wheels", file=sys.stderr)
    try:
        return descriptors.from_wheels(cache), "wheel"
    except descriptors.Unavailable as error:
        sys.exit(f"envoy_api: neither Go modules nor wheels could be fetched: {error}")


def pattern(glob):
    """* stays within one folder, ** crosses folders: fnmatch knows only the second."""
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part) or re.escape(part)
                              for part in re.split(r"(\*\*|\*)", glob)) + r"\Z")


def roots(files, strict):
    chosen = set()
    for line in descriptors.lines_of("roots.txt"):
        mark, glob = re.match(r"([?!]*)(.*)", line).groups()
        matching = {name for name in files if pattern(glob).match(name)}
        if not matching and "!" not in mark and (strict or "?" not in mark):
            sys.exit(f"envoy_api: roots.txt: nothing matches {line}")
        chosen = chosen - matching if "!" in mark else chosen | matching
    return sorted(chosen)


def closure(files, wanted):
    """`wanted` and all they import, each file after its imports: the order that protoc's pool needs."""
    order, seen = [], set()

    def visit(name):
        if name in seen:
            return
        seen.add(name)
        for dependency in descriptors.imports_of(files[name]):
            visit(dependency)
        order.append(name)

    for name in wanted:
        visit(name)
    return order


LITERAL = r'"(?:[^"\\]|\\.)*"'
KEYWORD = re.compile(LITERAL + r"|\brequires\b")
FILE_STATIC = re.compile(LITERAL + r"|\b(?:schemas|file_default_instances)\b(?!\()")


def patch(name, text):
    """Two faults of protoc 3.21: a C++20 keyword as accessor, and file-static names that clash in a group."""
    if "requires" in text:
        text = KEYWORD.sub(lambda found: "requires_" if found[0] == "requires" else found[0], text)
    if name.endswith(".cc"):
        suffix = "_" + re.sub(r"\W", "_", name[:-len(".pb.cc")])
        text = FILE_STATIC.sub(lambda found: found[0] + ("" if found[0][0] == '"' else suffix), text)
    return text


def groups(sources, count):
    """Neighbours share headers: contiguous runs of the sorted list, of about equal size."""
    total, done, result = sum(sources.values()), 0, [[] for _ in range(count)]
    for name in sorted(sources):
        result[min(done * count // total, count - 1)].append(name)
        done += sources[name]
    return result


def unit(names, version):
    """`version` makes the unit newer than its object when an included file changes: ninja looks at those files
    before they are generated, and not again."""
    headers = "".join(f'#include "{name[:-2]}h"\n' for name in names)
    return f"// {version}\n{headers}\n" + "".join(f'#include "{name}"\n' for name in names)


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def compile_protos(protoc, version, units, out):
    """`protoc` and its arguments, but --cpp_out: into OUT/include and `units` files OUT/unit_NN.cc."""
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        subprocess.run([*protoc, f"--cpp_out={scratch}"], check=True)
        sources, keep = {}, set()
        for path in pathlib.Path(scratch).rglob("*.pb.*"):
            name = str(path.relative_to(scratch))
            text = patch(name, path.read_text())
            write_if_changed(out / "include" / name, text)
            keep.add(name)
            if name.endswith(".cc"):
                sources[name] = len(text)
    for stale in (out / "include").rglob("*.pb.*"):
        if str(stale.relative_to(out / "include")) not in keep:
            stale.unlink()
    for number, group in enumerate(groups(sources, units)):
        write_if_changed(out / f"unit_{number:02}.cc", unit(group, version))


def fingerprint(arguments):
    digest = hashlib.sha256()
    for path in sorted([*HERE.iterdir(), *HERE.glob("istio/*")]):
        if path.suffix in (".py", ".txt", ".proto"):
            digest.update(path.read_bytes())
    if pathlib.Path(arguments.source).is_file():
        digest.update(pathlib.Path(arguments.source).read_bytes())
    protoc = subprocess.run([arguments.protoc, "--version"], capture_output=True, text=True, check=True).stdout
    digest.update(repr((arguments.source, bool(arguments.go), arguments.units, protoc)).encode())
    return digest.hexdigest()


def generate(arguments):
    files, source = available(arguments.source, arguments.go, arguments.out / "wheels")
    files.update(descriptors.from_protos(arguments.protoc, [], WELL_KNOWN))
    files.update(descriptors.from_protos(arguments.protoc, [arguments.grpc_proto], GRPC_SERVICES))
    files.update(descriptors.from_protos(arguments.protoc, [HERE], ISTIO))
    names = closure(files, roots(files, strict=source == "go") + WELL_KNOWN)
    descriptor_set = arguments.out / "envoy.ds.new"
    descriptors.write_set(descriptor_set, [files[name] for name in names])
    compiled = [name for name in names if name not in WELL_KNOWN]
    version = hashlib.sha256(descriptor_set.read_bytes()).hexdigest()
    compile_protos([arguments.protoc, f"--descriptor_set_in={descriptor_set}", *compiled], version, arguments.units,
                   arguments.out)
    descriptor_set.rename(arguments.out / "envoy.ds")
    print(f"envoy_api: {len(compiled)} files from {source}, in {arguments.units} units")


def unless_current(out, made, fingerprint, make):
    """Makes `made` in the folder `out`, unless it is there and was made of what `fingerprint` stands for."""
    out.mkdir(parents=True, exist_ok=True)
    stamp = out / "stamp"
    with open(out / "lock", "w") as lock:  # two build folders share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == fingerprint and (out / made).exists()):
            make()
            stamp.write_text(fingerprint)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="auto", help="auto, go, wheel, or the path of a FileDescriptorSet")
    parser.add_argument("--go", default="", help="the go command, if there is one")
    parser.add_argument("--protoc", default="protoc")
    parser.add_argument("--grpc-proto", default="/usr/share/grpc-proto")
    parser.add_argument("--units", type=int, default=20)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    unless_current(arguments.out, "envoy.ds", fingerprint(arguments), lambda: generate(arguments))


if __name__ == "__main__":
    main()
