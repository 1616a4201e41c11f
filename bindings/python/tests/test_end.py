"""The end of the interpreter amid calls, and calls that begin while it ends."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from conftest import Sandbox

PROMPT = 5
"""Seconds; the end takes a tenth of one, and a silent call on its own 30."""

LATE = """
import asyncio, atexit, logging, os, threading, time

ending, tried = threading.Event(), threading.Event()

def go_on():
    ending.set()
    tried.wait(2)

atexit.register(go_on)  # which runs after the package's own
import sg_open_tracking as sg

class Slow:
    def __del__(self, tried=tried.is_set, sleep=time.sleep):
        if not tried():  # or the process would be gone before the call
            sleep(3)

slow = Slow()
"""
"""A program in which a daemon thread goes on when the package has seen to its end."""

NO_THREAD = "the call needs a thread of its own, and this interpreter starts none: "


def ends(sandbox: Sandbox, program: str) -> list[str]:
    """Runs a program, which ends well, and returns its lines."""
    command = [sys.executable, "-c", program]
    started = time.monotonic()
    done = subprocess.run(
        command, env=sandbox.environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < PROMPT
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "call",
    [
        "list(client.get_many(['fault-silent']))",
        "list(client.update_many(True, ['fault-silent']))",
        "asyncio.run(read())",
        "logging_client.get(on_behalf_of='fault-silent')",
    ],
)
def test_a_daemon_thread_that_calls_too_late_is_refused(sandbox: Sandbox, call: str) -> None:
    program = f"""{LATE}
client = sg.Client(os.environ["SENDGRID_API_KEY"], timeout=3)
logging.basicConfig(filename=os.devnull, level=logging.DEBUG)
logging_client = sg.Client(os.environ["SENDGRID_API_KEY"], timeout=3)

async def read():
    async with sg.AsyncClient(os.environ["SENDGRID_API_KEY"], timeout=3) as client:
        [item async for item in client.get_many(["fault-silent"])]

def late():
    ending.wait()
    try:
        {call}
    except RuntimeError as error:
        print(error, flush=True)
        tried.set()

threading.Thread(target=late, daemon=True).start()
"""
    (line,) = ends(sandbox, program)
    assert line.startswith(NO_THREAD)


def test_a_reading_that_the_end_cuts_off_is_not_taken_for_whole(sandbox: Sandbox) -> None:
    program = f"""{LATE}
reading = threading.Event()

def read():
    try:
        for _ in sg.Client(os.environ["SENDGRID_API_KEY"]).get_many(["subuser-00001"] * 10):
            reading.set()
            ending.wait()
        print("whole", flush=True)
    except sg.CallCancelledError as error:
        print(error, flush=True)
    tried.set()

threading.Thread(target=read, daemon=True).start()
reading.wait()
"""
    assert ends(sandbox, program) == ["the interpreter is ending"]


HANDLER = """
def call():
    print(client.get().http_status, sg.get_open_tracking(os.environ["SENDGRID_API_KEY"]))
    try:
        print(len(list(client.get_many(["subuser-00001"]))))
    except RuntimeError as error:
        print(error)

atexit.register(call)
"""


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("level", ["CRITICAL", "DEBUG"])
def test_handlers_of_the_end_may_call(sandbox: Sandbox, first: bool, level: str) -> None:
    program = f"""
import atexit, logging, os
logging.basicConfig(filename=os.devnull, level=logging.{level})
{HANDLER if first else ""}
import sg_open_tracking as sg
client = sg.Client(os.environ["SENDGRID_API_KEY"])
{"" if first else HANDLER}
"""
    one, many = ends(sandbox, program)
    assert one == "200 True"
    if first or sys.version_info[:2] == (3, 12):  # whose first releases start no thread in handlers
        assert many.startswith(NO_THREAD)
        assert many.endswith(". In the main thread, calls for one account need none")
    else:
        assert many == "1"


def test_destructors_may_call_at_the_end(sandbox: Sandbox) -> None:
    program = """
import os, sys
import sg_open_tracking as sg

class Last:
    def __init__(self):
        self.client = sg.Client(os.environ["SENDGRID_API_KEY"])

    def __del__(self, ending=sys.is_finalizing, write=os.write):
        write(1, f"{ending()} {self.client.get().http_status}".encode())

last = Last()
"""
    assert ends(sandbox, program) == ["True 200"]


@pytest.mark.parametrize(
    "run",
    [
        "threading.Thread(target=loop.run_until_complete, args=(call(),), daemon=True).start()\nbegun.wait()",
        "left = loop.create_task(call())\nloop.run_until_complete(asyncio.sleep(0.1))",
    ],
)
def test_an_asynchronous_call_that_nobody_awaits_holds_no_program_up(sandbox: Sandbox, run: str) -> None:
    program = f"""
import asyncio, os, threading
import sg_open_tracking as sg

begun = threading.Event()
loop = asyncio.new_event_loop()

async def call():
    async with sg.AsyncClient(os.environ["SENDGRID_API_KEY"]) as client:
        calls = [asyncio.ensure_future(client.get(on_behalf_of="fault-silent")) for _ in range(70)]
        await asyncio.sleep(0.1)
        begun.set()
        await asyncio.gather(*calls)

{run}
"""
    assert ends(sandbox, program) == []


def test_a_thread_that_the_end_waits_for_has_its_calls(sandbox: Sandbox) -> None:
    program = """
import asyncio, os, threading
import sg_open_tracking as sg

begun = threading.Event()

async def call():
    async with sg.AsyncClient(os.environ["SENDGRID_API_KEY"]) as client:
        begun.set()
        print((await client.get(on_behalf_of="fault-delay-500")).http_status)

threading.Thread(target=asyncio.run, args=(call(),)).start()
begun.wait()
threading.Event().wait(0.2)
"""
    assert ends(sandbox, program) == ["200"]
