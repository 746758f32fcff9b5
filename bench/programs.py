"""Programs under measurement: started on a core of their own, and what they cost."""
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

PROXY_CORE = 0
LOAD_CORE = 1
_libc = ctypes.CDLL(None)


_given = set()


def free_port():
    """One that nobody has now, and that was not given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Program:
    """A child on one core, with its own children. Use as a context manager."""

    def __init__(self, argv, core, log):
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self._process = subprocess.Popen(["taskset", "-c", str(core), *self.argv], stdout=out, stderr=out,
                                             stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)

    def wait_port(self, port, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.argv[0]} ended with {self._process.returncode}: {self.said()}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.argv[0]} does not listen on {port}: {self.said()}")

    def said(self):
        return self.log.read_text(errors="replace")[-600:]

    def pids(self):
        """The process and all that came of it."""
        found, new = [], [self._process.pid]
        while new:
            pid = new.pop()
            found.append(pid)
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                new.extend(int(child) for child in _read(task).split())
        return found

    def cpu_ns(self):
        """CPU time of all threads so far: field 1 of schedstat."""
        total = 0
        for pid in self.pids():
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                text = _read(task)
                total += int(text.split()[0]) if text else 0
        return total

    def memory(self, field="Rss"):
        """Bytes of all processes together, from smaps_rollup."""
        total = 0
        for pid in self.pids():
            for line in _read(pathlib.Path(f"/proc/{pid}/smaps_rollup")).splitlines():
                if line.startswith(field + ":"):
                    total += int(line.split()[1]) * 1024
        return total

    def alive(self):
        return self._process.poll() is None

    def stop(self):
        """By pid, the children too: nginx and nghttpx leave theirs behind when they are killed."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.pids():
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            try:
                self._process.wait(1.0)
                return
            except subprocess.TimeoutExpired:
                continue

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _read(path):
    try:
        return path.read_text()
    except OSError:
        return ""
