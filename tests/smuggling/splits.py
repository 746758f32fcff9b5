"""Where a message is cut into packets: a parser's state must not depend on it."""
import random


def whole(data: bytes, _: random.Random) -> tuple[int, ...]:
    return ()


def bytewise(data: bytes, _: random.Random) -> tuple[int, ...]:
    """Every byte its own packet; long messages only at their start."""
    return tuple(range(1, min(len(data), 400)))


def at_line_ends(data: bytes, _: random.Random) -> tuple[int, ...]:
    """Between CR and LF, and after LF: where parsers keep state."""
    return tuple(i for i in range(1, min(len(data), 4000)) if data[i - 1:i] in (b"\r", b"\n"))


def anywhere(data: bytes, chance: random.Random) -> tuple[int, ...]:
    return tuple(sorted(chance.sample(range(1, len(data)), min(5, len(data) - 1)))) if len(data) > 1 else ()


ALL = {"whole": whole, "bytewise": bytewise, "line_ends": at_line_ends, "anywhere": anywhere}
