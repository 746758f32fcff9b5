"""The operator's HTTP surface, as a test needs it: ready, stats, any page."""
import http.client
import json


class Admin:
    """Speaks to one admin port on loopback."""

    def __init__(self, port: int):
        self.port = port

    def get(self, path: str, method: str = "GET", seconds: float = 10.0) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        finally:
            connection.close()

    def post(self, path: str) -> tuple[int, str]:
        return self.get(path, method="POST")

    def json(self, path: str) -> dict:
        status, text = self.get(path)
        assert status == 200, f"{path}: {status} {text[:200]}"
        return json.loads(text)

    def ready(self) -> bool:
        try:
            return self.get("/ready", seconds=1.0)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stats(self, pattern: str = "") -> dict[str, int]:
        """Counters and gauges by name; histograms and text readouts are left out."""
        query = f"/stats?filter={pattern}" if pattern else "/stats"
        values = {}
        for line in self.get(query)[1].splitlines():
            name, _, value = line.rpartition(": ")
            if name and value.lstrip("-").isdigit():
                values[name] = int(value)
        return values
