# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with a job. Each takes a job's id; without one, the job that the scene was sent as last is meant."""

import re
import tempfile
from pathlib import Path

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

import farmhand

from . import bridge, library, words
from .operators import refuse

# Blender's own list of pictures in a strip grows one by one, which takes its time.
_MOST_FRAMES = 20_000


def _job_property() -> object:
    return StringProperty(
        name="Job",
        description="Which job; the one that this scene was sent as last where none is given",
        options={"SKIP_SAVE"},
    )


def _refuse_offline(operator) -> bool:  # noqa: ANN001 - an operator's class
    """Allow what the farm has to do, unless it is known to be out of reach."""
    reason = library.restart_needed()
    snapshot = bridge.current().snapshot
    if not reason and snapshot is not None and snapshot.state == "offline":
        reason = words.translate(words.OFFLINE).format(message=snapshot.message)
    return not reason or refuse(operator, reason)


def _job_id(operator, context) -> str:  # noqa: ANN001
    return operator.job_id or context.scene.farmhand.last_job_id


def _run(operator, context, begin) -> set:  # noqa: ANN001
    """Begin something on the farm; in the background, wait for its answer."""
    job_id = _job_id(operator, context)
    if not job_id:
        operator.report({"ERROR"}, "This scene has not been sent; say which job is meant")
        return {"CANCELLED"}
    try:
        operation = begin(job_id)
        if bpy.app.background:
            operation.result()
    except farmhand.FarmhandError as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    return {"FINISHED"}


class _OnFarm:
    """What all that a farm is asked to do with a job have in common."""

    @classmethod
    def poll(cls, _context) -> bool:  # noqa: ANN001
        """Say why nothing can be asked of the farm."""
        return _refuse_offline(cls)


class FARMHAND_OT_cancel_job(_OnFarm, bpy.types.Operator):  # noqa: N801 - Blender's naming
    """Cancel this job. Frames that are rendered already stay."""

    bl_idname = "farmhand.cancel_job"
    bl_label = "Cancel Job"

    job_id: _job_property()

    def invoke(self, context, event) -> set:  # noqa: ANN001
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context) -> set:  # noqa: ANN001
        """Begin to cancel."""
        return _run(self, context, bridge.current().cancel_job)


class FARMHAND_OT_retry_job(_OnFarm, bpy.types.Operator):  # noqa: N801
    """Render the failed frames of this job again, or let a cancelled job go on."""

    bl_idname = "farmhand.retry_job"
    bl_label = "Retry Failed Frames"

    job_id: _job_property()

    def execute(self, context) -> set:  # noqa: ANN001
        """Begin to retry."""
        return _run(self, context, bridge.current().retry_job)


class FARMHAND_OT_pause_job(_OnFarm, bpy.types.Operator):  # noqa: N801
    """Hold this job. Frames that are in work are rendered again later."""

    bl_idname = "farmhand.pause_job"
    bl_label = "Pause Job"

    job_id: _job_property()

    def execute(self, context) -> set:  # noqa: ANN001
        """Begin to pause."""
        return _run(self, context, bridge.current().pause_job)


class FARMHAND_OT_resume_job(_OnFarm, bpy.types.Operator):  # noqa: N801
    """Let this job go on. Where it waits for you to look at its first frames, this approves them."""

    bl_idname = "farmhand.resume_job"
    bl_label = "Resume Job"

    job_id: _job_property()

    def execute(self, context) -> set:  # noqa: ANN001
        """Begin to resume."""
        return _run(self, context, bridge.current().resume_job)


class FARMHAND_OT_set_job_priority(_OnFarm, bpy.types.Operator):  # noqa: N801
    """Say when this job's turn is. Frames in work are left alone."""

    bl_idname = "farmhand.set_job_priority"
    bl_label = "Set Priority"

    job_id: _job_property()
    priority: IntProperty(
        name="Priority", description="Jobs with a higher priority are rendered first", min=0, max=100, default=50
    )

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Ask for the number, beginning with the one that it has."""
        snapshot = bridge.current().snapshot
        job = snapshot.job(_job_id(self, context)) if snapshot else None
        if job is not None and not self.properties.is_property_set("priority"):
            self.priority = job.priority
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context) -> None:  # noqa: ANN001
        """Show the number alone."""
        self.layout.prop(self, "priority", slider=True)

    def execute(self, context) -> set:  # noqa: ANN001
        """Begin to set it."""
        return _run(self, context, lambda job_id: bridge.current().set_job_priority(job_id, self.priority))


class FARMHAND_OT_show_log(_OnFarm, bpy.types.Operator):  # noqa: N801
    """Show what this job has printed so far, in the Text Editor."""

    bl_idname = "farmhand.show_log"
    bl_label = "Show Log"

    job_id: _job_property()

    # The text that is under way.
    _reply = None
    _timer = None

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Ask for it while Blender goes on, for people."""
        if bpy.app.background:
            return self.execute(context)
        self._reply = self._ask(context)
        if self._reply is None:
            return {"CANCELLED"}
        self._timer = context.window_manager.event_timer_add(0.2, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, _event) -> set:  # noqa: ANN001
        """Let every event through until the text is there."""
        if self._reply.state == "running":
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        return self._end(context) | {"PASS_THROUGH"}

    def execute(self, context) -> set:  # noqa: ANN001
        """Ask for it, and return when it is there, for scripts."""
        self._reply = self._ask(context)
        if self._reply is None:
            return {"CANCELLED"}
        try:
            self._reply.result()
        except farmhand.FarmhandError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return self._end(context)

    def _ask(self, context):  # noqa: ANN001, ANN202 - a reply, or None after a report
        try:
            return bridge.current().farm().read_job_log(_job_id(self, context))
        except farmhand.FarmhandError as error:
            self.report({"ERROR"}, str(error))
            return None

    def _end(self, context) -> set:  # noqa: ANN001
        if self._reply.text is None:
            self.report({"ERROR"}, self._reply.error or "The log did not come")
            return {"CANCELLED"}
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(self._reply.text or "Nothing has been printed yet.\n")
        if bpy.app.background:
            print(self._reply.text)  # noqa: T201 - where else, without a window
            return {"FINISHED"}
        _open_text_window(context, Path(file.name))
        return {"FINISHED"}


def _open_text_window(context, path: Path) -> None:  # noqa: ANN001
    """Open a text in a window of its own."""
    text = bpy.data.texts.load(str(path))
    text.name = "Farmhand Log"
    bpy.ops.wm.window_new()
    area = context.window_manager.windows[-1].screen.areas[0]
    area.type = "TEXT_EDITOR"
    area.spaces.active.text = text


class FARMHAND_OT_open_folder(bpy.types.Operator):  # noqa: N801
    """Open the folder with the rendered frames."""

    bl_idname = "farmhand.open_folder"
    bl_label = "Open Folder"

    folder: StringProperty(name="Folder", description="Which folder to open", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context) -> bool:  # noqa: ANN001
        """Say that there is no desktop to open a folder on."""
        return not bpy.app.background or refuse(cls, "Folders can be opened only where Blender has a window")

    def execute(self, context) -> set:  # noqa: ANN001
        """Start the desktop's own file browser, and do not wait for it."""
        folder = Path(self.folder)
        if not folder.is_dir():
            self.report({"ERROR"}, f"There is no such folder yet: {folder}")
            return {"CANCELLED"}
        try:
            library.open_in_desktop(folder)
        except OSError as error:
            context.window_manager.clipboard = str(folder)
            self.report({"WARNING"}, f"No file browser could be started ({error}); the path is in the clipboard")
            return {"CANCELLED"}
        return {"FINISHED"}


def sequence_of(picture: Path) -> list[Path]:
    """Return the pictures whose names differ from this one's in the frame's number alone, in order."""
    found = re.match(r"(.*?)(-?\d+)(\D*)$", picture.name)
    if found is None:
        return [picture] if picture.exists() else []
    head, _, tail = found.groups()
    pattern = re.compile(re.escape(head) + r"(-?\d+)" + re.escape(tail) + "$")
    numbered = [
        (int(match[1]), path) for path in picture.parent.iterdir() if (match := pattern.match(path.name)) is not None
    ]
    return [path for _, path in sorted(numbered)][:_MOST_FRAMES]


class FARMHAND_OT_load_frames(bpy.types.Operator):  # noqa: N801
    """Load the rendered frames of this job, to look at them."""

    bl_idname = "farmhand.load_frames"
    bl_label = "Load Frames"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender's own form

    job_id: _job_property()
    kind: EnumProperty(
        name="As",
        description="What to make of the frames",
        items=(
            ("IMAGE", "Image Sequence", "An image for the Image Editor, and for textures"),
            ("STRIP", "Strip", "A strip in the Video Sequencer"),
        ),
        options={"SKIP_SAVE"},
    )

    def execute(self, context) -> set:  # noqa: ANN001
        """Load them."""
        snapshot = bridge.current().snapshot
        job = snapshot.job(_job_id(self, context)) if snapshot else None
        pictures = sequence_of(Path(job.last_output)) if job is not None and job.last_output else []
        if not pictures:
            self.report({"ERROR"}, "There are no frames of this job on this computer yet")
            return {"CANCELLED"}
        if self.kind == "STRIP":
            _load_strip(context.scene, job.name, pictures)
        else:
            _load_image(context, pictures)
        self.report({"INFO"}, f"Loaded: {words.frames_count(len(pictures))}")
        return {"FINISHED"}


def _load_image(context, pictures: list) -> None:  # noqa: ANN001
    image = bpy.data.images.load(str(pictures[0]))
    if len(pictures) > 1:
        image.source = "SEQUENCE"
    for area in context.screen.areas if context.screen else ():
        if area.type == "IMAGE_EDITOR":
            area.spaces.active.image = image
            area.spaces.active.image_user.frame_duration = len(pictures)
            area.spaces.active.image_user.use_auto_refresh = True
            break


def _load_strip(scene, name: str, pictures: list) -> None:  # noqa: ANN001
    editor = scene.sequence_editor or scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    channel = 1 + max((strip.channel for strip in strips), default=0)
    strip = strips.new_image(name=name, filepath=str(pictures[0]), channel=channel, frame_start=scene.frame_start)
    for picture in pictures[1:]:
        strip.elements.append(picture.name)


class FARMHAND_OT_job_menu(bpy.types.Operator):  # noqa: N801
    """Show what else can be done with this job."""

    bl_idname = "farmhand.job_menu"
    bl_label = "More"

    job_id: _job_property()

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Open the menu below the mouse."""
        snapshot = bridge.current().snapshot
        job = snapshot.job(self.job_id) if snapshot else None
        if job is not None:
            context.window_manager.popup_menu(lambda menu, _context: _draw_menu(menu.layout, job), title=job.name)
        return {"FINISHED"}

    def execute(self, _context) -> set:  # noqa: ANN001
        """Do nothing: a script has no use for a menu."""
        return {"FINISHED"}


def _draw_menu(layout: bpy.types.UILayout, job: farmhand.JobView) -> None:
    if job.output_dir:
        opener = layout.operator(FARMHAND_OT_open_folder.bl_idname, icon="FILE_FOLDER")
        opener.folder = job.output_dir
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator(FARMHAND_OT_show_log.bl_idname, icon="TEXT").job_id = job.job_id
    if job.last_output:
        for kind, text, icon in (
            ("IMAGE", "Load as Image Sequence", "IMAGE_DATA"),
            ("STRIP", "Load as Strip", "SEQUENCE"),
        ):
            loader = layout.operator(FARMHAND_OT_load_frames.bl_idname, text=text, icon=icon)
            loader.job_id, loader.kind = job.job_id, kind
    layout.separator()
    if job.is_live:
        layout.operator(FARMHAND_OT_set_job_priority.bl_idname, text="Priority…", icon="SORT_ASC").job_id = job.job_id
        layout.operator(FARMHAND_OT_cancel_job.bl_idname, icon="X").job_id = job.job_id
    elif job.status != "completed":
        layout.operator(FARMHAND_OT_retry_job.bl_idname, icon="FILE_REFRESH").job_id = job.job_id


class FARMHAND_OT_turn_page(bpy.types.Operator):  # noqa: N801
    """Show other jobs of the list."""

    bl_idname = "farmhand.turn_page"
    bl_label = "Turn Page"

    step: IntProperty(name="Step", description="By how many pages", default=1, options={"SKIP_SAVE"})

    def execute(self, context) -> set:  # noqa: ANN001
        """Turn it."""
        choice = context.window_manager.farmhand
        choice.page = max(choice.page + self.step, 0)
        return {"FINISHED"}


_CLASSES = (
    FARMHAND_OT_cancel_job,
    FARMHAND_OT_retry_job,
    FARMHAND_OT_pause_job,
    FARMHAND_OT_resume_job,
    FARMHAND_OT_set_job_priority,
    FARMHAND_OT_show_log,
    FARMHAND_OT_open_folder,
    FARMHAND_OT_load_frames,
    FARMHAND_OT_job_menu,
    FARMHAND_OT_turn_page,
)


def register() -> None:
    """Make the operators known to Blender."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take the operators back."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
