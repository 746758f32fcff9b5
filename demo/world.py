"""Everything that the demo starts: services in three languages, and the gateway before them."""
import datetime
import ipaddress
import os
import pathlib
import shutil
import string
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from processes import Processes, free_ports

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
PROXY = pathlib.Path(os.environ.get("PROA_PROXY", ROOT / "build/release/bin/proa-proxy"))
PORTS = ("clear", "secure", "tcp", "admin", "greeter_a", "greeter_b", "shop_1", "shop_2", "shout")


def tool(name):
    """A program of PATH, or what tools/setup.sh has put beside Python."""
    return shutil.which(name) or shutil.which(name, path=str(ROOT / ".venv/bin"))


class World:
    """`left_out`: what is missing on this machine, and what stands in."""

    def __init__(self, folder, say):
        self.folder = pathlib.Path(folder)
        self.say = say
        self.processes = Processes(self.folder)
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.left_out = []
        self.config = self.folder / "gateway.yaml"
        self.access_log = self.folder / "access.log"
        self.certificate, self.key = self.folder / "localhost.crt", self.folder / "localhost.key"

    def start(self):
        self._generate()
        self._greeters()
        self._shops()
        self._python("shout", self.ports["shout"])
        self._certificate()
        self._gateway()

    def stop(self):
        self.processes.stop()

    def _generate(self):
        """Python's classes of greeter.proto; Go's are in demo/go/greeter."""
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{HERE}", f"--python_out={self.folder}",
                        f"--grpc_python_out={self.folder}", "greeter.proto"], check=True)

    def _python(self, service, port, *arguments, name=None):
        self.processes.start(name or service, sys.executable, HERE / f"services/{service}.py", port, *arguments,
                             port=int(str(port).rpartition(":")[2]))

    def _greeters(self):
        self.languages = ["Python", "Go"]
        self._greeter_in_python("greeter_a", "Python")
        go = tool("go")
        if go and self._build_go(go):
            port = self.ports["greeter_b"]
            self.processes.start("greeter_b", self.folder / "greeter-go", f"127.0.0.1:{port}", port=port)
            return
        self.left_out.append("the gRPC service in Go: no Go that can build it; a second one in Python stands in")
        self.languages = ["Python", "Python too"]
        self._greeter_in_python("greeter_b", "Python too")

    def _greeter_in_python(self, name, language):
        self._python("greeter", f"127.0.0.1:{self.ports[name]}", language, self.folder, name=name)

    def _build_go(self, go):
        self.say("building the Go service ...")
        build = subprocess.run([go, "build", "-o", self.folder / "greeter-go", "."], cwd=HERE / "go",
                               env={**os.environ, "GOFLAGS": "-mod=readonly"}, capture_output=True, text=True)
        if build.returncode:
            self.say(build.stderr.strip()[-400:])
        return build.returncode == 0

    def _shops(self):
        node = tool("node")
        if not node:
            self.left_out.append("the HTTP service in Node: no node; the same in Python stands in")
        for name in ("shop_1", "shop_2"):
            if node:
                self.processes.start(name, node, HERE / "services/shop.mjs", self.ports[name], name,
                                     port=self.ports[name])
            else:
                self._python("shop", self.ports[name], name, name=name)
        self.shop_language = "Node" if node else "Python"

    def _certificate(self):
        """For localhost, signed by itself, good for a day."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                       .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                       .not_valid_after(now + datetime.timedelta(days=1))
                       .add_extension(x509.SubjectAlternativeName(names), False)
                       .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))

    def _gateway(self):
        values = {**self.ports, "certificate": self.certificate, "key": self.key, "access_log": self.access_log}
        self.config.write_text(string.Template((HERE / "gateway.yaml").read_text()).substitute(values))
        self.processes.start("proa-proxy", PROXY, "-c", self.config, port=self.ports["clear"])
