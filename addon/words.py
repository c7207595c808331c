# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the panel, free of Blender."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from typing import NamedTuple

import farmhand

THIS_COMPUTER = "This Computer"

# The job states of a Flamenco Manager, in an artist's words, each with one of Blender's icons.
_STATUS = {
    "under-construction": ("Being prepared", "TIME"),
    "queued": ("Waiting", "TIME"),
    "active": ("Rendering", "RENDER_ANIMATION"),
    "requeueing": ("Waiting", "TIME"),
    "paused": ("Paused", "PAUSE"),
    "pause-requested": ("Pausing", "PAUSE"),
    "cancel-requested": ("Cancelling", "CANCEL"),
    "canceled": ("Cancelled", "CANCEL"),
    "failed": ("Failed", "ERROR"),
    "completed": ("Done", "CHECKMARK"),
}

_FARM_STATE = {
    # The first submission starts it, so there is nothing that the artist would have to do.
    "stopped": ("ready", "CHECKMARK"),
    "connecting": ("connecting…", "TIME"),
    "online": ("ready", "CHECKMARK"),
    "offline": ("offline", "ERROR"),
}


class FrameChoice(NamedTuple):
    """What a text of frames means."""

    count: int
    canonical: str
    # Why the text is no list of frames; empty where it is one.
    error: str


@lru_cache(maxsize=64)
def read_frames(text: str) -> FrameChoice:
    """Read a text such as `1-10, 20, 30-100:2`."""
    try:
        frames = farmhand.Frames(text)
    except ValueError as error:
        return FrameChoice(0, "", str(error))
    return FrameChoice(frames.count, str(frames), "")


def frames_count(count: int) -> str:
    """Return `1 frame`, `24 frames`, `10,000 frames`."""
    return "1 frame" if count == 1 else f"{count:,} frames"


def send_label(count: int, *, saves: bool) -> str:
    """Say on the Send button what a click will do."""
    what = f"Render {frames_count(count).title()} on {THIS_COMPUTER}" if count else f"Render on {THIS_COMPUTER}"
    return f"Save and {what}" if saves else what


# The findings of each severity, in words: one of them, several, and the icon.
_SEVERITY = {
    "error": ("error", "errors", "CANCEL"),
    "warning": ("warning", "warnings", "ERROR"),
    "notice": ("note", "notes", "INFO"),
}
SEVERITIES = tuple(_SEVERITY)


def severity_count(severity: str, count: int) -> str:
    """Return `1 error`, `3 notes`."""
    one, several, _ = _SEVERITY[severity]
    return f"{count} {one if count == 1 else several}"


def severity_icon(severity: str) -> str:
    """Return the icon of a severity."""
    return _SEVERITY[severity][2]


def farm_state(state: str) -> tuple[str, str]:
    """Return the word and the icon of a farm's state."""
    return _FARM_STATE.get(state, (state, "QUESTION"))


def job_state(status: str) -> tuple[str, str]:
    """Return the words and the icon of a job's status."""
    return _STATUS.get(status, (status, "QUESTION"))


def job_progress(job: farmhand.JobView) -> str:
    """Return `12 of 24 frames, 1 failed, 2 to 3 min left`."""
    progress = f"{job.frames_done:,} of {frames_count(job.frames_total)}"
    if job.frames_failed:
        progress += f", {job.frames_failed:,} failed"
    if job.is_live and job.seconds_left:
        progress += f", {farmhand.format_seconds_left(*job.seconds_left)}"
    return progress


def lines(text: str, characters: int) -> list[str]:
    """Break a text into lines, each paragraph on its own; long words, such as paths, are broken too."""
    text = text[:1].upper() + text[1:]
    return [line for paragraph in text.splitlines() for line in textwrap.wrap(paragraph, max(characters, 16)) or [""]]
