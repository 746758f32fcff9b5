#!/usr/bin/env python3
"""Makes the C++ of Istio's API, as tools/envoy_api does for Envoy's: OUT/include/istio/**/*.pb.{h,cc} and
OUT/unit_NN.cc.

The module carries the .proto files themselves. They import each other as "networking/...": here all of them move
below "istio/", so that an include says whose it is and none is taken for a folder of src/ ("mesh/v1alpha1/...").
What goes over the wire knows packages, not paths.
"""
import argparse
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "envoy_api"))
import descriptors  # noqa: E402
import generate as envoy  # noqa: E402

IMPORT = re.compile(r'^import "(?!google/)', re.M)


def lines_of(name):
    return [line for line in (HERE / name).read_text().splitlines() if line.strip() and not line.startswith("#")]


def moved(module, below):
    """Copies the files of roots.txt to below/istio; gives their names as protoc wants them."""
    names = []
    for folder in lines_of("roots.txt"):
        found = sorted((module / folder).glob("*.proto"))
        if not found:
            sys.exit(f"istio_api: roots.txt: nothing in {folder}")
        for path in found:
            name = f"istio/{path.relative_to(module)}"
            (below / name).parent.mkdir(parents=True, exist_ok=True)
            (below / name).write_text(IMPORT.sub('import "istio/', path.read_text()))
            names.append(name)
    return names


def generate(arguments):
    try:
        module = descriptors.go_modules(arguments.go, lines_of("go_modules.txt"))[0]
    except descriptors.Unavailable as error:
        sys.exit(f"istio_api: {error}")
    # As a set of descriptors first: what both APIs import comes from Envoy's set, whose library has its C++.
    files = descriptors.read_set(arguments.envoy)
    elsewhere = set(files)
    with tempfile.TemporaryDirectory(dir=arguments.out) as below:
        names = moved(module, pathlib.Path(below))
        for name, file in descriptors.from_protos(arguments.protoc, [below, module / "common-protos"], names).items():
            files.setdefault(name, file)
    descriptor_set = arguments.out / "istio.ds.new"
    order = envoy.closure(files, names)
    descriptors.write_set(descriptor_set, [files[name] for name in order])
    compiled = [name for name in order if name not in elsewhere]
    version = hashlib.sha256(descriptor_set.read_bytes()).hexdigest()
    envoy.compile_protos([arguments.protoc, f"--descriptor_set_in={descriptor_set}", *compiled], version,
                         arguments.units, arguments.out)
    descriptor_set.rename(arguments.out / "istio.ds")
    print(f"istio_api: {len(compiled)} files in {arguments.units} units")


def fingerprint(arguments):
    digest = hashlib.sha256(arguments.envoy.read_bytes())
    for folder in (HERE, HERE.parent / "envoy_api"):
        for path in sorted(folder.iterdir()):
            if path.suffix in (".py", ".txt"):
                digest.update(path.read_bytes())
    protoc = subprocess.run([arguments.protoc, "--version"], capture_output=True, text=True, check=True).stdout
    digest.update(repr((arguments.units, protoc)).encode())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--go", required=True, help="the go command, which downloads the module")
    parser.add_argument("--protoc", default="protoc")
    parser.add_argument("--envoy", type=pathlib.Path, required=True, help="the FileDescriptorSet of Envoy's API")
    parser.add_argument("--units", type=int, default=4)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    envoy.unless_current(arguments.out, "istio.ds", fingerprint(arguments), lambda: generate(arguments))


if __name__ == "__main__":
    main()
