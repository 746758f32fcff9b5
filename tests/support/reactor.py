"""One asyncio loop in a thread of its own, for everything that plays a server.

Clients in tests are plain blocking code; servers must answer meanwhile.
"""
import asyncio
import threading
from typing import Any, Coroutine

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def loop() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="reactor", daemon=True).start()
        return _loop


def run(work: Coroutine[Any, Any, Any], seconds: float = 20.0) -> Any:
    """Runs `work` on the loop and waits for its result."""
    return asyncio.run_coroutine_threadsafe(work, loop()).result(seconds)
