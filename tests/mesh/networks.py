"""Hosts of a network of the test's own: each has its own addresses, ports and rules. Needs root."""
import os
import subprocess

RULES = """
table ip proa {
 chain output {
  type nat hook output priority -100;
  meta skuid 1337 return
  ip daddr 127.0.0.0/8 return
  meta l4proto tcp redirect to :15001
 }
 chain prerouting {
  type nat hook prerouting priority -100;
  tcp dport { 15020, 15021, 15090 } return
  meta l4proto tcp redirect to :15006
 }
}
"""


class Network:
    """A switch, "fabric", and hosts on it: 10.77.0.N. Use as a context manager."""

    def __init__(self, **hosts: int):
        self.hosts = hosts
        self.prefix = f"proa{os.getpid()}-"

    def __enter__(self) -> "Network":
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _build(self) -> None:
        run("ip", "netns", "add", self.prefix + "fabric")
        self.run("fabric", "ip", "link", "add", "br0", "type", "bridge")
        self.run("fabric", "ip", "address", "add", "10.77.0.1/24", "dev", "br0")
        for link in ("lo", "br0"):
            self.run("fabric", "ip", "link", "set", link, "up")
        for name, number in self.hosts.items():
            run("ip", "netns", "add", self.prefix + name)
            self.run("fabric", "ip", "link", "add", "name", f"to-{name}", "type", "veth", "peer", "name", "eth0",
                     "netns", self.prefix + name)
            self.run("fabric", "ip", "link", "set", f"to-{name}", "master", "br0", "up")
            self.run(name, "ip", "address", "add", f"10.77.0.{number}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                self.run(name, "ip", "link", "set", link, "up")
            self.run(name, "ip", "route", "add", "default", "via", "10.77.0.1")

    def __exit__(self, *_: object) -> None:
        for name in (*self.hosts, "fabric"):
            subprocess.run(["ip", "netns", "delete", self.prefix + name], capture_output=True)

    def redirect(self, name: str) -> None:
        """What the host's workloads send goes to its proxy, which runs as user 1337; and so does what comes in."""
        run(*self.within(name), "nft", "-f", "-", text=RULES)

    def within(self, name: str) -> list[str]:
        return ["ip", "netns", "exec", self.prefix + name]

    def run(self, name: str, *argv: object) -> str:
        return run(*self.within(name), *map(str, argv))


def run(*argv: str, text: str | None = None) -> str:
    return subprocess.run(argv, input=text, text=True, check=True, capture_output=True, timeout=30).stdout


def possible() -> bool:
    """A container may forbid namespaces, or lack the programs."""
    try:
        with Network(probe=9) as network:
            network.redirect("probe")
        return True
    except (OSError, subprocess.SubprocessError):
        return False
