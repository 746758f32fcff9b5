"""--help, the manual page and the shell completion tell of the same options."""
import re
import subprocess

import pytest

from tests.support.binaries import ROOT, proa_proxy

pytestmark = pytest.mark.proa_only


@pytest.fixture(scope="module")
def sections() -> list[str]:
    """--help before and after "Compatibility"."""
    said = subprocess.run([proa_proxy(), "--help"], capture_output=True, text=True, timeout=20)
    assert said.returncode == 0
    return said.stdout.split("Compatibility:")


def options_of(text: str) -> set[str]:
    return set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, re.MULTILINE))


def test_the_manual_has_every_option(sections):
    manual = (ROOT / "docs/man/proa-proxy.8").read_text()
    assert options_of("".join(sections)) == {f"--{name}" for name in re.findall(r"Fl -([a-z-]{2,})", manual)}


def test_the_completion_has_every_option(sections):
    script = f'source {ROOT}/deploy/completion/proa-proxy.bash; COMP_WORDS=(proa-proxy --); COMP_CWORD=1; _proa_proxy; echo "${{COMPREPLY[@]}}"'
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20)
    assert set(said.stdout.split()) == options_of(sections[0])


def test_a_bad_option_is_a_usage_error():
    said = subprocess.run([proa_proxy(), "--concurency", "2"], capture_output=True, text=True, timeout=20)
    assert said.returncode == 64 and "--concurency" in said.stderr
