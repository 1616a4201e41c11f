"""The functions for a single call take their server from the environment, so each test is a program."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import REPOSITORY, Sandbox

PROGRAM = """
import asyncio, os
import sg_open_tracking as sg
key = os.environ["SENDGRID_API_KEY"]
"""


def run(sandbox: Sandbox, program: str, **environment: str) -> str:
    command = [sys.executable, "-c", PROGRAM + program]
    done = subprocess.run(
        command, env=sandbox.environment(**environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sync(sandbox: Sandbox) -> None:
    program = """
for enabled in (False, True):
    for name in (None, "subuser-00010"):
        assert sg.update_open_tracking(key, enabled, on_behalf_of=name) is enabled
        assert sg.get_open_tracking(key, on_behalf_of=name) is enabled
"""
    run(sandbox, program)


def test_async(sandbox: Sandbox) -> None:
    program = """
async def main():
    for enabled in (False, True):
        assert await sg.aupdate_open_tracking(key, enabled, on_behalf_of="subuser-00011") is enabled
        assert await sg.aget_open_tracking(key, on_behalf_of="subuser-00011") is enabled
    silent = asyncio.create_task(sg.aget_open_tracking(key, on_behalf_of="fault-silent"))
    await asyncio.sleep(0.3)
    silent.cancel()
    await asyncio.wait([silent])
    assert silent.cancelled()
asyncio.run(asyncio.wait_for(main(), 10))
"""
    run(sandbox, program)


def test_options_and_details(sandbox: Sandbox) -> None:
    program = f"""
given = dict(base_url={sandbox.url!r}, ca_file={sandbox.ca_file!r}, proxy="", timeout=0.3)
assert sg.update_open_tracking(key, True, **given)
async def calls():
    assert await sg.aget_open_tracking(key, **given)
    await sg.aupdate_open_tracking(key, True, on_behalf_of="fault-silent", **given)
for call in (
    lambda: sg.get_open_tracking(key, on_behalf_of="fault-silent", **given),
    lambda: asyncio.run(calls()),
):
    try:
        call()
    except sg.CallTimeoutError as error:
        assert error.attempts == 1 and 0.2 < error.elapsed < 2, vars(error)
    else:
        raise SystemExit("it was answered")
try:
    sg.get_open_tracking(key, on_behalf_of="fault-status-503-retry-after-9", **given)
except sg.ServerError as error:
    assert (error.http_status, error.attempts, error.retry_after) == (503, 1, 9)
try:
    sg.get_open_tracking(key, **{{**given, "proxy": "http://127.0.0.1:1"}})
except sg.ProxyError:
    print("done")
"""
    nothing = {"SG_OPEN_TRACKING_BASE_URL": "https://127.0.0.1:1", "SSL_CERT_FILE": "/nowhere"}
    assert run(sandbox, program, **nothing) == "done\n"


def test_eu(sandbox: Sandbox) -> None:
    program = "assert sg.update_open_tracking(key, False, region=sg.Region.EU) is False"
    run(sandbox, program, SENDGRID_API_KEY=sandbox.eu_key, SG_OPEN_TRACKING_BASE_URL=sandbox.eu_url)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("sg.update_open_tracking('SG.wrong', True)", "UnauthorizedError"),
        ("sg.get_open_tracking(key, on_behalf_of='fault-status-404')", "NotFoundError"),
        ("sg.get_open_tracking(key, on_behalf_of='')", "ArgumentError"),
        ("sg.get_open_tracking(key, on_behalf_of='a\\0b')", "ArgumentError"),
        ("sg.get_open_tracking('')", "ArgumentError"),
        ("sg.get_open_tracking(key, region=7)", "ArgumentError"),
    ],
)
def test_errors(sandbox: Sandbox, call: str, error: str) -> None:
    program = f"""
try:
    {call}
except sg.OpenTrackingError as error:
    print(type(error).__name__, "|", error)
"""
    name, _, text = run(sandbox, program).partition(" | ")
    assert name == error
    assert text.strip()
    assert sandbox.key not in text


def test_bad_base_url_of_the_environment(sandbox: Sandbox) -> None:
    program = """
for attempt in (lambda: sg.Client(key), lambda: sg.get_open_tracking(key)):
    try:
        attempt()
    except sg.ArgumentError as error:
        assert "SG_OPEN_TRACKING_BASE_URL" in str(error), error
    else:
        raise SystemExit("it was taken")
"""
    run(sandbox, program, SG_OPEN_TRACKING_BASE_URL="http://api.sendgrid.com")


def test_example(sandbox: Sandbox) -> None:
    example = str(REPOSITORY / "bindings/python/examples/update.py")
    for arguments, said in (
        (["off"], "open tracking is off"),
        (["show"], "open tracking is off"),
        (["on", "subuser-00012"], "open tracking is on"),
    ):
        command = [sys.executable, example, *arguments]
        done = subprocess.run(command, env=sandbox.environment(), capture_output=True, text=True, check=True)
        assert done.stdout.strip() == said
    done = subprocess.run(
        [sys.executable, example, "on"],
        env=sandbox.environment(SENDGRID_API_KEY="SG.wrong"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("UnauthorizedError: ")
