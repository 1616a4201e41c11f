"""The server, driven: load, a burst of calls, and a stop amid others, after which it starts anew."""

from __future__ import annotations

import json
import signal

import uvicorn
from process import TIMEOUT, check, load, loading, report
from server import Server

COMMAND = ["uvicorn", "--app-dir", "tests/hosts/uvicorn", "--log-level", "warning"]
COMMAND += ["--timeout-graceful-shutdown", "1", "app:application", "--uds="]

with Server(COMMAND) as server:
    server.wait_for_socket()
    load(server.ask, 150)  # what grows once has grown
    server.ask("burst", "")
    before, opened = server.memory_kib(), server.descriptors()
    load(server.ask, 400)
    with loading(server.ask):
        burst = json.loads(server.ask("burst", ""))
    check(burst["answers"] == ["on"], f"500 calls at once: {burst}")
    check(burst["took"] < 5 and burst["lookup"] < 1 and burst["turn"] < 1, f"the loop was held up: {burst}")
    check(burst["threads"] <= 64, f"there were {burst['threads']} threads")
    print(f"500 calls of 0.1 s took {burst['took']:.1f} s; a look-up meanwhile {burst['lookup']:.2f} s")
    load(server.ask, 100)
    after = server.memory_kib()
    check(after - before < 8 * 1024, f"the memory went from {before} to {after} KB")
    check(server.descriptors() <= opened + 8, f"{opened} descriptors became {server.descriptors()}")
    took, ended = server.stop(signal.SIGTERM)
    check(took < TIMEOUT and "TIMEOUT" not in ended, f"a stop amid calls took {took} s: {ended}")
    print(f"stopped by SIGTERM in {took:.1f} s, in the midst of calls")
with Server(COMMAND) as server:
    server.wait_for_socket()
    load(server.ask, 60)
report("uvicorn", uvicorn.__version__, before, after)
