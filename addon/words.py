# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the panel, free of Blender. `translate` is Blender's own once the add-on is registered."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from typing import Callable, NamedTuple

import farmhand

THIS_COMPUTER = "This Computer"
STAY_OFFLINE = "Blender is to stay offline: tick Allow Online Access in Preferences > System > Network"
NEVER_SAVED = "Save the file first: the farm reads it from the disk"
LINKED_SCENE = "The scene lies in {file}: open that file to send it"
NO_OTHER_FARM = "Send renders on this computer. Another farm is added with the plus sign"
OFFLINE = "The farm is offline: {message}"
CUT_OFF = "Sending {file} was cut off when Blender ended; where its job is not below, send it again"

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

# What a submission does, in its order, and how much of it is behind then.
_STAGES = {
    "Starting": 0.0,
    "Starting the farm on this computer": 0.05,
    "Reading the scene": 0.2,
    "Checking the scene": 0.5,
    "Putting the job together": 0.8,
    "Sending the job": 0.9,
    "Sent": 1.0,
}

_WORKERS_AT_WORK = ("awake", "testing", "starting", "restart")

_translator: Callable[[str], str] = str


def translate(text: str) -> str:
    """Return a text in the language of Blender's interface."""
    return _translator(text)


def use_translator(translator: Callable[[str], str]) -> None:
    """Have texts translated by this from now on."""
    global _translator  # noqa: PLW0603 - the language is Blender's, which these words know nothing of
    _translator = translator


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
    return translate("1 frame") if count == 1 else translate("{count} frames").format(count=f"{count:,}")


def files_count(count: int, size_bytes: int) -> str:
    """Return `1 file, 2.1 MB`, `13 files, 0.3 MB`."""
    files = translate("1 file") if count == 1 else translate("{count} files").format(count=f"{count:,}")
    return f"{files}, {size_bytes / 1e6:,.1f} MB"


def send_label(count: int, farm: str = THIS_COMPUTER, *, saves: bool) -> str:
    """Say on the Send button what a click will do; where it asks first, three dots say so."""
    if not count:
        return translate("Render on {farm}").format(farm=farm)
    one, several = "Render 1 Frame on {farm}", "Render {count} Frames on {farm}"
    label = translate(one if count == 1 else several).format(count=f"{count:,}", farm=farm)
    return f"{label}…" if saves else label


def short_send_label(count: int, *, saves: bool) -> str:
    """Say the same where there is little room."""
    label = translate("Render 1 Frame") if count == 1 else translate("Render {count} Frames").format(count=f"{count:,}")
    label = label if count else translate("Render")
    return f"{label}…" if saves else label


def stage_fraction(stage: str) -> float:
    """Return how much of a submission is behind at a stage."""
    return _STAGES.get(stage, 0.0)


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
    return f"{count} {translate(one if count == 1 else several)}"


def severity_icon(severity: str) -> str:
    """Return the icon of a severity."""
    return _SEVERITY[severity][2]


def farm_state(state: str) -> tuple[str, str]:
    """Return the word and the icon of a farm's state."""
    word, icon = _FARM_STATE.get(state, (state, "QUESTION"))
    return translate(word), icon


def workers(statuses: list[str]) -> str:
    """Return `2 of 3 workers awake`."""
    awake = sum(status in _WORKERS_AT_WORK for status in statuses)
    if len(statuses) == 1:
        return translate("1 worker, awake") if awake else translate("1 worker, asleep")
    return translate("{awake} of {count} workers awake").format(awake=awake, count=len(statuses))


def job_state(status: str) -> tuple[str, str]:
    """Return the words and the icon of a job's status."""
    word, icon = _STATUS.get(status, (status, "QUESTION"))
    return translate(word), icon


def job_progress(job: farmhand.JobView) -> str:
    """Return `12 of 24 frames, 1 failed, 2 to 3 min left`."""
    frames = frames_count(job.frames_total)
    progress = translate("{done} of {frames}").format(done=f"{job.frames_done:,}", frames=frames)
    if job.frames_failed:
        progress += ", " + translate("{count} failed").format(count=f"{job.frames_failed:,}")
    if job.is_live and job.seconds_left:
        progress += f", {farmhand.format_seconds_left(*job.seconds_left)}"
    return progress


def job_ended(job: farmhand.JobView) -> str:
    """Return what to say when a job has ended, or waits to be looked at."""
    if job.waits_for_approval:
        return translate("{job} waits until its scouts are approved").format(job=job.name)
    if job.status == "completed":
        return translate("{job} is done: {frames}").format(job=job.name, frames=frames_count(job.frames_done))
    state, _ = job_state(job.status)
    return f"{job.name}: {state}, {job_progress(job)}"


def lines(text: str, characters: int) -> list[str]:
    """Break a text into lines, each paragraph on its own; long words, such as paths, are broken too."""
    text = text[:1].upper() + text[1:]
    return [line for paragraph in text.splitlines() for line in textwrap.wrap(paragraph, max(characters, 12)) or [""]]


def shorten(text: str, characters: int) -> str:
    """Leave the middle of a text out where it is longer, so that its beginning and its end can be told apart."""
    characters = max(characters, 5)
    if len(text) <= characters:
        return text
    front = (characters - 1) // 2
    return f"{text[:front]}…{text[len(text) - (characters - 1 - front) :]}"
