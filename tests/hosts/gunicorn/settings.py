"""Gunicorn's, as the README has them."""

from typing import Any


def worker_int(worker: Any) -> None:
    """A quick stop cuts calls off."""
    from called import client  # of this worker

    client.close()
