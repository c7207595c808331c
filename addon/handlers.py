# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens when a file is opened, and when the add-on begins."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from . import bridge, properties, unfinished, words


def _preferences() -> bpy.types.AddonPreferences | None:
    addon = bpy.context.preferences.addons.get(__package__)
    return addon.preferences if addon else None


@persistent
def _file_opened(*_arguments: object) -> None:
    preferences = _preferences()
    if preferences is not None:
        properties.apply_defaults(preferences)
    bridge.current().file_opened()


def _begin() -> None:
    """Do what Blender allows only once add-ons are registered."""
    cut_off = unfinished.take()
    if cut_off:
        text = words.translate(words.CUT_OFF).format(file=bpy.path.basename(cut_off))
        bridge.current().messages.append(bridge.Message(text, "warning"))
    _file_opened()


def register() -> None:
    """Be called when a file is opened."""
    bpy.app.handlers.load_post.append(_file_opened)
    if not bpy.app.background:
        bpy.app.timers.register(_begin, first_interval=0.0)


def unregister() -> None:
    """Be called no more."""
    if bpy.app.timers.is_registered(_begin):
        bpy.app.timers.unregister(_begin)
    bpy.app.handlers.load_post.remove(_file_opened)
