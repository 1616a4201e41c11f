"""The package: in step with the library, found and refused as its README says."""

from __future__ import annotations

import asyncio
import builtins
import ctypes
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY, Sandbox

import sg_open_tracking as sg
from sg_open_tracking import ClientOptions, _arguments, _client, _errors, _native

HEADER = (REPOSITORY / "include/sg_open_tracking.h").read_text()
PACKAGES = str(Path(sg.__file__).parents[1])
README = (REPOSITORY / "bindings/python/README.md").read_text()


def test_codes_are_the_headers() -> None:
    named = re.findall(r"\bSG_(OK|ERR_\w+)\s*=\s*(\d+)", HEADER)
    assert {(name.replace("ERR_", "", 1), int(value)) for name, value in named} == {
        (c.name, c) for c in sg.Code
    }


def test_regions_are_the_headers() -> None:
    named = re.findall(r"\bSG_REGION_(\w+)\s*=\s*(\d+)", HEADER)
    assert {(name, int(value)) for name, value in named} == {(r.name, r) for r in sg.Region}


def test_every_code_has_its_class() -> None:
    without = {sg.Code.OK, sg.Code.PARTIAL}  # no call of this package returns the second
    for code in set(sg.Code) - without:
        error = _errors.error_of(code, "text")
        assert type(error) is not sg.OpenTrackingError
        assert error.code == code
    unknown = _errors.error_of(99, "text")
    assert (type(unknown), unknown.code, unknown.code.name) == (sg.OpenTrackingError, 99, "UNKNOWN_99")
    assert pickle.loads(pickle.dumps(unknown)).code == 99


def test_no_name_shadows_a_builtin_or_asyncios() -> None:
    for name in sg.__all__:
        assert not hasattr(builtins, name), name
        assert not hasattr(asyncio, name), name
        kind = getattr(sg, name)
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert name.endswith("Error")


def test_default_timeout_is_the_headers() -> None:
    comment = re.search(r"\*\*((?:(?!\*/).)*)\*/\s*sg_code sg_config_set_timeout_ms", HEADER, re.DOTALL)
    assert comment is not None
    assert f"Default {_client._TIMEOUT * 1000:.0f}" in comment[1]


def test_every_option_of_the_header_is_offered() -> None:
    setters = set(re.findall(r"\b(sg_config_set_\w+)\s*\(", HEADER))
    offered = {setter for setter, *_ in _arguments.SETTERS.values()}
    assert setters - offered == {"sg_config_set_log"}  # which the logger sets
    assert list(ClientOptions.__annotations__) == list(_arguments.SETTERS)


def test_layout() -> None:
    assert ctypes.sizeof(_native.SgResult) == 512
    offsets = {name: getattr(_native.SgResult, name).offset for name, *_ in _native.SgResult._fields_}
    assert offsets == {
        "code": 0,
        "http_status": 4,
        "enabled": 8,
        "reserved_": 9,
        "attempts": 12,
        "retry_after_ms": 16,
        "elapsed_us": 24,
        "message": 32,
    }


def test_versions() -> None:
    manifest = (REPOSITORY / "Cargo.toml").read_text()
    version = re.search(r'^version = "(.+)"', manifest, re.MULTILINE)
    assert version is not None
    assert sg.__version__ == version[1]
    assert sg.library_version() == version[1]


@pytest.mark.parametrize("version", ["1.2.0", "1.2.7", "1.3.0", "1.10.0"])
def test_a_later_library_fits(version: str) -> None:
    _native.check_version("path", version, (1, 2))


@pytest.mark.parametrize("version", ["0.2.0", "1.1.9", "2.0.0", "2.2.0", "10.2.0"])
def test_an_older_library_is_refused_and_one_of_another_major_version(version: str) -> None:
    needs = f"path is libsg_open_tracking {version}, and this package needs 1.2 or a later 1.x: "
    with pytest.raises(ImportError, match=re.escape(needs)):
        _native.check_version("path", version, (1, 2))


def importing(path: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "SG_OPEN_TRACKING_LIBRARY"}
    return subprocess.run(
        [sys.executable, "-c", "import sg_open_tracking as sg; print(sg.library_version())"],
        env={**kept, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_library_says_where_it_was_looked_for() -> None:
    done = importing(PACKAGES, SG_OPEN_TRACKING_LIBRARY="/nowhere/library.so")
    assert "ImportError: libsg_open_tracking was not found" in done.stderr
    assert "/nowhere/library.so" in done.stderr


@pytest.mark.skipif("SG_OPEN_TRACKING_LIBRARY" not in os.environ, reason="no path to take a copy from")
def test_a_library_beside_the_package_is_found(tmp_path: Path) -> None:
    package = tmp_path / "sg_open_tracking"
    package.mkdir()
    for source in Path(sg.__file__).parent.glob("*.py"):
        (package / source.name).symlink_to(source)
    (package / _native.NAMES[-1]).symlink_to(Path(os.environ["SG_OPEN_TRACKING_LIBRARY"]).resolve())
    done = importing(str(tmp_path))
    assert done.stdout.strip() == sg.library_version(), done.stderr


@pytest.mark.parametrize("snippet", re.findall(r"^```python\n(.+?)^```", README, re.MULTILINE | re.DOTALL))
def test_readme(sandbox: Sandbox, snippet: str) -> None:
    command = [sys.executable, "-W", "error", "-c", snippet]
    done = subprocess.run(command, env=sandbox.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "open tracking is off"
