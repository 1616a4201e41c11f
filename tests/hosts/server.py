"""A web server that runs tests/hosts/wsgi.py, driven: load, a reload under load, and stops amid calls."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

from process import (
    TIMEOUT,
    check,
    children,
    descriptors,
    fall_silent,
    family,
    kill,
    load,
    loading,
    memory_kib,
    report,
    stop,
    wait_until,
)

WORKERS = 2


class Connection(http.client.HTTPConnection):
    """To a server on a socket of the file system."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


class Server:
    """It has two workers. The last word of its command ends where the path of its socket is to follow."""

    def __init__(self, command: list[str]) -> None:
        folder = Path(tempfile.mkdtemp())
        self._path, self._log = str(folder / "socket"), folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*command[:-1], command[-1] + self._path], stdout=log, stderr=log
            )
        self._threads = ThreadPoolExecutor(WORKERS)

    def ask(self, kind: str, name: str) -> str:
        with contextlib.closing(Connection(self._path, timeout=60)) as connection:
            connection.request("GET", "/?" + urlencode({"kind": kind, "name": name}))
            with connection.getresponse() as response:
                check(response.status == 200, f"the server answers {response.status}")
                return response.read().decode()

    def wait_for_socket(self) -> None:
        wait_until("the server listens", Path(self._path).exists)

    def wait_for_workers(self, but: frozenset[int] = frozenset()) -> frozenset[int]:
        """Until they all run, and those do not."""
        found: list[int] = []

        def run() -> bool:
            check(self._process.poll() is None, f"the server ended with {self._process.returncode}")
            found[:] = children(self._process.pid)
            return Path(self._path).exists() and len(found) == WORKERS and but.isdisjoint(found)

        wait_until("the workers run", run)
        return frozenset(found)

    def reload(self) -> None:
        """Under load: no request is lost, and the calls that are under way are finished."""
        old = self.wait_for_workers()
        with loading(self.ask):
            self._process.send_signal(signal.SIGHUP)
            self.wait_for_workers(but=old)

    def stop(self, how: signal.Signals) -> tuple[float, list[str]]:
        """Amid calls. The seconds that it took, and what the calls came to; "" if they were cut off."""
        asking = fall_silent(lambda name: self._threads.submit(self.ask, "one", name), WORKERS)
        took = stop(self._process, how)
        return took, ["" if call.exception() else call.result() for call in asking]

    def memory_kib(self) -> int:
        return memory_kib(family(self._process.pid))

    def descriptors(self) -> int:
        return descriptors(family(self._process.pid))

    def __enter__(self) -> Server:  # noqa: PYI034 # Self is too new
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if failed:
            print(self._log.read_text())
        kill(self._process)


def drive(
    host: str, version: str, command: list[str], finish: signal.Signals, cut_off: signal.Signals
) -> None:
    """`finish` is how the server is told to stop when calls are over, and `cut_off` to stop at once."""
    with Server(command) as server:
        server.wait_for_workers()
        load(server.ask, 150)  # what grows once has grown
        before, opened = server.memory_kib(), server.descriptors()
        load(server.ask, 400)
        server.reload()
        load(server.ask, 100)
        after = server.memory_kib()
        check(after - before < 8 * 1024, f"the memory went from {before} to {after} KB")
        check(server.descriptors() <= opened + 8, f"{opened} descriptors became {server.descriptors()}")
        took, ended = server.stop(finish)
        check(ended == ["TIMEOUT"] * WORKERS, f"a stop that lets calls end cut them off: {ended}")
        print(f"stopped by {finish.name} in {took:.1f} s, when calls had ended")
    with Server(command) as server:
        server.wait_for_workers()
        load(server.ask, 60)
        took, ended = server.stop(cut_off)
        check(took < TIMEOUT and "TIMEOUT" not in ended, f"a stop that cuts calls off took {took} s: {ended}")
        print(f"stopped by {cut_off.name} in {took:.1f} s, in the midst of calls")
    report(host, version, before, after)
