"""What Envoy 1.40 itself forwards to an origin although it is malformed. Only
--envoy-only reads this: it keeps the self-check honest without blaming Envoy's
choices on the harness."""
import re

# Envoy does not check the syntax of Host, and takes lengths up to 2^64-1.
_KNOWN = re.compile(r"origin received: (Host |content-length '9223372036854775808')")


def known(why: str) -> bool:
    return bool(_KNOWN.match(why))
