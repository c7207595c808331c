# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembers that a scene is being sent, so that after Blender's sudden end its user is told."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import bpy


def _file() -> Path | None:
    folder = bpy.utils.user_resource("CONFIG")
    return Path(folder) / "farmhand-sending.txt" if folder else None


def begin(blend_file: str) -> None:
    """Write down what is being sent; where that is impossible nobody is told, and nothing else is lost."""
    file = _file()
    if file is not None:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(blend_file, encoding="utf-8")


def end() -> None:
    """Forget it: it has come to an end that was seen."""
    file = _file()
    if file is not None:
        with suppress(OSError):
            file.unlink()


def take() -> str:
    """Return what was being sent when Blender ended, once."""
    file = _file()
    if file is None:
        return ""
    try:
        blend_file = file.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return ""
    end()
    return blend_file
