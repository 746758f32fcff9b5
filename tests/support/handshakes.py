"""TLS handshakes one after the other, from several threads: does any of them fail, and which certificate was served?"""
import ssl
import threading

from cryptography import x509

from tests.support.client import Dial


class Handshakes:
    """`with Handshakes(dial) as load: ...` then load.failures, load.done, load.serials."""

    def __init__(self, dial: Dial, threads: int = 4, pace_s: float = 0.005):
        self.dial, self.pace_s = dial, pace_s
        self.failures: list[str] = []
        self.serials: list[int] = []          # of the certificates, in the order of the handshakes
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    @property
    def done(self) -> int:
        return len(self.serials)

    def __enter__(self) -> "Handshakes":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(self.pace_s):
            try:
                self.serials.append(served_serial(self.dial))
            except OSError as error:
                self.failures.append(repr(error))


def served_serial(dial: Dial) -> int:
    """One handshake, verified as `dial` says."""
    with dial.connect() as session:
        return x509.load_der_x509_certificate(session.getpeercert(binary_form=True)).serial_number


def trusting(authority_path: str) -> ssl.SSLContext:
    """A client that believes this authority and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority_path)
    return context
