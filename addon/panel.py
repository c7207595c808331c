# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in Render Properties: the farm, the frames, and Send."""

from __future__ import annotations

import bpy

from . import bridge, fixes, library, operators, scene, show, words


def draw_lines(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str, margin: int = 60) -> None:
    """Draw a text in as many lines as the panel's width asks for."""
    # A letter of Blender's interface font is about six pixels wide; the icon and the margins take the rest.
    width = context.region.width / context.preferences.system.ui_scale - margin
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(words.lines(text, int(width / 6.0))):
        column.label(text=line, icon="BLANK1" if number else icon)


def _draw_pair(layout: bpy.types.UILayout, name: str, text: str, icon: str) -> None:
    """Draw a text where a property's value would be, with its name beside it."""
    split = layout.split(factor=0.4)
    beside = split.row()
    beside.alignment = "RIGHT"
    beside.label(text=name)
    split.label(text=text, icon=icon)


class FARMHAND_PT_render(bpy.types.Panel):  # noqa: N801 - Blender's naming
    """Sends the scene."""

    bl_label = "Farmhand"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "render"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what would be sent, and to where."""
        bridge.request()
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self._draw_farm(layout, context)
        self._draw_frames(layout, context)
        layout.prop(context.scene.farmhand, "priority", slider=True)
        if context.scene.farmhand.auto_run:
            layout.prop(context.scene.farmhand, "auto_run")
        self._draw_send(layout, context)
        self._draw_messages(layout, context)

    def _draw_farm(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        snapshot = bridge.current().snapshot
        word, icon = words.farm_state(snapshot.state if snapshot else "connecting")
        _draw_pair(layout, "Farm", f"{words.THIS_COMPUTER}, {word}", icon)
        if snapshot and snapshot.state == "offline" and snapshot.message:
            draw_lines(layout.box(), context, snapshot.message, "INFO")

    def _draw_frames(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        choices = context.scene.farmhand
        layout.row().prop(choices, "frames_from", expand=True)
        frames = scene.chosen_frames(context.scene)
        if choices.frames_from == "LIST":
            row = layout.row()
            row.alert = bool(frames.error)
            row.prop(choices, "frames")
        if frames.error:
            draw_lines(layout.box(), context, frames.error, "ERROR")
            return
        _draw_pair(layout, "", f"{frames.canonical} ({words.frames_count(frames.count)})", "NONE")

    def _draw_send(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        row = layout.row()
        # As tall while sending as before, so that nothing below it jumps.
        row.scale_y = 1.6
        submission = bridge.current().submission
        if submission is not None:
            # Not below the middle of Send, where the second click of a double click would stop it again.
            split = row.split(factor=0.7)
            split.label(text=submission.stage, icon="EXPORT")
            split.operator(operators.FARMHAND_OT_cancel_submission.bl_idname, text="Cancel", icon="X")
            return
        frames = scene.chosen_frames(context.scene)
        row.operator(
            operators.FARMHAND_OT_submit_job.bl_idname,
            text=words.send_label(frames.count, saves=scene.has_unsaved_changes()),
            icon="RENDER_ANIMATION",
        )

    def _draw_messages(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        advice = library.restart_needed() or scene.reason_not_to_send(context.scene)
        if advice and not scene.chosen_frames(context.scene).error:
            draw_lines(layout, context, advice, "INFO")
        messages = bridge.current().messages
        if messages:
            _draw_findings(layout.box(), context, messages)


# Of a finding that sums many things up, the first ones say what it is about.
_DETAILS_SHOWN = 3
# What the frame of a box, its icon and the scroll bar take.
_BOX_MARGIN = 84


def _draw_findings(layout: bpy.types.UILayout, context: bpy.types.Context, messages: list[bridge.Message]) -> None:
    """Draw all messages, the gravest first, each group below its count."""
    groups = [(severity, [one for one in messages if one.severity == severity]) for severity in words.SEVERITIES]
    groups = [(severity, group) for severity, group in groups if group]
    for number, (severity, group) in enumerate(groups):
        head = layout.row()
        # The line that says that nothing was sent is none of those that say why.
        count = sum(1 for message in group if message.text != bridge.HELD_BACK)
        head.label(text=words.severity_count(severity, count).capitalize(), icon=words.severity_icon(severity))
        if number == 0:
            head.operator(operators.FARMHAND_OT_dismiss.bl_idname, text="", icon="X", emboss=False)
        for message in group:
            _draw_finding(layout.column(align=True), context, message)


def _draw_finding(layout: bpy.types.UILayout, context: bpy.types.Context, message: bridge.Message) -> None:
    draw_lines(layout, context, message.text, "BLANK1", _BOX_MARGIN)
    for detail in message.details[1 : 1 + _DETAILS_SHOWN]:
        draw_lines(layout, context, detail, "DOT", _BOX_MARGIN)
    if len(message.details) > 1 + _DETAILS_SHOWN:
        layout.label(text=f"And {len(message.details) - 1 - _DETAILS_SHOWN:,} more", icon="BLANK1")
    can_fix = message.code in fixes.FIXES
    can_select = show.can_select(context.scene, message.things)
    if not can_fix and not can_select:
        return
    row = layout.row(align=True)
    row.label(text="", icon="BLANK1")
    if can_fix:
        row.operator(operators.FARMHAND_OT_fix.bl_idname, text="Fix").code = message.code
    if message.code == "missing-file":
        row.operator(operators.FARMHAND_OT_search_files.bl_idname, text="Search…")
    if can_select:
        row.operator(operators.FARMHAND_OT_select.bl_idname, text="Select").code = message.code


def register() -> None:
    """Make the panel known to Blender."""
    bpy.utils.register_class(FARMHAND_PT_render)


def unregister() -> None:
    """Take the panel back."""
    bpy.utils.unregister_class(FARMHAND_PT_render)
