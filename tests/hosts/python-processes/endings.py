"""Interpreters that end while calls are under way: each way in processes of its own.

With the name of a way, this is such a process.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from process import answer, check, fall_silent, new_client
from sg_open_tracking import AsyncClient, Item

TIMES = 5
client = new_client(timeout=60)
left: list[Iterator[Item]] = []  # to the end


def begin_in_thread(name: str, daemon: bool = True) -> threading.Thread:
    thread = threading.Thread(target=answer, args=(client, "one", name), daemon=daemon)
    thread.start()
    return thread


def begin_many(name: str) -> None:
    left.append(iter(client.get_many(["subuser-00001", name])))
    check(next(left[-1]).error is None, "the first item failed")


def amid_calls_of_daemon_threads() -> None:
    fall_silent(begin_in_thread, 4)


def amid_calls_of_threads_that_close_cuts_off() -> None:
    fall_silent(lambda name: begin_in_thread(name, daemon=False), 4)
    client.close()


def amid_calls_for_many() -> None:
    fall_silent(begin_many, 4)


def amid_asynchronous_calls() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        patient = AsyncClient(os.environ["SENDGRID_API_KEY"], timeout=60)

        def begin(name: str) -> object:
            return asyncio.run_coroutine_threadsafe(patient.get(on_behalf_of=name), loop)

        await asyncio.to_thread(fall_silent, begin, 4)

    asyncio.run(main())


def forked_amid_calls() -> None:
    """The child calls, and ends as a program does, with all that is to be done at exit."""
    fall_silent(begin_in_thread, 2)
    fall_silent(begin_many, 2)
    child = os.fork()
    if child == 0:
        check(answer(client, "one", "subuser-00001") == "on", "no answer in the child")
        check(answer(client, "many", "subuser-00001") == "on", "no answer in the child")
        sys.exit(0)
    check(os.waitpid(child, 0)[1] == 0, "the child failed")


WAYS = [
    amid_calls_of_daemon_threads,
    amid_calls_of_threads_that_close_cuts_off,
    amid_calls_for_many,
    amid_asynchronous_calls,
    forked_amid_calls,
]


def run(way: str) -> None:
    # Python says that a fork amid threads may end badly; this is to show that it does not.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", __file__, way]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    check(ended.returncode == 0 and not ended.stderr, f"{way}: {ended.returncode}\n{ended.stderr}")


if len(sys.argv) > 1:
    globals()[sys.argv[1]]()
else:
    with ThreadPoolExecutor(4) as threads:
        for _ in threads.map(run, [way.__name__ for way in WAYS] * TIMES):
            pass
    print(f"{TIMES * len(WAYS)} processes ended")
