# SPDX-License-Identifier: GPL-3.0-or-later
"""The last picture of each job that is listed: fetched by the library, one at a time, and shown as an icon."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import bpy.utils.previews

if TYPE_CHECKING:
    import farmhand

    from .bridge import Bridge

# A picture that is only a little older does as well.
_FETCHED_EVERY_SECS = 5.0


class _Gallery:
    """The pictures of this session."""

    def __init__(self) -> None:
        self.icons: bpy.utils.previews.ImagePreviewCollection | None = None
        self.folder = ""
        # By job: the number of frames that were done, and the name of the icon.
        self.shown: dict[str, tuple[int, str]] = {}
        self.wanted: tuple[str, int] | None = None
        self.reply: farmhand.Reply | None = None
        self.asked = 0.0


_gallery = _Gallery()


def icon_of(job: farmhand.JobView) -> int:
    """Return the icon of a job's last picture; 0 where there is none yet."""
    name = _gallery.shown.get(job.job_id, (0, ""))[1]
    if not name or _gallery.icons is None:
        return 0
    return _gallery.icons[name].icon_id


def advance(bridge: Bridge) -> bool:
    """Take in a picture that has come, and ask for the next; return whether there is a new one."""
    came = _take_in()
    if bpy.app.background or _gallery.reply is not None or time.monotonic() - _gallery.asked < _FETCHED_EVERY_SECS:
        return came
    if bridge.snapshot is None or bridge.snapshot.state != "online":
        return came
    for job in bridge.listed_jobs()[0]:
        if job.frames_done and _gallery.shown.get(job.job_id, (0, ""))[0] != job.frames_done:
            _gallery.folder = _gallery.folder or tempfile.mkdtemp(prefix="farmhand-pictures-")
            folder = Path(_gallery.folder) / str(job.frames_done)
            _gallery.wanted = (job.job_id, job.frames_done)
            _gallery.reply = bridge.farm().fetch_picture(job.job_id, folder)
            _gallery.asked = time.monotonic()
            break
    return came


def _take_in() -> bool:
    if _gallery.reply is None or _gallery.wanted is None or _gallery.reply.state == "running":
        return False
    path = _gallery.reply.text or ""
    (job_id, frames_done), _gallery.wanted, _gallery.reply = _gallery.wanted, None, None
    name = _gallery.shown.get(job_id, (0, ""))[1]
    if path:
        if _gallery.icons is None:
            _gallery.icons = bpy.utils.previews.new()
        before, name = name, path
        if name not in _gallery.icons:
            _gallery.icons.load(name, path, "IMAGE")
        if before and before in _gallery.icons and before != name:
            del _gallery.icons[before]
    _gallery.shown[job_id] = (frames_done, name)
    return bool(path)


def forget() -> None:
    """Let go of the pictures, those of another farm for one."""
    if _gallery.icons is not None:
        bpy.utils.previews.remove(_gallery.icons)
    if _gallery.folder:
        shutil.rmtree(_gallery.folder, ignore_errors=True)
    _gallery.icons, _gallery.folder = None, ""
    _gallery.wanted = _gallery.reply = None
    _gallery.shown.clear()
