# SPDX-License-Identifier: GPL-3.0-or-later
"""What is chosen for a scene, kept with it in the .blend at `scene.farmhand`, and for the window at `wm.farmhand`."""

# No postponed annotations here: Blender 2.93 reads the annotations themselves.
import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import bridge

# What a scene begins with where its user has said so in the preferences.
DEFAULTS = ("order", "existing", "priority")

ORDERS = (
    ("auto", "Early Look", "Three frames first (first, middle and last), then the others"),
    ("sequential", "In Order", "One frame after the other"),
    ("scouts-then-wait", "Early Look, Then Wait", "Three frames first; the others once you have approved them"),
)
EXISTING = (
    ("replace", "Replace", "Render frames that are there already again"),
    ("skip", "Keep", "Render only frames that are not there yet"),
    ("new-folder", "New Folder", "Leave what is there alone, and write to a folder of its own"),
)


def order_property() -> object:
    """Return the choice of the order in which frames are rendered."""
    return EnumProperty(name="Order", description="Which frames are rendered first", items=ORDERS, default="auto")


def existing_property() -> object:
    """Return the choice of what to do about frames that are there."""
    return EnumProperty(
        name="Existing", description="What to do about frames that are there already", items=EXISTING, default="replace"
    )


def priority_property() -> object:
    """Return the choice of a job's turn."""
    return IntProperty(
        name="Priority", description="Jobs with a higher priority are rendered first", min=0, max=100, default=50
    )


class FARMHAND_PG_scene(bpy.types.PropertyGroup):  # noqa: N801 - Blender's naming
    """The choices for one scene."""

    frames_from: EnumProperty(
        name="Frames",
        description="Which frames to render",
        items=(
            ("SCENE", "Scene Range", "From the scene's first frame to its last, by its step"),
            ("PREVIEW", "Preview Range", "The timeline's preview range"),
            ("MARKERS", "Markers", "The frames that the timeline's markers stand on"),
            ("CURRENT", "Current Frame", "The frame that is shown now"),
            ("LIST", "List", "The frames written below"),
        ),
        default="SCENE",
    )
    frames: StringProperty(
        name="List",
        description="Frames and ranges, separated by commas; a step follows a colon. Example: 1-10, 20, 30-100:2",
        default="1-10",
    )
    order: order_property()
    existing: existing_property()
    priority: priority_property()
    auto_run: BoolProperty(
        name="Run Python Scripts",
        description="Let Python that is stored in this file run where it is rendered. Only for files that you trust",
        default=False,
    )
    last_job_id: StringProperty(
        name="Last Job",
        description="The job that this scene was sent as most recently",
        options={"HIDDEN"},
    )


def bar_name(place: int) -> str:
    """Return the property that shows how far the job in this place of the list is."""
    return f"bar_{place}"


def _bar(place: int) -> object:
    # Before Blender 4.0 a panel has no progress bar; a slider that cannot be moved looks like one.
    return FloatProperty(
        name="Progress",
        description="How much of the job is rendered",
        subtype="PERCENTAGE",
        min=0.0,
        max=100.0,
        precision=0,
        get=lambda _group: bridge.current().percent_done(place),
        options={"SKIP_SAVE"},
    )


class FARMHAND_PG_window(bpy.types.PropertyGroup):  # noqa: N801
    """What is looked at, as long as Blender runs."""

    which: EnumProperty(
        name="Jobs",
        description="Which jobs to list",
        items=(
            ("all", "All", "Every job"),
            ("active", "Active", "Jobs that still render, or wait"),
            ("done", "Done", "Jobs whose frames are all there"),
            ("failed", "Failed", "Jobs that ended without all of their frames"),
        ),
        default="all",
        update=lambda group, _context: group.turn_to_first(),
    )
    mine_only: BoolProperty(
        name="Mine Only",
        description="List only jobs that were sent by you",
        default=False,
        update=lambda group, _context: group.turn_to_first(),
    )
    page: IntProperty(name="Page", description="Which part of the list is shown", min=0, default=0)
    tried_path: StringProperty(
        name="Try a Path", description="A path of this computer, to see what the rules make of it", subtype="FILE_PATH"
    )
    sending: FloatProperty(
        name="Sending",
        description="How far the scene is on its way to the farm",
        subtype="PERCENTAGE",
        min=0.0,
        max=100.0,
        precision=0,
        get=lambda _group: 100.0 * bridge.current().sending_fraction(),
    )

    def turn_to_first(self) -> None:
        """Show the newest of the jobs that are wanted now."""
        self.page = 0


FARMHAND_PG_window.__annotations__.update({bar_name(place): _bar(place) for place in range(bridge.JOBS_SHOWN)})

_CLASSES = (FARMHAND_PG_scene, FARMHAND_PG_window)


def apply_defaults(preferences: bpy.types.AddonPreferences) -> None:
    """Give scenes in which nothing was chosen yet what their user wants usually."""
    for scene in bpy.data.scenes:
        if scene.library is not None:
            continue
        for name in DEFAULTS:
            if not scene.farmhand.is_property_set(name):
                usual = getattr(preferences, name)
                if getattr(scene.farmhand, name) != usual:
                    setattr(scene.farmhand, name, usual)


def register() -> None:
    """Give every scene and the window their groups."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.farmhand = PointerProperty(type=FARMHAND_PG_scene)
    bpy.types.WindowManager.farmhand = PointerProperty(type=FARMHAND_PG_window)


def unregister() -> None:
    """Take the groups back."""
    del bpy.types.WindowManager.farmhand
    del bpy.types.Scene.farmhand
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
