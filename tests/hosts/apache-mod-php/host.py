"""A web application in Apache with PHP as its module: host.py MODULE"""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import sys
from collections.abc import Iterator
from signal import SIGTERM, SIGUSR1, SIGWINCH

from php import USER, WORKERS, Server, Site, application, check, steady

MODULE = pathlib.Path(sys.argv[1])
READY = "resuming normal operations"

CONFIGURATION = """
ServerName localhost
ServerRoot {root}
DocumentRoot {root}
Listen 127.0.0.1:{port}
PidFile {root}/apache.pid
ErrorLog /dev/stderr
LogLevel notice
{user}
LoadModule mpm_prefork_module {modules}/mod_mpm_prefork.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule php_module {module}
StartServers {workers}
MinSpareServers {workers}
MaxSpareServers {workers}
MaxRequestWorkers {workers}
KeepAlive Off
PHPINIDir {root}
<FilesMatch "\\.php$">
    SetHandler application/x-httpd-php
</FilesMatch>
"""


@contextlib.contextmanager
def apache(root: pathlib.Path) -> Iterator[tuple[Server, Site]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = f"User {USER}\nGroup {USER}" if USER else ""
    (root / "apache.conf").write_text(
        CONFIGURATION.format(
            root=root, port=port, user=user, modules=MODULE.parent, module=MODULE, workers=WORKERS
        )
    )
    settings = ["ffi.enable=preload", f"opcache.preload={root}/package/preload.php"]
    settings += [f"opcache.preload_user={USER}"] if USER else []
    (root / "php.ini").write_text("\n".join(settings))
    with Server(["apache2", "-D", "FOREGROUND", "-f", f"{root}/apache.conf"], READY) as server:
        yield server, Site(port)


def main() -> None:
    os.environ["SG_OPEN_TRACKING_LOG"] = "error"
    with application() as root:
        with apache(root) as (server, site):
            memory = steady(server, site)
            server.await_said("event=end level=error")
            for restart in range(2):
                with site.under_load():
                    server.process.send_signal(SIGUSR1)
                    server.await_ready(2 + restart)
            with site.in_flight("call=client&name=fault-delay-1000", 200):
                server.stop(SIGWINCH, within=15)
            version = server.log().partition(" PHP/")[2].split()[0]
        with apache(root) as (server, again):
            with (
                again.in_flight("call=client&name=fault-silent", 0),
                again.in_flight("call=many&name=fault-silent", 0),
            ):
                server.stop(SIGTERM, within=15)
        check("still did not exit" not in server.log(), server.log())
        site.report("apache-mod-php", version, memory)


main()
