"""nginx of the distribution: one worker, with the lines without which it makes a connection for each request."""
import shutil

from peers import IDLE_SECONDS, first_line, route_prefix, write

NAME = "nginx"


def missing():
    return "" if shutil.which("nginx") else "not installed"


def unable(plan):
    return "speaks no HTTP/2 to upstreams" if plan.http2 else ""


def _tls(plan):
    if not plan.server_tls:
        return ""
    lines = [f"ssl_certificate {plan.server_tls.cert}; ssl_certificate_key {plan.server_tls.key};",
             "ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;",
             f"ssl_session_tickets {'on' if plan.tickets else 'off'};"]
    if plan.client_ca:
        lines.append(f"ssl_client_certificate {plan.server_tls.ca}; ssl_verify_client on;")
    return "\n    ".join(lines)


def _upstream_tls(plan):
    if not plan.upstream_tls:
        return ""
    tls = plan.upstream_tls
    return (f"proxy_ssl_certificate {tls.cert}; proxy_ssl_certificate_key {tls.key}; proxy_ssl_verify on;\n"
            f"  proxy_ssl_trusted_certificate {tls.ca}; proxy_ssl_name localhost; proxy_ssl_server_name on;\n"
            "  proxy_ssl_protocols TLSv1.3;")


def command(plan, folder):
    target = f"proxy_pass http{'s' if plan.upstream_tls else ''}://u0;"
    prefixes = [route_prefix(i) for i in range(plan.routes)] or ["/"]
    locations = "\n".join(f"    location {prefix} {{ {target} }}" for prefix in prefixes)
    upstreams = "\n".join(
        f"  upstream u{i} {{ server 127.0.0.1:{plan.upstream}; keepalive 256; keepalive_requests 1000000000; }}"
        for i in range(plan.clusters))
    scratch = "\n".join(f"  {kind}_temp_path {folder}/nginx.{kind};"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = write(folder / "nginx.conf", f"""daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.err;
worker_processes 1;
events {{ worker_connections 30000; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout {IDLE_SECONDS}s;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
{scratch}
  {_upstream_tls(plan)}
{upstreams}
  server {{
    listen 127.0.0.1:{plan.listen} backlog=4096{' ssl' if plan.server_tls else ''};
    {_tls(plan)}
{locations}
  }}
}}
""")
    return ["nginx", "-e", folder / "nginx.err", "-c", config]


def version():
    return "nginx " + first_line("nginx", "-v", pattern=r"\d+\.\d+\.\d+\S*")
