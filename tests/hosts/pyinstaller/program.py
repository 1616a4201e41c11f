"""Load in a program of one file."""

import os
import sys
from functools import partial

from process import answer, check, load, memory_kib, new_client, report
from sg_open_tracking import _native

check(_native.lib._name.startswith(sys._MEIPASS), f"the library is {_native.lib._name}")
with new_client() as client:
    load(partial(answer, client), 300)
    before = memory_kib([os.getpid()])
    load(partial(answer, client), 600)
    report("pyinstaller", sys.argv[1], before, memory_kib([os.getpid()]))
