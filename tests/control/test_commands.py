"""proa's command line: exit codes, help and completion."""
import json
import shutil
import subprocess

import pytest

from tests.support import binaries

pytestmark = pytest.mark.proa_only


def proa(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), *words], capture_output=True, text=True, timeout=20)


def test_version():
    assert proa("version").stdout.startswith("proa 0.")
    assert proa("--version").returncode == 0
    told = json.loads(proa("version", "-o", "json").stdout)
    assert set(told) == {"version", "revision", "modified"}


@pytest.mark.parametrize("words", [[], ["nonsense"], ["version", "--nonsense"], ["version", "-o", "xml"], ["completion"]])
def test_a_wrong_command_line_exits_2(words):
    told = proa(*words)
    assert told.returncode == 2
    assert told.stderr


def commands(*parent: str) -> list[str]:
    _, _, listed = proa(*parent, "--help").stdout.partition("Subcommands:")
    lines = listed.partition("\n\n")[0].splitlines()
    return [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]


def with_subcommands(*path: str) -> list[tuple[str, ...]]:
    """The command and all below it, at any depth."""
    return [path, *(below for name in commands(*path) for below in with_subcommands(*path, name))]


def test_every_command_has_help_with_examples():
    known = [path for command in commands() for path in with_subcommands(command)]
    assert {("completion",), ("version",), ("sidecar", "run"), ("redirect", "apply")} <= set(known)
    for path in known:
        told = proa(*path, "--help")
        assert told.returncode == 0
        assert "Examples:" in told.stdout, " ".join(path)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(shell, tmp_path):
    script = proa("completion", shell).stdout
    for command in commands():
        assert command in script
    if shutil.which(shell):
        file = tmp_path / "script"
        file.write_text(script)
        subprocess.run([shell, "-n", file], check=True, timeout=20)


def test_bash_completes_words():
    script = proa("completion", "bash").stdout + """
complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _proa; echo "${COMPREPLY[*]}"; }
complete_words proa vers
complete_words proa version --out
complete_words proa ''
"""
    lines = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20).stdout.splitlines()
    assert lines[0] == "version"
    assert lines[1] == "--output"
    assert "completion" in lines[2].split()
