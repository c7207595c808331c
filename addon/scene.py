# SPDX-License-Identifier: GPL-3.0-or-later
"""The only one to look at the open file and its scene: what would be sent, and why it could not be."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import bpy

from . import words


class Sending(NamedTuple):
    """What is handed to `farm.submit`."""

    blend_file: str
    scene: str
    # Canonical frames.
    frames: str
    order: str
    existing: str
    priority: int
    auto_run: bool
    # The job's name.
    name: str


def frames_text(scene: bpy.types.Scene) -> str:
    """Return the frames as text: a range of the scene's, its markers, one frame, or the artist's list."""
    chosen = scene.farmhand.frames_from
    if chosen == "LIST":
        return scene.farmhand.frames
    if chosen == "CURRENT":
        return str(scene.frame_current)
    if chosen == "MARKERS":
        return ", ".join(str(marker.frame) for marker in scene.timeline_markers)
    if chosen == "PREVIEW" and scene.use_preview_range:
        return _range(scene.frame_preview_start, scene.frame_preview_end, scene.frame_step)
    if chosen == "PREVIEW":
        return ""
    return _range(scene.frame_start, scene.frame_end, scene.frame_step)


def _range(start: int, end: int, step: int) -> str:
    if start == end:
        return str(start)
    return f"{start}-{end}:{step}" if step != 1 else f"{start}-{end}"


def chosen_frames(scene: bpy.types.Scene) -> words.FrameChoice:
    """Return the frames that would be rendered."""
    text = frames_text(scene)
    if not text and scene.farmhand.frames_from == "MARKERS":
        return words.FrameChoice(0, "", words.translate("There are no markers in the timeline"))
    if not text and scene.farmhand.frames_from == "PREVIEW":
        return words.FrameChoice(0, "", words.translate("The timeline has no preview range"))
    return words.read_frames(text)


def has_unsaved_changes() -> bool:
    """Tell whether the file on the disk is older than what is on the screen."""
    return bpy.data.is_dirty


def is_never_saved() -> bool:
    """Tell whether there is no file on the disk yet."""
    return not bpy.data.filepath


def can_save() -> bool:
    """Tell whether the file may be written where it lies."""
    return os.access(bpy.data.filepath, os.W_OK)


def reason_not_to_send(scene: bpy.types.Scene) -> str:
    """Say why the scene cannot be sent as it is; empty where it can."""
    if is_never_saved():
        return words.translate(words.NEVER_SAVED)
    if scene.library is not None:
        return words.translate(words.LINKED_SCENE).format(file=bpy.path.basename(scene.library.filepath))
    return chosen_frames(scene).error


def sending(scene: bpy.types.Scene, blend_file: str = "") -> Sending:
    """Return what would be sent; of another file where a copy of this one was saved."""
    return Sending(
        blend_file=blend_file or bpy.data.filepath,
        scene=scene.name,
        frames=chosen_frames(scene).canonical,
        order=scene.farmhand.order,
        existing=scene.farmhand.existing,
        priority=scene.farmhand.priority,
        auto_run=scene.farmhand.auto_run,
        name=Path(bpy.data.filepath).stem,
    )


def save_copy() -> str:
    """Save what is on the screen beside the file, where relative paths mean the same, and return the copy's path.

    Raises:
        RuntimeError: It cannot be written there.
    """
    path = Path(bpy.data.filepath)
    copy = path.with_name(f"{path.stem}_sent_{datetime.now():%Y%m%d-%H%M%S}.blend")  # noqa: DTZ005 - for its user's eyes
    bpy.ops.wm.save_as_mainfile(filepath=str(copy), copy=True, relative_remap=False)
    return str(copy)


def remember_job(sent: Sending, job_id: str) -> None:
    """Write down in the scene that was sent which job it became, for scripts; another file may be open by now."""
    scene = bpy.data.scenes.get(sent.scene)
    folder, name = Path(bpy.data.filepath).parent, Path(bpy.data.filepath).stem
    if scene is not None and scene.library is None and (folder, name) == (Path(sent.blend_file).parent, sent.name):
        scene.farmhand.last_job_id = job_id
