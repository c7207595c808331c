# SPDX-License-Identifier: GPL-3.0-or-later
"""How the panels draw what is wider than they are: texts in several lines, names above their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import words

if TYPE_CHECKING:
    import bpy

# A letter of Blender's interface font is about this wide, in pixels of an unscaled interface.
_LETTER = 6.2
# The margins of a panel, the scroll bar and an icon.
_MARGIN = 62
# Below this a name and a value beside each other are both cut off.
_NARROW = 300


def width(context: bpy.types.Context) -> float:
    """Return the region's width in pixels of an unscaled interface."""
    return context.region.width / context.preferences.system.ui_scale


def is_narrow(context: bpy.types.Context) -> bool:
    """Tell whether there is no room for a name beside its value."""
    return width(context) < _NARROW


def letters(context: bpy.types.Context, margin: float = _MARGIN) -> int:
    """Return how many letters fit into a line."""
    return int((width(context) - margin) / _LETTER)


def begin(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Have names and values side by side where there is room."""
    layout.use_property_split = not is_narrow(context)
    layout.use_property_decorate = False


def draw_lines(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str, margin: float = 0) -> None:
    """Draw a text in as many lines as the panel's width asks for."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(words.lines(text, letters(context, _MARGIN + margin))):
        column.label(text=line, icon="BLANK1" if number and icon != "NONE" else icon, translate=False)


def draw_pair(layout: bpy.types.UILayout, context: bpy.types.Context, name: str, text: str) -> None:
    """Draw a text where a property's value would be, with its name beside it or above."""
    if is_narrow(context):
        draw_lines(layout, context, f"{words.translate(name)}: {text}", "NONE", -20)
        return
    split = layout.split(factor=0.4)
    beside = split.column()
    beside.alignment = "RIGHT"
    beside.label(text=name)
    column = split.column(align=True)
    # What a property's value has, about, after its name.
    for line in words.lines(text, int(width(context) * 0.53 / _LETTER)):
        column.label(text=line, translate=False)


def draw_choice(layout: bpy.types.UILayout, context: bpy.types.Context, owner: object, name: str) -> None:
    """Draw a property, its name above its value where there is no room beside it."""
    if not is_narrow(context) or owner.bl_rna.properties[name].type != "ENUM":
        layout.prop(owner, name)
        return
    column = layout.column(align=True)
    column.label(text=owner.bl_rna.properties[name].name)
    column.prop(owner, name, text="")
