# SPDX-License-Identifier: GPL-3.0-or-later
"""What is chosen for a scene, kept with it in the .blend: one group at `scene.farmhand`."""

# No postponed annotations here: Blender 2.93 reads the annotations themselves.
import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import bridge

# More jobs would push the other panels away; `farmhand jobs` lists them all.
JOBS_SHOWN = 6


class FARMHAND_PG_scene(bpy.types.PropertyGroup):  # noqa: N801 - Blender's naming
    """The choices for one scene."""

    frames_from: EnumProperty(
        name="Frames",
        description="Which frames to render",
        items=(
            ("SCENE", "Scene Range", "From the scene's first frame to its last, by its step"),
            ("LIST", "List", "The frames written below"),
        ),
        default="SCENE",
    )
    frames: StringProperty(
        name="List",
        description="Frames and ranges, separated by commas; a step follows a colon. Example: 1-10, 20, 30-100:2",
        default="1-10",
    )
    priority: IntProperty(
        name="Priority",
        description="Jobs with a higher priority are rendered first",
        min=0,
        max=100,
        default=50,
    )
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


FARMHAND_PG_scene.__annotations__.update({bar_name(place): _bar(place) for place in range(JOBS_SHOWN)})


def register() -> None:
    """Give every scene its group."""
    bpy.utils.register_class(FARMHAND_PG_scene)
    bpy.types.Scene.farmhand = PointerProperty(type=FARMHAND_PG_scene)


def unregister() -> None:
    """Take the groups back."""
    del bpy.types.Scene.farmhand
    bpy.utils.unregister_class(FARMHAND_PG_scene)
