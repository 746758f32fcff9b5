"""A pod and what is outside of it: two network namespaces with a cable between them.

In the pod are an application (port 8080) and, as uid 1337, a proxy with Istio's two listeners, whose clusters go on to
where the connection was going. Outside are services on 10.9.9.9 and fd09:9::9, and clients.
"""
import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Callable

from tests.redirect.netns import Caller, Netns, run
from tests.redirect.servers import Teller
from tests.support import binaries
from tests.support.admin import Admin
from tests.support.deadline import wait_for
from tests.support.programs import Program

POD = {4: "10.9.0.2", 6: "fd09::2"}
PEER = {4: "10.9.0.1", 6: "fd09::1"}
SERVICE = {4: "10.9.9.9", 6: "fd09:9::9"}
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
PROXY_SOURCE = {4: "127.0.0.6", 6: "::6"}
SERVICE_PORTS = (80, 5432, 53)
POD_PORTS = (8080, 8081, 22, 15020, 15008)
UID, ADMIN_PORT = 1337, 15000
SO_MARK = 36


class Pod:
    """`tproxy`: the inbound listener is transparent. `mark`: the proxy marks what it sends, and is any user. `ebpf`: the
    pod is a cgroup, and has a bpf file system. `before`: what is called before the proxy starts."""

    def __init__(self, tproxy: bool = False, mark: int = 0, proxy: bool = True, ebpf: bool = False,
                 before: Callable[["Pod"], None] = lambda pod: None):
        self.pod, self.peer = Netns(), Netns()
        self.cgroup = None
        self._servers: list[Teller] = []
        self._program = None
        self._directory = Path(tempfile.mkdtemp(prefix="proa-redirect-"))
        self._directory.chmod(0o755)
        try:
            self._connect()
            self._start_servers()
            if ebpf:
                self.cgroup = cgroups() / f"proa-test-{os.getpid()}-{self.pod.fd}"
                self.cgroup.mkdir()
                (self._directory / "bpf").mkdir()
                run("mount", "-t", "bpf", "bpf", self._directory / "bpf")
            before(self)
            if proxy:
                self._start_proxy(tproxy, mark)
        except BaseException:
            self.stop()
            raise
        self.app = Caller(self.pod, cgroup=self.cgroup)
        self.proxy_user = self.caller(UID, UID)
        self.client = Caller(self.peer)

    def caller(self, uid: int, gid: int, mark: int = 0) -> Caller:
        """Another process of the pod."""
        return Caller(self.pod, uid, gid, mark, self.cgroup)

    @property
    def ebpf_words(self) -> tuple[str, ...]:
        return ("-m", "EBPF", "--cgroup", str(self.cgroup), "--bpffs", str(self._directory / "bpf"))

    def _connect(self) -> None:
        with self.pod:
            run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.peer.path)
        for netns, mine, other in ((self.pod, POD, PEER), (self.peer, PEER, POD)):
            with netns:
                run("ip", "address", "add", f"{mine[4]}/24", "dev", "eth0")
                run("ip", "address", "add", f"{mine[6]}/64", "dev", "eth0", "nodad")
                run("ip", "link", "set", "eth0", "up")
        with self.pod:
            run("ip", "route", "add", "default", "via", PEER[4])
            run("ip", "-6", "route", "add", "default", "via", PEER[6])
        with self.peer:
            for address in (f"{SERVICE[4]}/32", f"{SERVICE[6]}/128", "10.8.8.8/32"):
                run("ip", "address", "add", address, "dev", "lo", *(["nodad"] if ":" in address else []))

    def _start_servers(self) -> None:
        with self.peer:
            for host in ("0.0.0.0", "::"):
                self._servers += [Teller("service", host, port) for port in SERVICE_PORTS]
        with self.pod:
            for host in ("0.0.0.0", "::"):
                self._servers += [Teller("app", host, port) for port in POD_PORTS]

    def serve(self, netns: Netns, *args: object, **named: object) -> None:
        with netns:
            self._servers.append(Teller(*args, **named))

    def _start_proxy(self, tproxy: bool, mark: int) -> None:
        binary = shutil.copy(binaries.proa_proxy(), self._directory / "proa-proxy")    # where any user may read it
        config = self._directory / "envoy.json"
        config.write_text(json.dumps(bootstrap(tproxy, mark)))
        user = [] if mark else [f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--inh-caps", "+net_admin",
                                "--ambient-caps", "+net_admin"]
        # setpriv's own --pdeathsig: a change of user undoes the one that Program asks for.
        command = ["setpriv", "--pdeathsig", "KILL", *user, str(binary), "-c", str(config), "--concurrency", "1",
                   "-l", "error", "--disable-hot-restart", "--file-flush-interval-msec", "2"]
        if self.cgroup:
            command = ["sh", "-c", 'echo $$ > "$0"/cgroup.procs; exec "$@"', self.cgroup, *command]
        self.admin = Admin(ADMIN_PORT)
        with self.pod:
            self._program = Program(command, self._directory / "proxy.log")
            self._program.wait_ready(self._ready)

    def _ready(self) -> bool:
        with self.pod:
            return self.admin.ready()

    def taken(self) -> dict[str, int]:
        """How many connections each of the proxy's listeners has had."""
        with self.pod:
            stats = self.admin.stats("downstream_cx_total")
        return {name: stats.get(f"listener.{name}.downstream_cx_total", 0) for name in ("out", "in")}

    def log(self) -> list[str]:
        """The access log: "out 10.9.9.9:80 from 10.9.0.2"."""
        return [line for line in self._program.log.read_text().splitlines() if line.startswith(("out ", "in "))]

    def wait_log(self, line: str) -> None:
        wait_for(lambda: line in self.log(), f"'{line}' in the access log, which has {self.log()}", 3)

    def proa(self, *words: str, check: bool = True, env: dict[str, str] | None = None):
        return proa(self.pod, *words, check=check, env=env)

    def stop(self) -> None:
        if self._program:
            self._program.stop()
        for server in self._servers:
            server.stop()
        self.pod.close()
        self.peer.close()
        if self.cgroup:
            run("umount", self._directory / "bpf", check=False)
            wait_for(lambda: not (self.cgroup / "cgroup.procs").read_text(), "the pod to be empty")
            self.cgroup.rmdir()
        shutil.rmtree(self._directory, ignore_errors=True)


def proa(netns: Netns, *words: str, check: bool = True, env: dict[str, str] | None = None):
    """proa redirect WORDS in a namespace."""
    with netns:
        done = subprocess.run([str(binaries.proa()), "redirect", *words], text=True, capture_output=True,
                              env={**os.environ, **(env or {})})
    assert done.returncode == 0 or not check, f"proa redirect {words}: {done.returncode}: {done.stdout}{done.stderr}"
    return done


def cgroups() -> Path | None:
    """Where cgroup2 is."""
    found = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if line.split()[2] == "cgroup2"]
    return Path(found[0]) if found else None


def typed(name: str, **fields: object) -> dict:
    return {"@type": f"type.googleapis.com/envoy.{name}", **fields}


def cluster(name: str, source: str | None, mark: int) -> dict:
    out = {"name": name, "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "connect_timeout": "2s"}
    bind: dict = {}
    if source:
        bind["source_address"] = {"address": source, "port_value": 0}
    if mark:
        bind["socket_options"] = [{"level": socket.SOL_SOCKET, "name": SO_MARK, "int_value": mark}]
    return {**out, "upstream_bind_config": bind} if bind else out


def chain(name: str, **match: object) -> dict:
    """Whatever comes goes on to cluster `name`; "BlackHole" has no endpoints."""
    line = {"text_format_source": {"inline_string":
            f"{name.split('-')[0]} %DOWNSTREAM_LOCAL_ADDRESS% from %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%\n"}}
    log = {"name": "log", "typed_config": typed("extensions.access_loggers.stream.v3.StdoutAccessLog", log_format=line)}
    proxy = typed("extensions.filters.network.tcp_proxy.v3.TcpProxy", stat_prefix=name, cluster=name, access_log=[log])
    return {**({"filter_chain_match": match} if match else {}), "filters": [{"name": "tcp", "typed_config": proxy}]}


def listener(name: str, port: int, chains: list[dict], transparent: bool = False) -> dict:
    return {"name": name, "stat_prefix": name, "use_original_dst": name == "out", "transparent": transparent,
            "address": {"socket_address": {"address": "::", "port_value": port, "ipv4_compat": True}},
            "listener_filters": [{"name": "original_dst", "typed_config":
                                  typed("extensions.filters.listener.original_dst.v3.OriginalDst")}],
            "filter_chains": chains}


def bootstrap(tproxy: bool, mark: int) -> dict:
    """virtualOutbound and virtualInbound as Istio has them, but for what the mesh would add."""
    everywhere = {4: [{"address_prefix": "0.0.0.0", "prefix_len": 0}], 6: [{"address_prefix": "::", "prefix_len": 0}]}
    return {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": ADMIN_PORT}}},
        "static_resources": {
            "listeners": [
                listener("out", 15001, [chain("BlackHole", destination_port=15001), chain("out")]),
                listener("in", 15006, [chain("BlackHole", destination_port=15006),
                                       *(chain(f"in-{n}", prefix_ranges=everywhere[n]) for n in (4, 6))], tproxy)],
            "clusters": [
                {"name": "BlackHole", "type": "STATIC", "connect_timeout": "1s"}, cluster("out", None, mark),
                *(cluster(f"in-{n}", PROXY_SOURCE[n], mark) for n in (4, 6))]}}
