# SPDX-License-Identifier: GPL-3.0-or-later
"""The only one to look at the open file and its scene: what would be sent, and why it could not be."""

from __future__ import annotations

from typing import NamedTuple

import bpy

from . import words


class Sending(NamedTuple):
    """What is handed to `farm.submit`."""

    blend_file: str
    scene: str
    # Canonical frames.
    frames: str
    priority: int
    auto_run: bool


def frames_text(scene: bpy.types.Scene) -> str:
    """Return the frames as text: the scene's own range, or the artist's list."""
    if scene.farmhand.frames_from == "LIST":
        return scene.farmhand.frames
    if scene.frame_start == scene.frame_end:
        return str(scene.frame_start)
    step = f":{scene.frame_step}" if scene.frame_step != 1 else ""
    return f"{scene.frame_start}-{scene.frame_end}{step}"


def chosen_frames(scene: bpy.types.Scene) -> words.FrameChoice:
    """Return the frames that would be rendered."""
    return words.read_frames(frames_text(scene))


def has_unsaved_changes() -> bool:
    """Tell whether the file on the disk is older than what is on the screen."""
    return bpy.data.is_dirty


def reason_not_to_send(scene: bpy.types.Scene) -> str:
    """Say why the scene cannot be sent as it is; empty where it can."""
    if not bpy.data.filepath:
        return "Save the file first: the farm reads it from the disk"
    return chosen_frames(scene).error


def sending(scene: bpy.types.Scene) -> Sending:
    """Return what would be sent."""
    return Sending(
        blend_file=bpy.data.filepath,
        scene=scene.name,
        frames=chosen_frames(scene).canonical,
        priority=scene.farmhand.priority,
        auto_run=scene.farmhand.auto_run,
    )


def remember_job(sent: Sending, job_id: str) -> None:
    """Write down in the scene that was sent which job it became, for scripts; another file may be open by now."""
    scene = bpy.data.scenes.get(sent.scene)
    if scene is not None and bpy.data.filepath == sent.blend_file:
        scene.farmhand.last_job_id = job_id
