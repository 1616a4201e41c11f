"""Gunicorn with workers of gevent."""

import signal
from importlib.metadata import version

from server import drive

command = ["gunicorn", "--config", "tests/hosts/gunicorn/settings.py", "--no-control-socket"]
command += ["--chdir", "tests/hosts/gunicorn-gevent", "--pythonpath", "tests/hosts"]
command += ["--workers", "2", "--worker-class", "gevent"]
drive(
    "gunicorn-gevent",
    f"{version('gunicorn')}-{version('gevent')}",
    [*command, "app", "--bind", "unix:"],
    finish=signal.SIGTERM,
    cut_off=signal.SIGQUIT,
)
