# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist or a script can ask for."""

from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

import farmhand

from . import bridge, files, fixes, library, properties, scene, show


def refuse(operator, reason: str) -> bool:  # noqa: ANN001 - an operator's class
    """Grey the button out, and say why in its tooltip."""
    if hasattr(operator, "poll_message_set"):  # Blender 3.0
        operator.poll_message_set(reason)
    return False


class FARMHAND_OT_submit_job(bpy.types.Operator):  # noqa: N801 - Blender's naming
    """Send this scene to the farm. The farm reads the file from the disk: unsaved changes are saved first."""

    bl_idname = "farmhand.submit_job"
    bl_label = "Render on the Farm"

    unsaved: EnumProperty(
        name="Unsaved Changes",
        description="What to do about changes that are not on the disk yet",
        items=(
            ("SAVE", "Save", "Save the file, then send it"),
            ("COPY", "Send a Copy", "Save a copy beside the file and send that; the file stays as it is on the disk"),
        ),
        default="SAVE",
        options={"SKIP_SAVE"},
    )

    # The handle of what this run sends, while it is modal.
    _submission = None

    @classmethod
    def poll(cls, context) -> bool:  # noqa: ANN001
        """Say why the scene cannot be sent."""
        reason = library.restart_needed() or scene.reason_not_to_send(context.scene)
        if not reason and bridge.current().is_sending:
            reason = "A scene is being sent already"
        if not reason and bridge.current().is_mending:
            reason = "Files of the scene are being mended"
        return not reason or refuse(cls, reason)

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
            copy = ""
            if scene.has_unsaved_changes() and self.unsaved == "COPY":
                copy = scene.save_copy()
            elif scene.has_unsaved_changes():
                bpy.ops.wm.save_mainfile()
            return bridge.current().send(scene.sending(context.scene, copy))
        except (farmhand.FarmhandError, RuntimeError) as error:
            self.report({"ERROR"}, str(error))
            return None

    def _end(self, submission) -> set:  # noqa: ANN001
        if submission.state != "done":
            self.report({"ERROR"}, submission.error or "The scene was not sent: it was cancelled")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Sent: job {submission.job_id}")
        return {"FINISHED"}


class FARMHAND_OT_send_unsaved(bpy.types.Operator):  # noqa: N801
    """Send this scene to the farm, and ask first what to do about changes that are not on the disk yet."""

    bl_idname = "farmhand.send_unsaved"
    bl_label = "Render with Unsaved Changes"

    unsaved: EnumProperty(
        name="Unsaved Changes",
        items=(
            ("SAVE", "Save the File", "The file on the disk is replaced, then sent"),
            ("COPY", "Send a Copy", "A copy is saved beside the file and sent; the file stays as it is on the disk"),
        ),
        default="SAVE",
    )

    @classmethod
    def poll(cls, context) -> bool:  # noqa: ANN001
        """Say why the scene cannot be sent."""
        return FARMHAND_OT_submit_job.poll(context)

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Ask; where the file is not to be written, a copy is all that is left."""
        if not scene.can_save():
            self.unsaved = "COPY"
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context) -> None:  # noqa: ANN001
        """Offer both."""
        self.layout.label(text="The farm reads the file from the disk, and there are changes that are not saved.")
        if not scene.can_save():
            self.layout.label(text="The file is read-only.", icon="LOCKED")
        self.layout.prop(self, "unsaved", expand=True)

    def execute(self, _context) -> set:  # noqa: ANN001
        """Send."""
        return bpy.ops.farmhand.submit_job("INVOKE_DEFAULT", unsaved=self.unsaved) - {"RUNNING_MODAL"} or {"FINISHED"}


class FARMHAND_OT_check(bpy.types.Operator):  # noqa: N801
    """Look at the file on the disk, and say what would be sent and what stands in the way. Nothing is sent."""

    bl_idname = "farmhand.check"
    bl_label = "Check"

    @classmethod
    def poll(cls, context) -> bool:  # noqa: ANN001
        """Say why the scene cannot be checked."""
        if bridge.current().preview is not None:
            return refuse(cls, "The scene is being checked already")
        return FARMHAND_OT_submit_job.poll(context)

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Check while Blender goes on, for people."""
        return self._check(context, waits=bpy.app.background)

    def execute(self, context) -> set:  # noqa: ANN001
        """Check, and return when all is known, for scripts."""
        return self._check(context, waits=True)

    def _check(self, context, *, waits: bool) -> set:  # noqa: ANN001
        try:
            preview = bridge.current().look(scene.sending(context.scene))
            if waits:
                try:
                    preview.result()
                finally:
                    bridge.current().settle_preview()
        except farmhand.FarmhandError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class FARMHAND_OT_keep_defaults(bpy.types.Operator):  # noqa: N801
    """Have new scenes begin with this order, priority, and what becomes of existing frames."""

    bl_idname = "farmhand.keep_defaults"
    bl_label = "Keep as My Defaults"

    def execute(self, context) -> set:  # noqa: ANN001
        """Take them over into the preferences."""
        preferences = context.preferences.addons[__package__].preferences
        for name in properties.DEFAULTS:
            setattr(preferences, name, getattr(context.scene.farmhand, name))
        context.preferences.is_dirty = True
        self.report({"INFO"}, "Kept in the preferences")
        return {"FINISHED"}


class FARMHAND_OT_cancel_submission(bpy.types.Operator):  # noqa: N801
    """Stop sending the scene. What was sent already does no harm."""

    bl_idname = "farmhand.cancel_submission"
    bl_label = "Stop Sending"

    @classmethod
    def poll(cls, _context) -> bool:  # noqa: ANN001
        """Say that nothing is being sent."""
        return bridge.current().is_sending or refuse(cls, "No scene is being sent")

    def execute(self, _context) -> set:  # noqa: ANN001
        """Ask the submission to stop; it ends a moment later."""
        bridge.current().submission.cancel()
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
    return not reason or refuse(operator, reason)


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
    # Without UNDO: Blender would make a step of it when the folder is chosen, before anything is changed.
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender's own form

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
        return context.mode == "OBJECT" or refuse(cls, "Objects can be selected in Object Mode only")

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
        return bool(bridge.current().messages) or refuse(cls, "There is no message")

    def execute(self, _context) -> set:  # noqa: ANN001
        """Forget the messages, and look no further for files."""
        bridge.current().dismiss()
        return {"FINISHED"}


_CLASSES = (
    FARMHAND_OT_submit_job,
    FARMHAND_OT_cancel_submission,
    FARMHAND_OT_send_unsaved,
    FARMHAND_OT_check,
    FARMHAND_OT_keep_defaults,
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
