"""The sandbox that all tests talk to: one process, ended with the session."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sg_open_tracking import AsyncClient, Client, Region

REPOSITORY = Path(__file__).parents[3]
NAMES = ("URL", "EU_URL", "CA_FILE", "KEY", "EU_KEY", "READ_KEY", "UPDATE_KEY")


@dataclass(frozen=True)
class Sandbox:
    url: str
    eu_url: str
    ca_file: str
    key: str
    eu_key: str
    read_key: str
    update_key: str

    def client(self, key: str | None = None, region: Region = Region.GLOBAL, **options: Any) -> Client:
        return Client(key or self._key(region), region, **self._options(region, options))

    def async_client(
        self, key: str | None = None, region: Region = Region.GLOBAL, **options: Any
    ) -> AsyncClient:
        return AsyncClient(key or self._key(region), region, **self._options(region, options))

    def _key(self, region: Region) -> str:
        return self.eu_key if region is Region.EU else self.key

    def _options(self, region: Region, options: dict[str, Any]) -> dict[str, Any]:
        url = self.eu_url if region is Region.EU else self.url
        return {"base_url": url, "ca_file": self.ca_file, "proxy": "", "max_retries": 0, **options}

    def environment(self, **more: str) -> dict[str, str]:
        """What a program of its own needs to talk to the sandbox instead of the service."""
        found = {"SG_OPEN_TRACKING_BASE_URL": self.url, "SSL_CERT_FILE": self.ca_file}
        return {**os.environ, "NO_PROXY": "*", "SENDGRID_API_KEY": self.key, **found, **more}


def wait_for(holds: Callable[[], bool], seconds: float = 5) -> None:
    """Until what other threads bring about holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    binary = os.environ.get("SG_OPEN_TRACKING_SANDBOX")
    if binary is None:
        pytest.skip("SG_OPEN_TRACKING_SANDBOX does not name the sandbox's binary")
    ready = tmp_path_factory.mktemp("sandbox") / "ready"
    command = [binary, "--exit-with-stdin", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        values: dict[str, str] = {}
        while not all(f"SANDBOX_{name}" in values for name in NAMES):
            line = process.stdout.readline()
            assert line, "the sandbox ended before it was ready"
            name, _, value = line.strip().partition("=")
            values[name] = value
        yield Sandbox(**{name.lower(): values[f"SANDBOX_{name}"] for name in NAMES})
        process.communicate(timeout=10)  # closes its standard input, which ends it


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with sandbox.client(timeout=10) as client:
        yield client
