"""How often the promises are put to the test: in every run a little, and as often as they say with PROA_WHOLE=1."""
import os


def scaled(usual: int, whole: int) -> int:
    return whole if os.environ.get("PROA_WHOLE") else usual
