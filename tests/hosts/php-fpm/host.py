"""A web application in PHP-FPM: host.py PHP-FPM"""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator
from signal import SIGQUIT, SIGTERM, SIGUSR2

from php import USER, WORKERS, Server, Site, application, check, steady

FPM = sys.argv[1]
TERMINATE_TIMEOUT = 2

POOL = """
[{name}]
listen = {root}/{name}.sock
listen.mode = 0666
pm = static
pm.max_children = {workers}
env[SENDGRID_API_KEY] = $SENDGRID_API_KEY
env[SG_OPEN_TRACKING_BASE_URL] = $SG_OPEN_TRACKING_BASE_URL
env[SSL_CERT_FILE] = $SSL_CERT_FILE
env[NO_PROXY] = $NO_PROXY
{more}
"""
NGINX = """
{user}
pid {root}/nginx.pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {root}/body;
    fastcgi_temp_path {root}/fastcgi;
    proxy_temp_path {root}/proxy;
    scgi_temp_path {root}/scgi;
    uwsgi_temp_path {root}/uwsgi;
    root {root};
    server {{
        listen unix:{root}/nginx.sock;
        location ~ ^/page.php {{
            include /etc/nginx/fastcgi.conf;
            fastcgi_pass unix:{root}/application.sock;
        }}
        location = /limited.php {{
            include /etc/nginx/fastcgi.conf;
            fastcgi_param SCRIPT_FILENAME {root}/page.php;
            fastcgi_pass unix:{root}/limited.sock;
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(root: pathlib.Path) -> Iterator[Site]:
    (root / "nginx.conf").write_text(NGINX.format(root=root, user=f"user {USER};" if USER else ""))
    command = ["nginx", "-p", str(root), "-e", "stderr", "-c", f"{root}/nginx.conf", "-g", "daemon off;"]
    with Server(command, "start worker process "):
        yield Site(f"{root}/nginx.sock")


def fpm(root: pathlib.Path, settings: dict[str, str], process_control_timeout: int = 10) -> Server:
    owner = f"user = {USER}" if USER else ""
    limited = f"request_terminate_timeout = {TERMINATE_TIMEOUT}s"
    telling = "catch_workers_output = yes\nenv[SG_OPEN_TRACKING_LOG] = info"
    (root / "fpm.conf").write_text(
        f"[global]\nerror_log = /dev/stderr\nprocess_control_timeout = {process_control_timeout}s\n"
        + POOL.format(name="application", root=root, workers=WORKERS, more=owner)
        + POOL.format(name="limited", root=root, workers=1, more=f"{owner}\n{limited}\n{telling}")
    )
    given = [f"-d{name}={value}" for name, value in settings.items()]
    command = [FPM, "--nodaemonize", "--fpm-config", f"{root}/fpm.conf", *given]
    return Server(command, "ready to handle connections")


def preloaded(root: pathlib.Path) -> dict[str, str]:
    user = {"opcache.preload_user": USER} if USER else {}
    return {"ffi.enable": "preload", "opcache.preload": f"{root}/package/preload.php", **user}


def without_preloading(root: pathlib.Path, site: Site) -> None:
    """The message says what to do. A header for ffi.preload does not help."""
    header = root / "header.h"
    header.write_text('#define FFI_SCOPE "libc"\n#define FFI_LIB "libc.so.6"\nint abs(int);\n')
    with fpm(root, {"ffi.enable": "preload", "ffi.preload": str(header)}) as server:
        status, said = site.get("call=client&name=subuser-00001")
        check(status == 502 and "opcache.preload" in said and "install it" not in said, f"{status}: {said}")
        server.stop(SIGTERM, within=15)


def requests_that_are_terminated(server: Server, site: Site) -> None:
    """set_time_limit(1) does not end a call; request_terminate_timeout ends it, and the worker."""
    check(site.get("call=limited&name=fault-delay-1500") == (200, "on"), "a time limit of 1 s ended a call")
    before = set(server.workers())
    start = time.monotonic()
    status, said = site.get("call=client&name=fault-silent", "limited.php")
    took = time.monotonic() - start
    in_time = TERMINATE_TIMEOUT < took < 10 * TERMINATE_TIMEOUT
    check(status == 502 and in_time, f"{status} after {took:.1f} s: {said}")
    status, said = site.get("call=client&name=subuser-00001", "limited.php")
    check(status == 200, f"the next worker: {status} {said}")
    server.await_said("event=end level=info")
    check(len(before - set(server.workers())) == 1, "it is another number of workers that ended")
    print(f"  request_terminate_timeout={TERMINATE_TIMEOUT}s ended a call after {took:.1f} s")


def main() -> None:
    with application() as root, nginx(root) as site:
        without_preloading(root, site)
        with fpm(root, preloaded(root)) as server:
            check(site.get("call=variable&name=SANDBOX_URL") == (200, "off"), "the environment is handed on")
            memory = steady(server, site)
            requests_that_are_terminated(server, site)
            for reload in range(2):
                with site.under_load():
                    server.process.send_signal(SIGUSR2)
                    server.await_ready(2 + reload)
            with site.in_flight("call=client&name=fault-delay-1000", 200):
                server.stop(SIGQUIT, within=15)
        with fpm(root, preloaded(root), process_control_timeout=0) as server:
            with site.in_flight("call=client&name=fault-delay-1000", 502):  # a reload waits for none
                server.process.send_signal(SIGUSR2)
            server.await_ready(2)
            with (
                site.in_flight("call=client&name=fault-silent", 502),
                site.in_flight("call=many&name=fault-silent", 502),
            ):
                server.stop(SIGTERM, within=15)
        version = subprocess.run([FPM, "--version"], capture_output=True, text=True, check=True).stdout
        site.report("php-fpm", version.split()[1], memory)


main()
