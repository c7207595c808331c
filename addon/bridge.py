# SPDX-License-Identifier: GPL-3.0-or-later
"""Owns the library's handles and the one timer that polls them.

Nothing here waits: each handle answers at once with what its thread has found out. The timer runs only while
the panel can be seen or something is under way, and ends before Blender does.
"""

from __future__ import annotations

import atexit
import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import bpy

import farmhand

from . import farms, pictures, scene, unfinished, words

if TYPE_CHECKING:
    from .files import DiskFix
    from .scene import Sending

log = logging.getLogger(__name__)

# More jobs at a time would push the other panels away.
JOBS_SHOWN = 6

HELD_BACK = "Nothing was sent; this stands in the way:"
_SENDING_INTERVAL_SECS = 0.15
_RENDERING_INTERVAL_SECS = 0.4
_IDLE_INTERVAL_SECS = 1.0
# How long it is said that a job has ended.
_NOTICE_SECS = 30.0
# More live jobs of one person are not followed to their ends.
_JOBS_FOLLOWED = 100
# Ends that nobody asked for just now.
_ENDED = ("completed", "failed")


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
        # What is being sent, and what was looked at before sending: what that was, and what was seen.
        self.sending: Sending | None = None
        self.preview: farmhand.Preview | None = None
        self.previewed: Sending | None = None
        self.seen: dict[str, object] = {}
        # Why the chosen farm cannot be opened.
        self.trouble = ""
        # The last that there is to say of a job, and when.
        self.notice = ""
        self._noticed = 0.0
        self._live: set[str] = set()
        # How wide the panel was when it was last drawn: another width breaks texts anew, and Blender puts panels whose
        # heights have changed in their places only when it draws once more.
        self.drawn_width = 0
        # What farms answered when their connection was tried: the text and its icon, by the farm's name.
        self.answers: dict[str, tuple[str, str]] = {}
        self._farms: list[farms.NamedFarm] | None = None
        # What went wrong or should be known, until it is dismissed or something is sent again.
        self.messages: list[Message] = []
        self._farm: farmhand.Farm | None = None
        self._watch: farmhand.FarmWatch | None = None
        self._operations: list[farmhand.Operation] = []
        self._mending: _Mending | None = None
        self._drawn: tuple[object, ...] = ()

    def farm(self) -> farmhand.Farm:
        """Return the chosen farm; opening it starts nothing that this thread waits for.

        Raises:
            farmhand.FarmhandError: It cannot be opened.
        """
        if self._farm is None:
            self._farm = farms.open_chosen()
        return self._farm

    def forget_farm(self) -> None:
        """Open the farm anew when it is next needed, with the preferences of then."""
        self._farm = self._watch = self.snapshot = None
        self.trouble = ""
        self._live.clear()
        self._stop_looking()

    def file_opened(self) -> None:
        """Forget what was found in another file; what is being sent goes on."""
        self._stop_looking()
        self.messages = [message for message in self.messages if not message.code and message.text != HELD_BACK]

    def _stop_looking(self) -> None:
        if self.preview is not None:
            self.preview.cancel()
        self.preview = self.previewed = None
        self.seen = {}

    def farms(self) -> list[farms.NamedFarm]:
        """Return the farms that have names, as they were read last."""
        if self._farms is None:
            self.read_farms()
        return self._farms or []

    def read_farms(self) -> None:
        """Read anew which farms there are."""
        try:
            self._farms = farms.listed()
        except farmhand.FarmhandError as error:
            self._farms = []
            self.trouble = str(error)

    @property
    def has_farms(self) -> bool:
        """Tell whether there is another farm than this computer."""
        return bool(self.farms())

    def listed_jobs(self) -> tuple[list[farmhand.JobView], int]:
        """Return the jobs of the page that is shown, and how many there are on all pages."""
        if self.snapshot is None:
            return [], 0
        choice = bpy.context.window_manager.farmhand
        first = choice.page * JOBS_SHOWN
        jobs, count = self.snapshot.choose(choice.which, mine_only=choice.mine_only, most=first + JOBS_SHOWN)
        return jobs[first:], count

    def percent_done(self, place: int) -> float:
        """Return how much is rendered of the job in this place of the list; 0 where there is none."""
        jobs, _ = self.listed_jobs()
        return 100.0 * jobs[place].fraction if place < len(jobs) else 0.0

    def sending_fraction(self) -> float:
        """Return how much of the sending is behind, 0 to 1."""
        return words.stage_fraction(self.submission.stage) if self.submission else 0.0

    def close(self) -> None:
        """Let go of every handle; what was sent goes on without this session, and what is being sent is not sent."""
        if self.submission is not None:
            self.submission.cancel()
        self.forget_farm()
        self.submission = self.sending = None
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
        self._stop_looking()
        self.submission = self.farm().submit(
            sending.blend_file,
            frames=sending.frames,
            scene=sending.scene,
            order=sending.order,
            existing=sending.existing,
            priority=sending.priority,
            name=sending.name,
            auto_run=sending.auto_run,
        )
        self.sending = sending
        unfinished.begin(sending.blend_file)
        request()
        return self.submission

    def look(self, sending: Sending) -> farmhand.Preview:
        """Begin to look at what would be sent."""
        self.messages.clear()
        self._stop_looking()
        self.preview = self.farm().preview(
            sending.blend_file,
            frames=sending.frames,
            scene=sending.scene,
            order=sending.order,
            existing=sending.existing,
            priority=sending.priority,
            auto_run=sending.auto_run,
        )
        self.previewed = sending
        request()
        return self.preview

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

    def pause_job(self, job_id: str) -> farmhand.Operation:
        """Begin to hold a job."""
        return self._follow(self.farm().pause_job(job_id))

    def resume_job(self, job_id: str) -> farmhand.Operation:
        """Begin to let a job go on that is held."""
        return self._follow(self.farm().resume_job(job_id))

    def set_job_priority(self, job_id: str, priority: int) -> farmhand.Operation:
        """Begin to say when a job's turn is."""
        return self._follow(self.farm().set_job_priority(job_id, priority))

    def _follow(self, operation: farmhand.Operation) -> farmhand.Operation:
        self._operations.append(operation)
        request()
        return operation

    def advance(self) -> bool:
        """Take in what the handles have to say; return whether the panel has to be drawn anew."""
        self._advance_submission()
        self._advance_preview()
        self._advance_operations()
        self._advance_mending()
        before = self.snapshot
        self.snapshot = self._look_at_farm()
        if self.snapshot is None:
            pictures.forget()
        elif before is None or not self.snapshot.looks_like(before):
            self._notice_ends(self.snapshot)
        has_picture = pictures.advance(self)
        seen = (
            self.submission.stage if self.submission else None,
            self.preview.stage if self.preview else None,
            tuple(self.messages),
            self.trouble,
            self._current_notice(),
            self.drawn_width,
        )
        changed = seen != self._drawn or has_picture
        self._drawn = seen
        if self.snapshot is None or before is None:
            return changed or self.snapshot is not before
        return changed or not self.snapshot.looks_like(before)

    def _look_at_farm(self) -> farmhand.Snapshot | None:
        try:
            if self._watch is None:
                self._watch = self.farm().watch()
        except farmhand.FarmhandError as error:
            self.trouble = str(error)
            return None
        self.trouble = ""
        return self._watch.snapshot()

    def _notice_ends(self, snapshot: farmhand.Snapshot) -> None:
        """Keep in mind which of the artist's jobs live, and say which have ended."""
        if snapshot.state != "online":
            return
        jobs, _ = snapshot.choose("active", mine_only=True, most=_JOBS_FOLLOWED)
        live = {job.job_id for job in jobs if not job.waits_for_approval}
        for job_id in self._live - live:
            ended = snapshot.job(job_id)
            if ended is not None and (ended.waits_for_approval or ended.status in _ENDED):
                self.notice, self._noticed = words.job_ended(ended), time.monotonic()
                log.info("%s", self.notice)
        self._live = live

    def _current_notice(self) -> str:
        if self.notice and time.monotonic() - self._noticed > _NOTICE_SECS:
            self.notice = ""
        return self.notice

    def _advance_preview(self) -> None:
        if self.preview is not None and self.preview.state != "running":
            self.settle_preview()

    def settle_preview(self) -> None:
        """Keep what a look has seen."""
        if self.preview is None:
            return
        self.take_events(self.preview)
        if self.preview.state == "done":
            self.seen = self.preview.result(timeout_secs=1.0)
        elif self.preview.state == "failed":
            self.messages.insert(0, Message(self.preview.error or "The scene could not be checked", "error"))
        self.preview = None

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
        self.settle()
        if self._watch is not None:
            self._watch.refresh()

    def take_events(self, submission: farmhand.Submission | farmhand.Preview) -> None:
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
        """Let go of a submission that has ended."""
        if self.submission is None:
            return
        self.take_events(self.submission)
        if self.submission.job_id and self.sending:
            scene.remember_job(self.sending, self.submission.job_id)
            self._live.add(self.submission.job_id)
        unfinished.end()
        self.submission = self.sending = None

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
        if self.submission or self.preview or self._operations or self._mending:
            return _SENDING_INTERVAL_SECS
        if self._live or self.notice:
            # Somebody wants to know when they end, wherever they look.
            return _RENDERING_INTERVAL_SECS
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
        _redraw_status_bar()
    return _bridge.interval_secs()


def _redraw_status_bar() -> None:
    # It is in no screen's list of areas; this alone has it drawn.
    for window in bpy.context.window_manager.windows:
        window.workspace.status_text_set(None)


def _render_properties() -> list[bpy.types.Area]:
    """Return the areas in which the panel can be seen."""
    return [
        area
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
        if area.type == "PROPERTIES" and area.spaces.active.context == "RENDER"
    ]


def _stop() -> None:
    if _bridge.is_sending:
        log.warning("The scene was not sent: the add-on has ended. Send it again")
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _bridge.close()
    pictures.forget()


def register() -> None:
    """Make sure that the timer ends before Blender does."""
    atexit.register(_stop)


def unregister() -> None:
    """End the timer and let go of every handle."""
    atexit.unregister(_stop)
    _stop()
