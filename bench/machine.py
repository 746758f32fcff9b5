"""What the figures were measured on."""
import os
import pathlib
import platform
import re


def describe():
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    lines = pathlib.Path("/etc/os-release").read_text().splitlines()
    release = dict(line.split("=", 1) for line in lines if "=" in line)
    return {"cpu": cpu.group(1) if cpu else platform.processor(), "cores": os.cpu_count(),
            "memory GB": round(int(memory.group(1)) / 1e6) if memory else None, "kernel": platform.release(),
            "system": release.get("PRETTY_NAME", "").strip('"'), "openssl of Python": _openssl(),
            "load average at start": os.getloadavg()[0]}


def _openssl():
    import ssl
    return ssl.OPENSSL_VERSION
