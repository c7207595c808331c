# SPDX-License-Identifier: GPL-3.0-or-later
"""Owns the library's handles and the one timer that polls them.

Nothing here waits: each handle answers at once with what its thread has found out. The timer runs only while
the panel can be seen or something is under way, and ends before Blender does.
"""

from __future__ import annotations

import atexit
import logging
from typing import TYPE_CHECKING, NamedTuple

import bpy

import farmhand

from . import library

if TYPE_CHECKING:
    from .files import DiskFix
    from .scene import Sending

log = logging.getLogger(__name__)

HELD_BACK = "Nothing was sent; this stands in the way:"
_SENDING_INTERVAL_SECS = 0.15
_RENDERING_INTERVAL_SECS = 0.4
_IDLE_INTERVAL_SECS = 1.0


class Message(NamedTuple):
    """Something that the artist should know."""

    text: str
    # `error`, `warning` or `notice`.
    severity: str
    # The code of the finding that it tells of; empty where it tells of something else.
    code: str = ""
    # What the finding is about: the kind and the name of each thing.
    things: tuple[tuple[str, str], ...] = ()
    # What the text sums up.
    details: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Tell whether it stands in the way."""
        return self.severity == "error"


class _Mending(NamedTuple):
    """A fix whose work on files is under way, and what it is for."""

    fix: DiskFix
    work: farmhand.FileWork
    # The code of the finding.
    code: str
    blend_file: str
    scene: str
    # What is said meanwhile.
    note: Message


class Bridge:
    """The farm of this session, and what is under way with it."""

    def __init__(self) -> None:
        """Begin with no farm; it is opened when it is first needed."""
        self.snapshot: farmhand.Snapshot | None = None
        self.submission: farmhand.Submission | None = None
        # What went wrong or should be known, until it is dismissed or something is sent again.
        self.messages: list[Message] = []
        self._farm: farmhand.Farm | None = None
        self._watch: farmhand.FarmWatch | None = None
        self._operations: list[farmhand.Operation] = []
        self._mending: _Mending | None = None
        self._drawn: tuple[object, ...] = ()

    def farm(self) -> farmhand.Farm:
        """Return the farm; opening it starts nothing that this thread waits for.

        It is on this computer, so Blender's "Allow Online Access" does not concern it.
        """
        if self._farm is None:
            preferences = bpy.context.preferences.addons[__package__].preferences
            self._farm = farmhand.local(
                launcher=library.launcher(),
                slots=preferences.slots,
                blender=bpy.path.abspath(preferences.blender_path) or library.own_blender(),
            )
        return self._farm

    def forget_farm(self) -> None:
        """Open the farm anew when it is next needed, with the preferences of then."""
        self._farm = self._watch = self.snapshot = None

    def percent_done(self, place: int) -> float:
        """Return how much is rendered of the job in this place of the list; 0 where there is none."""
        jobs = self.snapshot.jobs if self.snapshot else []
        return 100.0 * jobs[place].fraction if place < len(jobs) else 0.0

    def close(self) -> None:
        """Let go of every handle; what was sent goes on without this session."""
        self.forget_farm()
        self.submission = None
        self._operations.clear()
        self.dismiss()

    def dismiss(self) -> None:
        """Take the messages away, and end the work on files that one of them tells of."""
        self.messages.clear()
        if self._mending is not None:
            self._mending.work.cancel()

    @property
    def is_sending(self) -> bool:
        """Tell whether a scene is on its way."""
        return self.submission is not None

    def send(self, sending: Sending) -> farmhand.Submission:
        """Begin to send a scene."""
        self.messages.clear()
        self.submission = self.farm().submit(
            sending.blend_file,
            frames=sending.frames,
            scene=sending.scene,
            priority=sending.priority,
            auto_run=sending.auto_run,
        )
        request()
        return self.submission

    @property
    def is_mending(self) -> bool:
        """Tell whether files of the scene are being looked for or copied."""
        return self._mending is not None

    def mend(self, scene: bpy.types.Scene, code: str, fix: DiskFix) -> None:
        """Begin a fix that needs the disk; its outcome is taken over into the scene once it is there."""
        note = Message(fix.doing, "notice")
        self._mending = _Mending(fix, fix.begin(scene), code, bpy.data.filepath, scene.name, note)
        self.messages.append(note)
        request()

    def _advance_mending(self) -> None:
        mending = self._mending
        if mending is None or mending.work.state == "running":
            return
        self._mending = None
        self.messages = [message for message in self.messages if message is not mending.note]
        scene = bpy.data.scenes.get(mending.scene)
        # Another file may be open by now.
        if mending.work.state == "cancelled" or scene is None or bpy.data.filepath != mending.blend_file:
            return
        try:
            mending.fix.apply(scene, dict(mending.work.result()))
        except (farmhand.FarmhandError, RuntimeError) as error:
            self.messages.append(Message(str(error), "error"))
        else:
            self.forget_finding(mending.code)
        bpy.ops.ed.undo_push(message="Fix")

    def cancel_job(self, job_id: str) -> farmhand.Operation:
        """Begin to cancel a job."""
        return self._follow(self.farm().cancel_job(job_id))

    def retry_job(self, job_id: str) -> farmhand.Operation:
        """Begin to ask for a job's failed frames again."""
        return self._follow(self.farm().retry_job(job_id))

    def _follow(self, operation: farmhand.Operation) -> farmhand.Operation:
        self._operations.append(operation)
        request()
        return operation

    def advance(self) -> bool:
        """Take in what the handles have to say; return whether the panel has to be drawn anew."""
        self._advance_submission()
        self._advance_operations()
        self._advance_mending()
        if self._watch is None:
            self._watch = self.farm().watch()
        self.snapshot = self._watch.snapshot()
        seen = (
            self.snapshot.state,
            self.snapshot.message,
            self.submission.stage if self.submission else None,
            tuple(self.messages),
            tuple(
                (
                    job.job_id,
                    job.status,
                    job.frames_done,
                    job.frames_failed,
                    job.seconds_left,
                    tuple(job.frames_in_work),
                )
                for job in self.snapshot.jobs
            ),
        )
        changed = seen != self._drawn
        self._drawn = seen
        return changed

    def _advance_submission(self) -> None:
        if self.submission is None:
            return
        self.take_events(self.submission)
        if self.submission.state == "running":
            return
        if self.submission.state == "failed":
            reason = self.submission.error or "The scene could not be sent"
            if any(message.is_error and message.text in reason for message in self.messages):
                # What was found on the way is the reason, each with its own Fix.
                reason = HELD_BACK
            self.messages.insert(0, Message(reason, "error"))
        self.submission = None
        if self._watch is not None:
            self._watch.refresh()

    def take_events(self, submission: farmhand.Submission) -> None:
        """Keep a submission's notices for the artist."""
        for event in submission.poll():
            log.info("%s", event.message)
            finding = event.finding
            if finding is not None:
                things, details = tuple(finding.things), tuple(finding.details)
                self.messages.append(Message(finding.message, finding.severity, finding.code, things, details))
            elif event.kind == "notice":
                self.messages.append(Message(event.message, "notice"))

    def forget_finding(self, code: str) -> None:
        """Take the message of a finding away, and with the last that stood in the way the line that said so."""
        self.messages = [message for message in self.messages if message.code != code]
        if not any(message.is_error and message.code for message in self.messages):
            self.messages = [message for message in self.messages if message.text != HELD_BACK]

    def settle(self) -> None:
        """Let go of a submission that a script has waited for."""
        if self.submission is not None:
            self.take_events(self.submission)
        self.submission = None

    def _advance_operations(self) -> None:
        for operation in list(self._operations):
            if operation.state == "running":
                continue
            self._operations.remove(operation)
            if operation.state == "failed":
                self.messages.append(Message(operation.error or "The job could not be changed", "error"))
            if self._watch is not None:
                self._watch.refresh()

    def interval_secs(self) -> float | None:
        """Return the seconds to the next look; None where nothing is under way and nobody looks."""
        if self.submission or self._operations or self._mending:
            return _SENDING_INTERVAL_SECS
        if not any(_render_properties()):
            return None
        if self.snapshot and (self.snapshot.state != "online" or any(job.is_live for job in self.snapshot.jobs)):
            return _RENDERING_INTERVAL_SECS
        return _IDLE_INTERVAL_SECS


_bridge = Bridge()


def current() -> Bridge:
    """Return the bridge of this session."""
    return _bridge


def forget_farm() -> None:
    """Open the farm anew, with the preferences as they are now."""
    _bridge.forget_farm()
    request()


def request() -> None:
    """Have the handles polled from now on, for as long as there is a need; callable while drawing."""
    # In the background timers never fire, and one that is registered at the end crashes some Blenders.
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)


def _tick() -> float | None:
    if _bridge.advance():
        for area in _render_properties():
            area.tag_redraw()
    return _bridge.interval_secs()


def _render_properties() -> list[bpy.types.Area]:
    """Return the areas in which the panel can be seen."""
    return [
        area
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
        if area.type == "PROPERTIES" and area.spaces.active.context == "RENDER"
    ]


def _stop() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _bridge.close()


def register() -> None:
    """Make sure that the timer ends before Blender does."""
    atexit.register(_stop)


def unregister() -> None:
    """End the timer and let go of every handle."""
    atexit.unregister(_stop)
    _stop()
