# SPDX-License-Identifier: Apache-2.0
"""Each way to fail raises the class that the library promises, and the builtin that a Python user expects."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Callable

import pytest

import farmhand

if TYPE_CHECKING:
    from pathlib import Path


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def a_file_cut_short(folder: Path) -> None:
    (folder / "cut.blend").write_bytes(b"BLENDER-v304")
    farmhand.read_blend(folder / "cut.blend")


def a_file_that_is_no_scene(folder: Path) -> None:
    (folder / "text.blend").write_text("no scene", encoding="utf-8")
    farmhand.read_blend(folder / "text.blend")


FAILURES: dict[str, tuple[Callable[[Path], object], type[Exception], type[Exception]]] = {
    "frames": (lambda _: farmhand.Frames("10-1"), farmhand.FrameSetError, ValueError),
    "missing file": (
        lambda folder: farmhand.read_blend(folder / "no"),
        farmhand.BlendFileMissingError,
        FileNotFoundError,
    ),
    "cut short": (a_file_cut_short, farmhand.BlendFileError, ValueError),
    "no scene": (a_file_that_is_no_scene, farmhand.BlendFileError, ValueError),
    "no path": (
        lambda _: farmhand.PathMap([("linux", "films", "linux", "/mnt")]),
        farmhand.PathRuleError,
        ValueError,
    ),
    "no address": (lambda _: farmhand.connect("not an address"), farmhand.FarmhandError, Exception),
    "nobody there": (
        lambda _: farmhand.connect(f"http://127.0.0.1:{closed_port()}").jobs(),
        farmhand.FarmUnreachableError,
        ConnectionError,
    ),
    "no time": (
        lambda _: farmhand.connect("http://127.0.0.1:9").jobs(timeout_secs=0),
        farmhand.FarmTimeoutError,
        TimeoutError,
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_raises_its_own_class_which_is_a_builtin_too(name: str, tmp_path: Path) -> None:
    fail, own, builtin = FAILURES[name]
    with pytest.raises(own) as raised:
        fail(tmp_path)
    assert isinstance(raised.value, builtin)
    assert isinstance(raised.value, farmhand.FarmhandError)
    assert len(str(raised.value)) > 20, "an error says what happened and what to do"


def test_every_public_error_is_part_of_the_one_tree() -> None:
    errors = [getattr(farmhand, name) for name in farmhand.__all__ if name.endswith("Error")]
    assert len(errors) > 10
    assert all(issubclass(error, farmhand.FarmhandError) for error in errors)
