"""Waiting for a condition instead of for a length of time."""
import time
from typing import Callable, TypeVar

T = TypeVar("T")


class TimedOut(AssertionError):
    """A condition that a test relies on did not come true."""


def wait_for(condition: Callable[[], T], what: str, seconds: float = 10.0, every: float = 0.005) -> T:
    """Returns the first truthy value of `condition()`; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimedOut(f"waited {seconds} s for {what}")
        time.sleep(every)
