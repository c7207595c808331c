# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in the status bar that a scene is being sent, and that a job has ended."""

from __future__ import annotations

import bpy

from . import bridge, operators, words


def _draw(header: bpy.types.Header, _context: bpy.types.Context) -> None:
    now = bridge.current()
    if now.submission is not None:
        row = header.layout.row(align=True)
        percent = int(100 * now.sending_fraction())
        row.label(text=f"Farmhand: {words.translate(now.submission.stage)} ({percent} %)", icon="EXPORT")
        row.operator(operators.FARMHAND_OT_cancel_submission.bl_idname, text="", icon="X", emboss=False)
    elif now.notice:
        header.layout.label(text=f"Farmhand: {now.notice}", icon="INFO")


def register() -> None:
    """Draw at the beginning of the status bar."""
    bpy.types.STATUSBAR_HT_header.prepend(_draw)


def unregister() -> None:
    """Draw there no more."""
    bpy.types.STATUSBAR_HT_header.remove(_draw)
