"""uWSGI, which forks its workers from a process in which the client has called."""

import signal
import subprocess
import sysconfig

from server import drive

command = ["/usr/bin/uwsgi", "--plugin", "python3"]  # the distribution's
version = subprocess.check_output([*command, "--version"], text=True).strip()
command += ["--pythonpath", sysconfig.get_path("purelib"), "--pythonpath", "tests/hosts", "--module", "wsgi"]
command += ["--need-app", "--disable-logging", "--master", "--workers", "2"]
command += ["--hook-master-start", "unix_signal:15 gracefully_kill_them_all"]
drive("uwsgi", version, [*command, "--http-socket="], finish=signal.SIGTERM, cut_off=signal.SIGINT)
