"""What PHP's hosts share: the application, the server, load, and what is measured of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

TOP = pathlib.Path(__file__).resolve().parents[2]
USER = "www-data" if os.geteuid() == 0 else ""  # whom a server that root starts runs its workers as
WORKERS = 8

# What a request asks for, and the status that must come of it. A name that ends in {} is new each time.
REQUESTS = [
    ("call=client&name=subuser-00001", 200),
    ("call=shared&name=subuser-00002", 200),
    ("call=logged&name=subuser-00003", 200),
    ("call=many&name=subuser-00004", 200),
    ("call=client&name=fault-once-503-{}", 200),
    ("call=shared&name=fault-once-close-{}", 200),
    ("call=client&name=fault-once-reset-{}", 200),
    ("call=brief&name=fault-once-status-429-retry-after-1-{}", 502),
    ("call=brief&name=fault-status-503", 502),
    ("call=brief&name=fault-silent", 502),
]


def check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


@contextlib.contextmanager
def application() -> Iterator[pathlib.Path]:
    """The document root, which any user may read: the page, and the package with the library inside."""
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        shutil.copy(TOP / "tests/hosts/page.php", root / "page.php")
        shutil.copy(os.environ["SANDBOX_CA_FILE"], root / "ca.pem")
        shutil.copytree(TOP / "bindings/php", root / "package", ignore=shutil.ignore_patterns("tests"))
        shutil.copy(os.environ.pop("SG_OPEN_TRACKING_LIBRARY"), root / "package/src/libsg_open_tracking.so")
        for path in (root, *root.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        os.environ["SSL_CERT_FILE"] = str(root / "ca.pem")
        yield root


class Server:
    """A server in the foreground, which tells on its standard error that it is ready."""

    def __init__(self, command: list[str], ready: str) -> None:
        self.ready = ready
        self.lines: list[str] = []
        self.told = threading.Condition()
        # In a group of its own, since Apache signals its whole group.
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def __enter__(self) -> Server:
        try:
            self.await_ready(1)
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)
        self.reader.join()

    def read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self.told:
                self.lines.append(line)
                self.told.notify_all()

    def log(self) -> str:
        with self.told:
            return "".join(self.lines)

    def await_ready(self, times: int) -> None:
        """It says so at its start, and again when it has started anew."""
        self.await_said(self.ready, times)

    def await_said(self, text: str, times: int = 1) -> None:
        with self.told:
            said = self.told.wait_for(lambda: "".join(self.lines).count(text) >= times, timeout=60)
        check(said, f"there is no '{text}': {self.log()}")

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self, how: signal.Signals, within: float) -> None:
        workers = self.workers()
        start = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        took = time.monotonic() - start
        print(f"  {how.name} ended it in {took:.2f} s")
        check(took < within, f"{how.name} took {took:.1f} s")
        check(code == 0, f"it ended with {code}: {self.log()}")
        left = [pid for pid in workers if pathlib.Path(f"/proc/{pid}").exists()]
        check(not left, f"the workers {left} go on")


class Site:
    """Where the server listens: a path or a port."""

    def __init__(self, address: str | int) -> None:
        self.address = address
        self.lock = threading.Lock()
        self.number = 0
        self.took: list[float] = []
        self.failures = 0

    def get(self, query: str, page: str = "page.php") -> tuple[int, str]:
        """The status and the page; the status is 0 if none came."""
        connection = http.client.HTTPConnection("localhost")
        if isinstance(self.address, int):
            connection.sock = socket.create_connection(("127.0.0.1", self.address))
        else:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(self.address)
        connection.sock.settimeout(60)
        with contextlib.closing(connection):
            try:
                connection.request("GET", f"/{page}?{query}")
                response = connection.getresponse()
                return response.status, response.read().decode()
            except (OSError, http.client.HTTPException) as error:
                return 0, repr(error)

    def load(
        self, requests: list[tuple[str, int]], until: Callable[[int], bool], threads: int = 8
    ) -> list[float]:
        """Until that says so of the number made; the seconds that each took, from the least on."""
        took: list[float] = []
        wrong: list[str] = []
        made = 0

        def client() -> None:
            nonlocal made
            while True:
                with self.lock:
                    if wrong or until(made):
                        return
                    query, wanted = requests[made % len(requests)]
                    made += 1
                    self.number += 1
                    query = query.format(self.number)
                start = time.monotonic()
                status, said = self.get(query)
                with self.lock:
                    took.append(time.monotonic() - start)
                    self.failures += status != 200
                    if status != wanted:
                        wrong.append(f"{query}: {status}, not {wanted}: {said}")

        clients = [threading.Thread(target=client) for _ in range(threads)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        check(not wrong, "; ".join(wrong))
        self.took += took
        return sorted(took)

    @contextlib.contextmanager
    def under_load(self) -> Iterator[None]:
        """Load from before the block until after it, of which nothing may be lost."""
        begun, over = threading.Event(), threading.Event()
        last: int | None = None

        def until(made: int) -> bool:
            nonlocal last
            if made == 50:
                begun.set()
            if over.is_set() and last is None:
                last = made + 50
            return made == last

        with ThreadPoolExecutor() as pool:
            load = pool.submit(self.load, REQUESTS, until)
            begun.wait(timeout=60)
            try:
                yield
            finally:
                over.set()
            load.result()

    @contextlib.contextmanager
    def in_flight(self, query: str, status: int) -> Iterator[None]:
        """Requests whose calls are under way in the block, and must end so."""
        with ThreadPoolExecutor() as pool:
            answers = [pool.submit(self.get, query) for _ in range(3)]
            self.get("call=client&name=fault-delay-200")  # by when the calls have begun
            yield
            for answer in answers:
                seen = answer.result()
                check(seen[0] == status, f"{query}: {seen}, not {status}")

    def compare(self, count: int) -> None:
        """A client for each request beside what all requests of a worker share."""
        for call, kept in (("client", False), ("shared", True)):
            sandbox("DELETE", "/requests")
            request = f"call={call}&name=subuser-00001", 200
            took = self.load([request], lambda made: made == count, threads=1)
            handshakes = json.loads(sandbox("GET", "/stats"))["handshakes"]
            full, resumed = handshakes["full"], handshakes["resumed"]
            print(f"  {count} x {call}: {median(took)}, handshakes: {full} full, {resumed} resumed")
            check(full <= WORKERS, f"{full} full handshakes of {WORKERS} workers")
            check(resumed <= WORKERS if kept else resumed >= count - WORKERS, f"{resumed} resumed ones")

    def report(self, host: str, version: str, memory: str) -> None:
        count = len(self.took)
        print(
            f"{host} {version}: requests={count} failures={self.failures} {p99(self.took)} memory={memory}KB"
        )


def median(took: list[float]) -> str:
    return f"p50={sorted(took)[len(took) // 2] * 1000:.1f}ms"


def p99(took: list[float]) -> str:
    return f"p99={sorted(took)[len(took) * 99 // 100] * 1000:.1f}ms"


def steady(server: Server, site: Site) -> str:
    """Load, through which the workers' memory and descriptors stay; the memory, for the report."""
    site.load(REQUESTS, lambda made: made == 400)
    workers = server.workers()
    before, open_files = own_memory(workers), descriptors(workers)
    site.compare(400)
    site.load(REQUESTS, lambda made: made == 800)
    check(workers == server.workers(), "a worker has ended")
    after, open_after = own_memory(workers), descriptors(workers)
    check(after - before < WORKERS * 512, f"the workers' memory went from {before} to {after} KB")
    # A worker's one kept connection may be open at the one time and not at the other.
    check(open_after <= open_files + 1, f"{open_files} descriptors became {open_after}")
    return f"{before}..{after}"


def sandbox(method: str, path: str) -> bytes:
    tls = ssl.create_default_context(cafile=os.environ["SANDBOX_CA_FILE"])
    request = urllib.request.Request(os.environ["SANDBOX_URL"] + "/_sandbox" + path, method=method)
    with urllib.request.urlopen(request, context=tls) as reply:
        return reply.read()


def own_memory(pids: list[int]) -> int:
    """KB that the processes have each for itself."""
    status = (pathlib.Path(f"/proc/{pid}/status").read_text() for pid in pids)
    return sum(int(text.partition("RssAnon:")[2].split()[0]) for text in status)


def descriptors(pids: list[int]) -> int:
    return max(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
