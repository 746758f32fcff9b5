"""Start and stop other programs so that none outlives the test run.

Each child asks the kernel to be killed when its parent dies, so even an
aborted run leaves nothing behind; ordinary ends go by pid.
"""
import ctypes
import os
import signal
import subprocess
from pathlib import Path
from typing import Callable, Sequence

from tests.support.deadline import TimedOut, wait_for

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Program:
    """One child process; its output goes to `log` and is shown when it misbehaves."""

    def __init__(self, argv: Sequence[str], log: Path, env: dict[str, str] | None = None, cwd: Path | None = None):
        self.argv = [str(part) for part in argv]
        self.log = Path(log)
        with open(self.log, "ab") as out:
            self._process = subprocess.Popen(
                self.argv, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})}, cwd=cwd, preexec_fn=_die_with_parent)

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def output(self, lines: int = 12) -> str:
        """The last lines of what it said, each cut short: Envoy prints whole configurations."""
        return "\n".join(line[:400] for line in self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_ready(self, ready: Callable[[], bool], seconds: float = 20.0) -> None:
        """Polls `ready`; fails at once, with the program's output, if the program ends first."""
        def check() -> bool:
            if not self.running():
                raise TimedOut(f"{self.argv[0]} ended with {self._process.returncode} before it was ready:\n{self.output()}")
            return ready()
        try:
            wait_for(check, f"{self.argv[0]} to be ready", seconds)
        except TimedOut:
            self.stop(kill=True)
            raise

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait_end(self, seconds: float = 10.0) -> int:
        """Exit code; fails if the program is still running after `seconds`."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimedOut(f"{self.argv[0]} did not end in {seconds} s:\n{self.output()}") from None

    def stop(self, kill: bool = False, seconds: float = 5.0) -> int:
        """Ends the program: politely first, then with SIGKILL."""
        if self.running():
            self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return self._process.returncode

    def resident_bytes(self) -> int:
        """RSS now, for the tests that bound memory."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0
