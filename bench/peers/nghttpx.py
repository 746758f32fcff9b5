"""nghttpx of the distribution, one worker."""
import shutil

from peers import IDLE_SECONDS, first_line

NAME = "nghttpx"


def missing():
    return "" if shutil.which("nghttpx") else "not installed"


def unable(plan):
    if plan.server_tls or plan.upstream_tls:
        return "measured in the clear only"
    return "not measured with many routes or clusters" if plan.routes or plan.clusters > 1 else ""


def command(plan, folder):
    return ["nghttpx", "--conf=/dev/null", "-n1", f"-f127.0.0.1,{plan.listen};no-tls",
            f"-b127.0.0.1,{plan.upstream}" + (";;proto=h2" if plan.http2 else ""), "--accesslog-file=/dev/null",
            f"--errorlog-file={folder}/nghttpx.err", "--backlog=4096", "--frontend-http2-max-concurrent-streams=1024",
            f"--frontend-keep-alive-timeout={IDLE_SECONDS}s", f"--backend-keep-alive-timeout={IDLE_SECONDS}s"]


def version():
    return "nghttpx " + first_line("nghttpx", "-v", pattern=r"\d+\.\d+\.\d+\S*")
