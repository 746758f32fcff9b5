"""HAProxy of the distribution: one thread, idle connections to servers always shared."""
import resource
import shutil

from peers import IDLE_SECONDS, first_line, route_prefix, write

NAME = "haproxy"


def missing():
    return "" if shutil.which("haproxy") else "not installed"


def unable(plan):
    return ""


def _max_connections():
    """HAProxy does not start when it may not open two sockets for each connection."""
    return min(30_000, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500) // 2)


def _bind(plan):
    words = [f"bind 127.0.0.1:{plan.listen} backlog 4096"]
    if plan.http2:
        words.append("proto h2")
    if plan.server_tls:
        words.append(f"ssl crt {plan.server_tls.both} ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256")
        if not plan.tickets:
            words.append("no-tls-tickets")
        if plan.http2:
            words.append("alpn h2")
        if plan.client_ca:
            words.append(f"ca-file {plan.server_tls.ca} verify required")
    return " ".join(words)


def _server(plan):
    words = [f"server s 127.0.0.1:{plan.upstream} pool-max-conn -1"]
    if plan.http2:
        words.append("proto h2")
    if plan.upstream_tls:
        words.append(f"ssl crt {plan.upstream_tls.both} ca-file {plan.upstream_tls.ca} verify required "
                     "sni str(localhost) ssl-min-ver TLSv1.3" + (" alpn h2" if plan.http2 else ""))
    return " ".join(words)


def command(plan, folder):
    rules = "default_backend b0"
    if plan.routes:
        names = write(folder / "haproxy.map", "".join(f"{route_prefix(i)} b0\n" for i in range(plan.routes)))
        rules = f"use_backend %[path,map_beg({names})]"
    backends = "".join(f"backend b{i}\n  {_server(plan)}\n" for i in range(plan.clusters))
    config = write(folder / "haproxy.cfg", f"""global
  nbthread 1
  maxconn {_max_connections()}
defaults
  mode http
  timeout connect 5s
  timeout client {IDLE_SECONDS}s
  timeout server {IDLE_SECONDS}s
  timeout http-keep-alive {IDLE_SECONDS}s
  http-reuse always
frontend in
  {_bind(plan)}
  {rules}
{backends}""")
    return ["haproxy", "-db", "-f", config]


def version():
    return "haproxy " + first_line("haproxy", "-v", pattern=r"\d+\.\d+\.\d+\S*")
