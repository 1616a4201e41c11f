"""Marks a wheel that has the library inside as made for this platform; without it, it is for any."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class LibraryInside(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable" and any(Path(self.root, "src/sg_open_tracking").glob("*sg_open_tracking.*")):
            # ctypes: any Python, no ABI of its own
            platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
            build_data.update(tag=f"py3-none-{platform}", pure_python=False)
