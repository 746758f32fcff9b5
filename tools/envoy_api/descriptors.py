"""Where the descriptors come from: published packages of generated code, read as text and never run.

Every generated Go or Python file holds its .proto as a serialized FileDescriptorProto in one literal. Reading
that literal takes seconds, where compiling the packages to ask their registry takes minutes. All functions
return {proto path: serialized FileDescriptorProto}.
"""
import ast
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).parent


class Unavailable(Exception):
    """The package could not be fetched; another source may do."""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def strings_of(data, *numbers):
    """The length-delimited fields `numbers` of one serialized message, in order, as (number, bytes)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        wire = key & 7
        if wire == 2:
            size, at = varint(data, at)
            if key >> 3 in numbers:
                yield key >> 3, data[at:at + size]
            at += size
        elif wire == 0:
            _, at = varint(data, at)
        else:
            at += {1: 8, 5: 4}[wire]


def name_of(file):
    return next(value.decode() for _, value in strings_of(file, 1))


def imports_of(file):
    return [value.decode() for _, value in strings_of(file, 3)]


def read_set(path):
    return {name_of(file): file for _, file in strings_of(pathlib.Path(path).read_bytes(), 1)}


def write_set(path, files):
    with open(path, "wb") as out:
        for file in files:
            size, prefix = len(file), bytearray(b"\x0a")
            while size >= 0x80:
                prefix.append(size & 0x7F | 0x80)
                size >>= 7
            prefix.append(size)
            out.write(prefix + file)


def lines_of(name):
    text = (HERE / name).read_text()
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


# ---- Go modules

GO_LITERAL = re.compile(r'^const file_\w+_rawDesc = ""((?: \+\n\t"(?:[^"\\\n]|\\.)*")+)', re.M)
GO_BYTES = re.compile(r"^var file_\w+_rawDesc = \[\]byte\{([^}]*)\}", re.M)
GO_ESCAPE = re.compile(r'\\(?:x([0-9a-f]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([^\\]+)')
GO_SIMPLE = {"a": b"\a", "b": b"\b", "f": b"\f", "n": b"\n", "r": b"\r", "t": b"\t", "v": b"\v", "\\": b"\\",
             '"': b'"'}


def go_unquote(text):
    out = bytearray()
    for byte, short, long, simple, plain in GO_ESCAPE.findall(text):
        if plain:
            out += plain.encode()
        elif byte:
            out.append(int(byte, 16))
        elif short or long:
            out += chr(int(short or long, 16)).encode()
        else:
            out += GO_SIMPLE[simple]
    return bytes(out)


def go_descriptor(text):
    """The descriptor in one .pb.go, or None: both spellings that protoc-gen-go has used."""
    match = GO_LITERAL.search(text)
    if match:
        return b"".join(go_unquote(line[2:-1]) for line in re.split(r" \+\n", match[1])[1:])
    match = GO_BYTES.search(text)
    return bytes(int(number, 16) for number in match[1].replace(",", " ").split()) if match else None


def go_modules(go, pins):
    """The folders of the modules that the lines of `pins` name, in that order: path, version, checksum of go.sum."""
    pins = [line.split() for line in pins]
    env = dict(os.environ, GOFLAGS="-mod=mod", GONOSUMDB="*", GOTOOLCHAIN="local", GO111MODULE="on")
    with tempfile.TemporaryDirectory() as empty:  # outside any module, so that no go.mod constrains the versions
        run = subprocess.run([go, "mod", "download", "-json", *(f"{path}@{version}" for path, version, _ in pins)],
                             cwd=empty, env=env, capture_output=True, text=True)
    decoder, at, modules = json.JSONDecoder(), 0, {}
    while at < len(run.stdout.rstrip()):
        module, at = decoder.raw_decode(run.stdout, at)
        at += 1
        modules[module["Path"]] = module
    folders = []
    for path, version, checksum in pins:
        module = modules.get(path, {})
        if "Dir" not in module:
            raise Unavailable(f"{path}@{version}: {module.get('Error') or run.stderr.strip()}")
        if module["Sum"] != checksum:
            sys.exit(f"{path}@{version} has checksum {module['Sum']}, expected {checksum}")
        folders.append(pathlib.Path(module["Dir"]))
    return folders


def from_go(go):
    files = {}
    for folder in go_modules(go, lines_of("go_modules.txt")):
        for source in sorted(folder.rglob("*.pb.go")):
            descriptor = go_descriptor(source.read_text())
            if descriptor:
                files.setdefault(name_of(descriptor), descriptor)
    return files


# ---- Python wheels

def wheel_descriptors(wheel):
    with zipfile.ZipFile(wheel) as archive:
        for member in sorted(archive.namelist()):
            if not member.endswith("_pb2.py"):
                continue
            for node in ast.walk(ast.parse(archive.read(member))):
                if (isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile"
                        and isinstance(node.args[0], ast.Constant)):
                    yield node.args[0].value


def from_wheels(cache):
    cache.mkdir(parents=True, exist_ok=True)
    wanted = [re.match(r"([\w-]+)==([\w.]+)", line) for line in lines_of("wheels.txt")]
    run = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "-d", cache,
                          "-r", HERE / "wheels.txt"], capture_output=True, text=True)
    if run.returncode:
        raise Unavailable(run.stderr.strip())
    files = {}
    for pin in wanted:
        wheel = next(cache.glob(f"{pin[1].replace('-', '_')}-{pin[2]}-*.whl"))
        for descriptor in wheel_descriptors(wheel):
            files.setdefault(name_of(descriptor), descriptor)
    return files


# ---- .proto files of the system

def from_protos(protoc, directories, names):
    """Compiles `names` and what they import; protoc knows where its own google/protobuf files are."""
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "set")
        subprocess.run([protoc, *(f"-I{directory}" for directory in directories), "--include_imports", "-o", out,
                        *names], check=True)
        return read_set(out)
