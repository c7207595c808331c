# SPDX-License-Identifier: Apache-2.0
"""Runs inside the Blender under test: shows Render Properties alone, then answers what the test asks.

The test writes Python into numbered files; each runs on Blender's main thread, and its `result` is written beside it.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path

import bpy

QUESTIONS = Path(sys.argv[sys.argv.index("--") + 1])


def show_render_properties() -> None:
    """Make Render Properties the window's only area."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "PROPERTIES")
    with bpy.context.temp_override(window=window, screen=window.screen, area=area):
        bpy.ops.screen.screen_full_area(use_hide_panels=True)
    bpy.app.timers.register(choose_tab, first_interval=0.2)


def choose_tab() -> None:
    """Open the tab; the area is a new one once it fills the window."""
    area = next(area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == "PROPERTIES")
    area.spaces.active.context = "RENDER"
    area.tag_redraw()
    bpy.app.timers.register(answer, first_interval=0.5, persistent=True)


def bridge() -> object:
    """What the add-on's panel knows; as an extension the add-on has another name."""
    names = [name for name in sys.modules if name in {"farmhand_addon.bridge", "bl_ext.user_default.farmhand.bridge"}]
    return sys.modules[names[0]].current() if names else None


class Pulse:
    """How regularly Blender's main thread comes by: a window that waits for something misses beats."""

    longest_gap_secs = 0.0
    _last = 0.0

    @classmethod
    def beat(cls) -> None:
        """Come by."""
        now = time.monotonic()
        if cls._last:
            cls.longest_gap_secs = max(cls.longest_gap_secs, now - cls._last)
        cls._last = now


def answer() -> float:
    """Run what the test has asked since the last time."""
    Pulse.beat()
    for question in sorted(QUESTIONS.glob("*.py")):
        names = {"bpy": bpy, "pulse": Pulse, "bridge": bridge(), "result": None}
        try:
            exec(question.read_text(encoding="utf-8"), names)  # noqa: S102 - the test's own questions
            reply = {"result": names["result"]}
        except Exception:  # noqa: BLE001 - told to the test
            reply = {"error": traceback.format_exc()}
        question.unlink()
        unfinished = question.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(reply), encoding="utf-8")
        unfinished.replace(question.with_suffix(".json"))
    return 0.05


bpy.app.timers.register(show_render_properties, first_interval=0.5)
