# SPDX-License-Identifier: GPL-3.0-or-later
"""What is set once for this computer: which Blender renders, and how many at a time."""

import bpy
from bpy.props import IntProperty, StringProperty

from . import bridge, library


def _farm_changed(_preferences, _context) -> None:  # noqa: ANN001 - Blender's callback types have no names
    bridge.forget_farm()


class FARMHAND_preferences(bpy.types.AddonPreferences):  # noqa: N801 - Blender's naming
    """Preferences of the add-on."""

    bl_idname = __package__

    blender_path: StringProperty(
        name="Blender",
        description="The Blender that renders on this computer. Empty: the one that is open",
        subtype="FILE_PATH",
        update=_farm_changed,
    )
    slots: IntProperty(
        name="Renders at a Time",
        description="How many frames this computer renders side by side. "
        "One is fastest for most scenes; more pay where a frame leaves processor cores idle",
        min=1,
        max=64,
        default=1,
        update=_farm_changed,
    )

    def draw(self, _context) -> None:  # noqa: ANN001
        """Draw the settings, and what is installed."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.label(text="This Computer", icon="DESKTOP")
        layout.prop(self, "blender_path")
        layout.prop(self, "slots")
        row = layout.row()
        row.active = False
        row.label(text=library.restart_needed() or f"Farmhand {library.ADDON_VERSION}")


def current(context) -> FARMHAND_preferences:  # noqa: ANN001
    """Return the add-on's preferences."""
    return context.preferences.addons[__package__].preferences


def register() -> None:
    """Make the preferences known to Blender."""
    bpy.utils.register_class(FARMHAND_preferences)


def unregister() -> None:
    """Take the preferences back."""
    bpy.utils.unregister_class(FARMHAND_preferences)
