"""The server of every measurement: nginx with TLS 1.3 and keep-alive, on free ports of the loopback."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .measures import pinned

if TYPE_CHECKING:
    from collections.abc import Iterator

# As many names are on a page of the list of subusers.
PAGE = 500

SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
AUTHORITIES = 140

OPENSSL_CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost
"""

NGINX_CONFIG = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate {directory}/leaf.pem;
        ssl_certificate_key {directory}/leaf.key;
        ssl_session_cache shared:tls:1m;
        location = /v3/tracking_settings/open {{ return 200 '{{"enabled":false}}'; }}
        location = /v3/subusers {{ root {directory}/subusers; try_files /$arg_offset.json /none.json =500; }}
    }}
}}
"""


@dataclass
class Server:
    port: int
    # The server's own certificate authority.
    one_ca: Path
    # The same among those that a system trusts.
    system_cas: Path
    # The pages of the list of subusers.
    subusers: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def list_subusers(self, number: int) -> None:
        """Has so many from now on."""
        shutil.rmtree(self.subusers, ignore_errors=True)
        self.subusers.mkdir()
        (self.subusers / "none.json").write_text("[]")
        for offset in range(0, number, PAGE):
            names = [{"username": f"subuser-{i:06}"} for i in range(offset, min(offset + PAGE, number))]
            (self.subusers / f"{offset}.json").write_text(json.dumps(names))


def _certificate(directory: Path, name: str, kind: str, *options: str | Path) -> Path:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-config", directory / "openssl.cnf", "-extensions", kind, "-subj", f"/CN={name}",
         "-keyout", directory / f"{name}.key", "-out", directory / f"{name}.pem", *options],
        check=True, capture_output=True,
    )  # fmt: skip
    return directory / f"{name}.pem"


def _certificates(directory: Path) -> tuple[Path, Path]:
    (directory / "openssl.cnf").write_text(OPENSSL_CONFIG)
    authority = _certificate(directory, "ca", "ca")
    _certificate(directory, "leaf", "leaf", "-CA", authority, "-CAkey", directory / "ca.key")
    bundle = directory / "system.pem"
    if SYSTEM_BUNDLE.exists():
        others = SYSTEM_BUNDLE.read_text()
    else:
        others = "".join(_certificate(directory, f"other{i}", "ca").read_text() for i in range(AUTHORITIES))
    bundle.write_text(others + authority.read_text())
    return authority, bundle


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(directory: Path, cpus: list[int]) -> tuple[subprocess.Popen[bytes], int]:
    # Someone else may take the port between the look and nginx.
    for _ in range(5):
        port = _free_port()
        config = directory / "nginx.conf"
        config.write_text(NGINX_CONFIG.format(directory=directory, port=port))
        process = subprocess.Popen([*pinned(cpus), "nginx", "-p", directory, "-c", config], stderr=subprocess.DEVNULL)
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return process, port
    raise RuntimeError("nginx did not start: " + (directory / "error.log").read_text())


@contextmanager
def server(directory: Path, cpus: list[int]) -> Iterator[Server]:
    """Runs nginx on `cpus`, any if empty, with its files in `directory`."""
    # Its worker is another user.
    directory.chmod(0o755)
    one_ca, system_cas = _certificates(directory)
    process, port = _start(directory, cpus)
    try:
        yield Server(port, one_ca, system_cas, directory / "subusers")
    finally:
        process.terminate()
        process.wait()
