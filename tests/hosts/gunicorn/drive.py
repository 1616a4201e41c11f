"""Gunicorn with the class of workers that the arguments tell."""

import signal
import sys

import gunicorn
from server import drive

command = ["gunicorn", "--config", "tests/hosts/gunicorn/settings.py", "--chdir", "tests/hosts"]
command += ["--preload", "--no-control-socket", "--workers", "2", "--worker-class", *sys.argv[1:]]
drive(
    f"gunicorn-{sys.argv[1]}",
    gunicorn.__version__,
    [*command, "wsgi", "--bind", "unix:"],
    finish=signal.SIGTERM,
    cut_off=signal.SIGQUIT,
)
