"""Random edits of known messages: what a list written by hand does not think of."""
import random

from tests.smuggling.corpus import attacks
from tests.smuggling.legitimate import legitimate

_ALPHABET = [b"\r", b"\n", b"\r\n", b"\t", b" ", b"\x00", b"\x0b", b"\x7f", b"\xff", b":", b";", b",", b"0", b"5", b"chunked", b"content-length: 3\r\n",
             b"transfer-encoding: chunked\r\n", b"host: x\r\n", b"\r\n\r\n", b"HTTP/1.1", b"GET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n", b"0\r\n\r\n"]


def mutated(chance: random.Random) -> bytes:
    """A seed message with one to three edits. Never longer than a few KB."""
    data = bytearray(chance.choice(_SEEDS))
    for _ in range(chance.randint(1, 3)):
        chance.choice(_EDITS)(data, chance)
    return bytes(data) or b"\r\n"


def _insert(data: bytearray, chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = chance.choice(_ALPHABET)


def _delete(data: bytearray, chance: random.Random) -> None:
    if data:
        at = chance.randrange(len(data))
        del data[at:at + chance.randint(1, 3)]


def _replace(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _repeat_line(data: bytearray, chance: random.Random) -> None:
    lines = bytes(data).split(b"\r\n")
    at = chance.randrange(len(lines))
    lines.insert(chance.randint(0, len(lines)), lines[at])
    data[:] = b"\r\n".join(lines)


def _swap_lines(data: bytearray, chance: random.Random) -> None:
    lines = bytes(data).split(b"\r\n")
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    data[:] = b"\r\n".join(lines)


_EDITS = [_insert, _insert, _delete, _replace, _repeat_line, _swap_lines]
_SEEDS = [attack.data for attack in attacks() if len(attack.data) < 2000] + [case.data for case in legitimate() for _ in range(6)]
