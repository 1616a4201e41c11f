"""Takes the library that is inside the package along."""

from PyInstaller.utils.hooks import collect_dynamic_libs

binaries = collect_dynamic_libs("sg_open_tracking", search_patterns=["*.so*", "*.dylib", "*.dll"])
