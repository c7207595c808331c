# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist or a script can ask for."""

import os
import subprocess
import sys
from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

import farmhand

from . import bridge, files, fixes, library, scene, show


def _refuse(operator, reason: str) -> bool:  # noqa: ANN001 - an operator's class
    """Grey the button out, and say why in its tooltip."""
    if hasattr(operator, "poll_message_set"):  # Blender 3.0
        operator.poll_message_set(reason)
    return False


class FARMHAND_OT_submit_job(bpy.types.Operator):  # noqa: N801 - Blender's naming
    """Send this scene to the farm. The farm reads the file from the disk: unsaved changes are saved first."""

    bl_idname = "farmhand.submit_job"
    bl_label = "Render on the Farm"

    # What this run sends, and its handle while it is modal.
    _sending = None
    _submission = None

    @classmethod
    def poll(cls, context) -> bool:  # noqa: ANN001
        """Say why the scene cannot be sent."""
        reason = library.restart_needed() or scene.reason_not_to_send(context.scene)
        if not reason and bridge.current().is_sending:
            reason = "A scene is being sent already"
        if not reason and bridge.current().is_mending:
            reason = "Files of the scene are being mended"
        return not reason or _refuse(cls, reason)

    def execute(self, context) -> set:  # noqa: ANN001
        """Send the scene and return when the farm has it, for scripts."""
        submission = self._begin(context)
        if submission is None:
            return {"CANCELLED"}
        try:
            submission.result()
        except farmhand.FarmhandError:
            return self._end(submission)
        finally:
            bridge.current().settle()
        return self._end(submission)

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Send the scene while Blender goes on, for people."""
        if bpy.app.background:
            return self.execute(context)
        self._submission = self._begin(context)
        if self._submission is None:
            return {"CANCELLED"}
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, _context, _event) -> set:  # noqa: ANN001
        """Let every event through; the bridge's timer does the work, and the panel shows it."""
        if self._submission.state == "running":
            return {"PASS_THROUGH"}
        if self._submission.state != "done":
            # The panel says why, in place; a report would cover it.
            return {"CANCELLED", "PASS_THROUGH"}
        return self._end(self._submission) | {"PASS_THROUGH"}

    def _begin(self, context):  # noqa: ANN001, ANN202 - a submission, or None after a report
        try:
            if scene.has_unsaved_changes():
                bpy.ops.wm.save_mainfile()
            self._sending = scene.sending(context.scene)
            return bridge.current().send(self._sending)
        except (farmhand.FarmhandError, RuntimeError) as error:
            self.report({"ERROR"}, str(error))
            return None

    def _end(self, submission) -> set:  # noqa: ANN001
        if submission.state != "done":
            self.report({"ERROR"}, submission.error or "The scene was not sent: it was cancelled")
            return {"CANCELLED"}
        job = submission.result()
        scene.remember_job(self._sending, job.job_id)
        self.report({"INFO"}, f"Sent: job {job.job_id}")
        return {"FINISHED"}


class FARMHAND_OT_cancel_submission(bpy.types.Operator):  # noqa: N801
    """Stop sending the scene. What was sent already does no harm."""

    bl_idname = "farmhand.cancel_submission"
    bl_label = "Stop Sending"

    @classmethod
    def poll(cls, _context) -> bool:  # noqa: ANN001
        """Say that nothing is being sent."""
        return bridge.current().is_sending or _refuse(cls, "No scene is being sent")

    def execute(self, _context) -> set:  # noqa: ANN001
        """Ask the submission to stop; it ends a moment later."""
        bridge.current().submission.cancel()
        return {"FINISHED"}


def _refuse_offline(operator) -> bool:  # noqa: ANN001
    """Allow what the farm has to do, unless it is known to be out of reach."""
    reason = library.restart_needed()
    snapshot = bridge.current().snapshot
    if not reason and snapshot is not None and snapshot.state == "offline":
        reason = f"The farm is offline: {snapshot.message}"
    return not reason or _refuse(operator, reason)


def _run(operator, begin) -> set:  # noqa: ANN001
    """Begin something on the farm; in the background, wait for its answer."""
    try:
        operation = begin(operator.job_id)
        if bpy.app.background:
            operation.result()
    except farmhand.FarmhandError as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    return {"FINISHED"}


class FARMHAND_OT_cancel_job(bpy.types.Operator):  # noqa: N801
    """Cancel this job. Frames that are rendered already stay."""

    bl_idname = "farmhand.cancel_job"
    bl_label = "Cancel Job"

    job_id: StringProperty(name="Job", description="Which job to cancel", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context) -> bool:  # noqa: ANN001
        """Say why no job can be cancelled."""
        return _refuse_offline(cls)

    def invoke(self, context, event) -> set:  # noqa: ANN001
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context) -> set:  # noqa: ANN001
        """Begin to cancel."""
        return _run(self, bridge.current().cancel_job)


class FARMHAND_OT_retry_job(bpy.types.Operator):  # noqa: N801
    """Render the failed frames of this job again, or let a cancelled job go on."""

    bl_idname = "farmhand.retry_job"
    bl_label = "Retry"

    job_id: StringProperty(name="Job", description="Which job to retry", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context) -> bool:  # noqa: ANN001
        """Say why nothing can be retried."""
        return _refuse_offline(cls)

    def execute(self, _context) -> set:  # noqa: ANN001
        """Begin to retry."""
        return _run(self, bridge.current().retry_job)


class FARMHAND_OT_open_folder(bpy.types.Operator):  # noqa: N801
    """Open the folder with the rendered frames."""

    bl_idname = "farmhand.open_folder"
    bl_label = "Open Folder"

    folder: StringProperty(name="Folder", description="Which folder to open", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context) -> bool:  # noqa: ANN001
        """Say that there is no desktop to open a folder on."""
        return not bpy.app.background or _refuse(cls, "Folders can be opened only where Blender has a window")

    def execute(self, context) -> set:  # noqa: ANN001
        """Start the desktop's own file browser, and do not wait for it."""
        folder = Path(self.folder)
        if not folder.is_dir():
            self.report({"ERROR"}, f"There is no such folder yet: {folder}")
            return {"CANCELLED"}
        try:
            if sys.platform == "win32":
                os.startfile(folder)  # noqa: S606 - the folder of a job
            else:
                opener = "open" if sys.platform == "darwin" else "xdg-open"
                subprocess.Popen([opener, str(folder)], stdin=subprocess.DEVNULL)
        except OSError as error:
            context.window_manager.clipboard = str(folder)
            self.report({"WARNING"}, f"No file browser could be started ({error}); the path is in the clipboard")
            return {"CANCELLED"}
        return {"FINISHED"}


def _mend(operator, context, code: str, fix, *, waits: bool) -> set:  # noqa: ANN001 - what a fix is
    """Mend the scene at once, or let the disk be looked at first: in the background, unless a script waits for it."""
    try:
        left = fix(context.scene)
        if left is not None and not waits:
            bridge.current().mend(context.scene, code, left)
            # The step of undo comes with the outcome.
            return {"CANCELLED"}
        if left is not None:
            left.apply(context.scene, dict(left.begin(context.scene).result()))
    except (farmhand.FarmhandError, RuntimeError) as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    bridge.current().forget_finding(code)
    return {"FINISHED"}


def _refuse_to_mend(operator, context) -> bool:  # noqa: ANN001
    reason = "The scene lies in another file; fix it there" if context.scene.library is not None else ""
    if bridge.current().is_mending:
        reason = "Files of the scene are being mended already"
    return not reason or _refuse(operator, reason)


class FARMHAND_OT_fix(bpy.types.Operator):  # noqa: N801
    """Mend what was found in the scene, as one step that can be undone."""

    bl_idname = "farmhand.fix"
    bl_label = "Fix"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender's own form

    code: StringProperty(name="Code", description="Which finding to fix", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context) -> bool:  # noqa: ANN001
        """Say that a linked scene cannot be changed here."""
        return _refuse_to_mend(cls, context)

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Mend it while Blender goes on, for people."""
        return self._run(context, waits=bpy.app.background)

    def execute(self, context) -> set:  # noqa: ANN001
        """Mend it, and take the message away, for scripts."""
        return self._run(context, waits=True)

    def _run(self, context, *, waits: bool) -> set:  # noqa: ANN001
        fix = fixes.FIXES.get(self.code)
        if fix is None:
            self.report({"ERROR"}, f"There is no fix for {self.code!r}")
            return {"CANCELLED"}
        return _mend(self, context, self.code, fix, waits=waits)


class FARMHAND_OT_search_files(bpy.types.Operator):  # noqa: N801
    """Look for missing files below a folder, by their names, and use those that are found."""

    bl_idname = "farmhand.search_files"
    bl_label = "Search Here"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender's own form

    directory: StringProperty(name="Folder", description="Where to look, however deep", subtype="DIR_PATH")
    filter_folder: BoolProperty(default=True, options={"HIDDEN"})

    # Whether a person has chosen the folder.
    _is_asked = False

    @classmethod
    def poll(cls, context) -> bool:  # noqa: ANN001
        """Say that a linked scene cannot be changed here."""
        return _refuse_to_mend(cls, context)

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Ask for the folder."""
        self._is_asked = True
        self.directory = bpy.path.abspath("//")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context) -> set:  # noqa: ANN001
        """Look there, and take the message away where all is found."""
        folder = Path(bpy.path.abspath(self.directory))
        waits = bpy.app.background or not self._is_asked
        return _mend(self, context, "missing-file", lambda scene: files.find_missing(scene, folder), waits=waits)


class FARMHAND_OT_select(bpy.types.Operator):  # noqa: N801
    """Select and show what this is about."""

    bl_idname = "farmhand.select"
    bl_label = "Select"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender's own form

    code: StringProperty(name="Code", description="Whose things to select", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context) -> bool:  # noqa: ANN001
        """Say that nothing can be selected while something is edited."""
        return context.mode == "OBJECT" or _refuse(cls, "Objects can be selected in Object Mode only")

    def execute(self, context) -> set:  # noqa: ANN001
        """Select them, and say what they are."""
        messages = bridge.current().messages
        things = [thing for message in messages if message.code == self.code for thing in message.things]
        self.report({"INFO"}, show.select(context, things))
        return {"FINISHED"}


class FARMHAND_OT_dismiss(bpy.types.Operator):  # noqa: N801
    """Take the messages away."""

    bl_idname = "farmhand.dismiss"
    bl_label = "Dismiss"

    @classmethod
    def poll(cls, _context) -> bool:  # noqa: ANN001
        """Say that there is no message."""
        return bool(bridge.current().messages) or _refuse(cls, "There is no message")

    def execute(self, _context) -> set:  # noqa: ANN001
        """Forget the messages, and look no further for files."""
        bridge.current().dismiss()
        return {"FINISHED"}


_CLASSES = (
    FARMHAND_OT_submit_job,
    FARMHAND_OT_cancel_submission,
    FARMHAND_OT_cancel_job,
    FARMHAND_OT_retry_job,
    FARMHAND_OT_open_folder,
    FARMHAND_OT_fix,
    FARMHAND_OT_search_files,
    FARMHAND_OT_select,
    FARMHAND_OT_dismiss,
)


def register() -> None:
    """Make the operators known to Blender."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take the operators back."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
