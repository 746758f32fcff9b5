#!/usr/bin/env python3
"""Runs every kind of test and ends with one line: N passed, N failed.

    run_tests.py [--preset dev] [--only unit,tools,e2e,examples] [--jobs N]

    unit      each GoogleTest case, each replay of a fuzz corpus (ctest)
    tools     the checks of layers, format, generated pages and figures, and the tests of the tools
    e2e       each case of tests/, against the programs of the preset
    examples  each examples/*/run.sh

Counts come from the reports that the test programs write, never from their text. A program that dies before its
report is one failure. The exit code is 0 only if nothing failed and something passed.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = ("unit", "tools", "e2e", "examples")
EXAMPLE_SECONDS = 300
MOST_REASON = 300  # characters
PYTEST_ERRORS = (2, 3, 4)  # interrupted, internal error, usage: then the report is not to be trusted


def reason(failed):
    """What a report says of a failure, in a line: whoever has the last lines only should know where to look."""
    return "" if failed is None else " ".join((failed.get("message") or "").split())[:MOST_REASON]


class Tally:
    """What passed and what failed, so far."""

    def __init__(self):
        self.passed = 0
        self.failures = []

    def add(self, name, passed, why=""):
        if passed:
            self.passed += 1
        else:
            self.failures.append(f"{name}: {why}" if why else name)

    def add_junit(self, path, prefix=""):
        """Adds the cases of a JUnit or GoogleTest report; skipped ones count on neither side."""
        for case in xml.parse(path).getroot().iter("testcase"):
            skipped = case.find("skipped") is not None or case.get("status") in ("notrun", "disabled")
            if not skipped:
                failed = next((case.find(kind) for kind in ("failure", "error") if case.find(kind) is not None), None)
                self.add(f"{prefix}{case.get('classname')}.{case.get('name')}", failed is None, reason(failed))


class Run:
    def __init__(self, preset, jobs):
        self.preset = preset
        self.jobs = str(jobs)
        self.build = ROOT / "build" / preset
        self.reports = self.build / "reports"
        self.tally = Tally()
        self.env = dict(os.environ, PROA_PROXY=str(self.build / "bin/proa-proxy"),
                        PATH=f"{ROOT}/.venv/bin:{ROOT}/.cache/gobin:{os.environ['PATH']}")
        self.env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        if preset in ("asan", "tsan"):
            self.env["PROA_SANITIZED"] = preset  # tests that measure memory or time go easy

    def command(self, *argv, **options):
        print("+", *(str(word) for word in argv), flush=True)
        return subprocess.run([str(word) for word in argv], cwd=ROOT, env={**self.env, **options.pop("env", {})}, **options)

    def check(self, name, *argv):
        """One command that is one test."""
        self.tally.add(name, self.command(*argv).returncode == 0)

    def build_all(self):
        if (self.command("cmake", "--preset", self.preset).returncode
                or self.command("cmake", "--build", "--preset", self.preset, "-j", self.jobs).returncode):
            self.tally.add("the build", False)
            return False
        return True

    def unit(self):
        shutil.rmtree(self.reports / "unit", ignore_errors=True)
        listing = json.loads(self.command("ctest", "--test-dir", self.build, "--show-only=json-v1",
                                          capture_output=True).stdout)
        if not listing["tests"]:
            return
        report = self.reports / "ctest.xml"
        report.unlink(missing_ok=True)
        self.command("ctest", "--test-dir", self.build, "--output-on-failure", "-j", self.jobs, "--timeout", "600",
                     "--output-junit", report, env={"GTEST_OUTPUT": f"xml:{self.reports}/unit/"})
        for program in xml.parse(report).getroot().iter("testcase"):
            self.unit_program(program.get("name"), program.get("status") == "run")

    def unit_program(self, name, passed):
        """A GoogleTest program counts by its cases; a replay, or a program that died, as one."""
        report = self.reports / "unit" / f"{name}.xml"
        before = len(self.tally.failures)
        try:
            self.tally.add_junit(report, f"{name}: ")
        except (FileNotFoundError, xml.ParseError):
            self.tally.add(name, passed)
            return
        if not passed and len(self.tally.failures) == before:
            self.tally.add(f"{name}: failed outside its cases", False)

    def pytest(self, folder, report_name):
        report = self.reports / report_name
        report.unlink(missing_ok=True)
        code = self.command(ROOT / ".venv/bin/pytest", "-q", "-p", "no:cacheprovider", folder,
                            f"--junitxml={report}").returncode
        if report.exists():
            self.tally.add_junit(report)
        if code in PYTEST_ERRORS or not report.exists():
            self.tally.add(f"pytest {folder} ended with {code}", False)

    def tools(self):
        self.check("layers", sys.executable, "tools/check_layers.py")
        self.check("format", sys.executable, "tools/format.py", "--check")
        self.check("docs", sys.executable, "tools/docs.py", "--check", "--proxy", self.build / "bin/proa-proxy")
        self.check("figures", sys.executable, "bench/table.py", "--check")
        self.pytest("tools", "tools.xml")

    def e2e(self):
        if (ROOT / "tests").is_dir():
            self.pytest("tests", "e2e.xml")

    def examples(self):
        for script in sorted(ROOT.glob("examples/*/run.sh")):
            name = str(script.relative_to(ROOT))
            try:
                code = self.command(script, timeout=EXAMPLE_SECONDS).returncode
            except subprocess.TimeoutExpired:
                code = f"no end after {EXAMPLE_SECONDS} s"
            except OSError as error:
                code = error
            self.tally.add(f"{name} ({code})", code == 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="dev")
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    started = time.monotonic()
    run = Run(arguments.preset, arguments.jobs)
    try:
        if run.build_all():
            run.reports.mkdir(parents=True, exist_ok=True)
            for kind in arguments.only.split(","):
                getattr(run, kind)()
    except Exception as error:  # the last line is promised whatever happens
        run.tally.add(f"run_tests.py: {type(error).__name__}: {error}", False)
    except KeyboardInterrupt:
        run.tally.add("interrupted", False)
    for name in run.tally.failures:
        print("failed:", name)
    print(f"in {time.monotonic() - started:.0f} s")
    print(f"{run.tally.passed} passed, {len(run.tally.failures)} failed", flush=True)
    sys.exit(1 if run.tally.failures or not run.tally.passed else 0)


if __name__ == "__main__":
    main()
