"""Child processes that end with us, whatever happens."""
import ctypes
import pathlib
import signal
import socket
import subprocess
import time

_libc = ctypes.CDLL(None)


def free_ports(count):
    """All held at the same time, so that none comes twice."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Processes:
    """All that was started, stopped in reverse order."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._running = []
        self.pids = {}

    def start(self, name, *argv, port):
        """Starts a program, whose output goes to NAME.log, and waits until it listens on `port`."""
        log = self.folder / f"{name}.log"
        with open(log, "wb") as out:
            child = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     preexec_fn=_die_with_parent)
        self._running.append((name, child))
        self.pids[name] = child.pid
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if child.poll() is not None:
                raise RuntimeError(f"{name} ended with {child.returncode}:\n{log.read_text(errors='replace')[-1500:]}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{name} does not listen on {port}; see {log}")

    def dead(self):
        return [name for name, child in self._running if child.poll() is not None]

    def stop(self):
        for _, child in reversed(self._running):
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(3)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
