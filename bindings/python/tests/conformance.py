"""Runs tests/conformance/cases.json, and the scenarios that its README names, on this package.

tests/conformance/run.sh python3 bindings/python/tests/conformance.py
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import platform
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import sg_open_tracking as sg
from sg_open_tracking import AsyncClient, Client, Code, OpenTrackingError, Region

REGIONS = {"global": Region.GLOBAL, "eu": Region.EU}
BOUNDED = 5.0
"""Seconds that a call which was cut off may take; on its own it would take 30."""


def resolved(value: Any) -> Any:
    return os.environ[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def normal(text: str) -> str:
    return text.lower().replace("_", "")


def arguments(region: Any, key: str | None, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The key and the options that a client is made with."""
    side = "SANDBOX_EU" if region == Region.EU else "SANDBOX"
    given = {
        "base_url": f"${side}_URL",
        "ca_file": "$SANDBOX_CA_FILE",
        "proxy": "",
        "timeout_ms": 10_000,
        "max_retries": 0,
        **options,
    }
    named = {}
    for name, value in given.items():
        in_ms = name.endswith("_ms")
        named[name[:-3] if in_ms else name] = value / 1000 if in_ms else resolved(value)
    return resolved(key if key is not None else f"${side}_KEY"), named


def client(region: Any = Region.GLOBAL, key: str | None = None, **options: Any) -> Client:
    key, named = arguments(region, key, options)
    return Client(key, region, **named)


def run_case(case: dict[str, Any]) -> str | None:
    """None, or what was not as expected."""
    region: Any = REGIONS.get(case.get("region", "global"), case.get("region"))
    enabled: Any = case.get("enabled")
    name, expect = case.get("on_behalf_of"), case["expect"]
    key = resolved(case.get("key", "$SANDBOX_EU_KEY" if region == Region.EU else "$SANDBOX_KEY"))
    seen: dict[str, Any]
    message = ""
    try:
        if case["call"] == "one_shot_update":
            reported = sg.update_open_tracking(key, enabled, region=region, on_behalf_of=name)
            seen = {"code": "OK", "enabled": reported}
        elif case["call"] == "one_shot_get":
            seen = {"code": "OK", "enabled": sg.get_open_tracking(key, region=region, on_behalf_of=name)}
        else:
            with client(region, key, **case.get("options", {})) as opened:
                if case["call"] == "client_new":
                    return "a client was made"
                if case["call"] == "update":
                    result = opened.update(enabled, on_behalf_of=name)
                else:
                    result = opened.get(on_behalf_of=name)
            seen = {"code": "OK", "http_status": result.http_status, "enabled": result.enabled}
            seen["attempts"] = result.attempts
    except OpenTrackingError as error:
        message = str(error)
        waits = -1 if error.retry_after is None else round(error.retry_after * 1000)
        seen = {"code": Code(error.code).name, "http_status": error.http_status, "enabled": error.enabled}
        seen |= {"attempts": error.attempts, "retry_after_ms": waits}
    if len(key) > 1 and key in message:
        return "the message holds the key"
    wrong = [
        f"{member}: {seen.get(member)!r}, not {expect[member]!r}"
        for member in expect
        if member != "message_part" and seen.get(member) != expect[member]
    ]
    if normal(expect.get("message_part", "")) not in normal(message):
        wrong.append(f"message: {message!r} without {expect['message_part']!r}")
    if seen["code"] != "OK" and not message:
        wrong.append("no message")
    return "; ".join(wrong) or None


def ends_in(code: Code, call: Callable[[], object]) -> float:
    """Checks how a call ends; returns how long it took, in seconds."""
    started = time.monotonic()
    try:
        call()
    except OpenTrackingError as error:
        ended_in = error.code
    else:
        ended_in = Code.OK
    assert ended_in == code, f"the call ended in {Code(ended_in).name}, not in {code.name}"
    return time.monotonic() - started


def in_flight(call: Callable[[], object], stop: Callable[[], None]) -> None:
    """A call that no reply would end is ended by `stop`, from another thread."""

    def wait_and_stop() -> None:
        other.get(on_behalf_of="fault-delay-100")
        stop()

    with client() as other:
        thread = threading.Thread(target=wait_and_stop)
        thread.start()
        took = ends_in(Code.CANCELLED, call)
        thread.join()
    assert took < BOUNDED, f"it took {took} s"


def cancel() -> None:
    with client(timeout_ms=30_000) as origin, origin.derive() as derived:
        in_flight(lambda: derived.get(on_behalf_of="fault-silent"), derived.cancel)
        ends_in(Code.CANCELLED, derived.get)
        origin.get()


def close() -> None:
    opened = client(timeout_ms=30_000)
    in_flight(lambda: opened.get(on_behalf_of="fault-silent"), opened.close)
    opened.close()
    opened.cancel()
    for call in (opened.get, lambda: opened.update(False), opened.derive):
        ends_in(Code.ARGUMENT, call)


def derive() -> None:
    origin = client(timeout_ms=30_000)
    with origin.derive() as kept:
        with origin.derive(0.15) as hasty:
            took = ends_in(Code.TIMEOUT, lambda: hasty.get(on_behalf_of="fault-silent"))
            assert took < BOUNDED, f"it took {took} s"
        origin.close()
        kept.get()


def threads() -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        name = f"subuser-0001{number}"
        try:
            for turn in range(25):
                assert opened.update(turn % 2 == 0, on_behalf_of=name).enabled == (turn % 2 == 0)
                assert opened.get(on_behalf_of=name).enabled == (turn % 2 == 0)
        except BaseException as failure:
            failures.append(failure)

    with client() as opened:
        workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert not failures, failures


def asynchronous() -> None:
    async def ticks() -> int:
        count = 0
        while True:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                return count
            count += 1

    async def main() -> None:
        key, named = arguments(Region.GLOBAL, None, {})
        async with AsyncClient(key, **named) as opened:
            ticking = asyncio.create_task(ticks())
            names = ["fault-delay-200"] * 4
            await asyncio.gather(*(opened.get(on_behalf_of=name) for name in names))
            ticking.cancel()
            assert await ticking > 5, "the loop stood still"
            silent = asyncio.create_task(opened.get(on_behalf_of="fault-silent"))
            await opened.get(on_behalf_of="fault-delay-100")
            silent.cancel()
            (ended,) = await asyncio.gather(silent, return_exceptions=True)
            assert isinstance(ended, asyncio.CancelledError), repr(ended)

    asyncio.run(main())


SUBUSERS = [f"subuser-{number:05}" for number in range(1, 26)]


def fleet() -> None:
    with client(timeout_ms=30_000) as opened:
        assert sorted(opened.list_subusers()) == SUBUSERS, "the list holds others"
        names = [*SUBUSERS, "nobody"]
        updated = sorted(opened.update_many(False, names), key=lambda item: item.index)
        told = [(item.index, item.on_behalf_of) for item in updated]
        assert told == list(enumerate(names)), "the update reports others"
        assert all(item.result and not item.result.enabled for item in updated[:25]), "one is on"
        assert updated[25].error is not None, "nobody was found"
        assert updated[25].error.code == Code.NOT_FOUND, updated[25]
        read = list(opened.get_many(SUBUSERS))
        assert sorted(item.index for item in read) == list(range(25)), "the read reports others"
        assert all(item.result and not item.result.enabled for item in read), "one reads on"

        before = native_threads()
        assert next(iter(opened.get_many(SUBUSERS[:1] * 1_000))).error is None, "the first failed"
        assert next(opened.list_subusers()) in SUBUSERS, "the first is another"
        until = time.monotonic() + BOUNDED
        while native_threads() > before:
            assert time.monotonic() < until, "what was left goes on"
            time.sleep(0.01)
        with client(key="SG.wrong") as wrong:
            ends_in(Code.UNAUTHORIZED, lambda: list(wrong.update_many(False, SUBUSERS[:10])))
        in_flight(lambda: list(opened.update_many(False, ["fault-silent"])), opened.cancel)


def native_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def sequence(kind: str) -> None:
    """The calls for many, given names of that kind: each that it gives is done once."""
    names = ["subuser-00001", "subuser-00002", "subuser-00001"]

    def generate() -> Iterator[str]:
        yield from names
        while kind == "endless":
            yield from names
        if kind == "throws":
            raise LookupError("no more")

    given = {"repeated": names, "set": set(names)}.get(kind, generate())
    wanted = sorted(set(names) if kind == "set" else names)
    done: list[str] = []
    raised = None
    with client() as opened:
        try:
            for item in opened.get_many(given):
                assert item.error is None, item
                done.append(item.on_behalf_of)
                if kind == "endless" and len(done) == 3:
                    return
        except LookupError as error:
            raised = str(error)
    assert raised == ("no more" if kind == "throws" else None), f"it raised {raised}"
    assert sorted(done) == wanted, done


def log(case: dict[str, Any]) -> None:
    """A call that is retried tells of itself, event by event."""
    lines: list[str] = []

    def take(record: logging.LogRecord) -> bool:
        names = re.findall(r'(\w+)=(?:"(?:[^"\\]|\\.)*"|\S*)', record.getMessage())
        level = {"WARNING": "warn"}.get(record.levelname, record.levelname.lower())
        lines.append(f"{level} {record.event}: {' '.join(names[1:])}")  # type: ignore[attr-defined]
        return True

    logger, handler = logging.getLogger("sg_open_tracking"), logging.NullHandler()
    logger.addHandler(handler)
    logger.addFilter(take)
    logger.setLevel(logging.DEBUG)
    try:
        with client(max_retries=2) as opened:
            opened.get(on_behalf_of="subuser-00001")
            lines.clear()
            opened.get(on_behalf_of=case["on_behalf_of"])
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeFilter(take)
        logger.removeHandler(handler)
    assert lines == case["expect_log"], lines


def wrong_in(scenario: Callable[..., None], *arguments: Any) -> str | None:
    """None, or what was wrong."""
    try:
        scenario(*arguments)
    except Exception as failure:
        return f"{type(failure).__name__}: {failure}"
    return None


def run_row(case: dict[str, Any]) -> str | None:
    if "scenario" not in case:
        return run_case(case)
    return wrong_in(log, case) if case["scenario"] == "log" else wrong_in(sequence, case["sequence"])


def resident_kib() -> int:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+)", status)[1])  # type: ignore[index]


def memory() -> None:
    def calls(count: int) -> None:
        for number in range(count):
            if number % 10 == 0:
                ends_in(Code.ARGUMENT, lambda: opened.get(on_behalf_of="\n"))
            elif number % 10 == 1:
                ends_in(Code.NOT_FOUND, lambda: opened.get(on_behalf_of="nobody"))
            elif number % 2:
                opened.update(number % 3 == 0)
            else:
                with opened.derive() as derived:
                    derived.get()

    with client() as opened:
        calls(2_000)
        before = resident_kib()
        calls(10_000)
        grown = resident_kib() - before
    print(f"  memory: {grown:+} KiB over 10,000 calls")
    assert grown < 2_048, f"{grown} KiB more"


def constants() -> None:
    header = Path(os.environ["CONFORMANCE_HEADER"]).read_text()
    codes = {
        name: int(value)
        for name, value in re.findall(r"\bSG_(?:ERR_)?(\w+) = (\d+)", header)
        if not name.startswith(("REGION_", "LOG_"))
    }
    assert codes == {code.name: code.value for code in Code}, codes
    regions = {name: int(value) for name, value in re.findall(r"\bSG_REGION_(\w+) = (\d+)", header)}
    assert regions == {region.name: region.value for region in Region}, regions


def secret() -> None:
    with client() as opened:
        for text in (repr(opened), str(opened), f"{opened}"):
            assert os.environ["SANDBOX_KEY"] not in text


def main() -> int:
    cases = json.loads(Path(os.environ["CONFORMANCE_CASES"]).read_text())
    outcomes = [(case["name"], run_row(case)) for case in cases]
    for scenario in (cancel, close, derive, threads, asynchronous, fleet, memory, constants, secret):
        outcomes.append((scenario.__name__, wrong_in(scenario)))
    failed = [(name, wrong) for name, wrong in outcomes if wrong is not None]
    for name, wrong in failed:
        print(f"FAILED {name}: {wrong}")
    print(f"python {platform.python_version()}: {len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
