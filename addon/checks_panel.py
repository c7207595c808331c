# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks have found, and what went wrong: the gravest first, with what can be done about each."""

from __future__ import annotations

import bpy

from . import bridge, fixes, layouts, operators, show, words

# Of a finding that sums many things up, the first ones say what it is about.
_DETAILS_SHOWN = 3
# What the frame of a box takes.
_BOX_MARGIN = 20


class FARMHAND_PT_checks(bpy.types.Panel):  # noqa: N801 - Blender's naming
    """Lists the findings."""

    bl_label = "Checks"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "render"
    bl_parent_id = "FARMHAND_PT_render"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the findings, and a button to look anew."""
        now = bridge.current()
        if now.preview is not None:
            layouts.draw_lines(self.layout, context, words.translate(now.preview.stage), "TIME")
        else:
            self.layout.operator_context = "INVOKE_DEFAULT"
            self.layout.operator(operators.FARMHAND_OT_check.bl_idname, text="Check the Saved File", icon="VIEWZOOM")
        if now.messages:
            _draw_findings(self.layout.box(), context, now.messages)
        elif now.seen:
            layouts.draw_lines(self.layout, context, words.translate("Nothing stands in the way"), "CHECKMARK")


def _draw_findings(layout: bpy.types.UILayout, context: bpy.types.Context, messages: list[bridge.Message]) -> None:
    """Draw all messages, the gravest first, each group below its count."""
    groups = [(severity, [one for one in messages if one.severity == severity]) for severity in words.SEVERITIES]
    groups = [(severity, group) for severity, group in groups if group]
    for number, (severity, group) in enumerate(groups):
        head = layout.row()
        # The line that says that nothing was sent is none of those that say why.
        count = sum(1 for message in group if message.text != bridge.HELD_BACK)
        text = words.severity_count(severity, count)
        head.label(text=text, icon=words.severity_icon(severity), translate=False)
        if number == 0:
            head.operator(operators.FARMHAND_OT_dismiss.bl_idname, text="", icon="X", emboss=False)
        for message in group:
            _draw_finding(layout.column(align=True), context, message)


def _draw_finding(layout: bpy.types.UILayout, context: bpy.types.Context, message: bridge.Message) -> None:
    layouts.draw_lines(layout, context, words.translate(message.text), "BLANK1", _BOX_MARGIN)
    for detail in message.details[1 : 1 + _DETAILS_SHOWN]:
        layouts.draw_lines(layout, context, detail, "DOT", _BOX_MARGIN)
    if len(message.details) > 1 + _DETAILS_SHOWN:
        more = words.translate("And {count} more").format(count=f"{len(message.details) - 1 - _DETAILS_SHOWN:,}")
        layout.label(text=more, icon="BLANK1", translate=False)
    can_fix = message.code in fixes.FIXES
    can_select = show.can_select(context.scene, message.things)
    if not can_fix and not can_select:
        return
    row = layout.column(align=True) if layouts.is_narrow(context) else layout.row(align=True)
    if not layouts.is_narrow(context):
        row.label(text="", icon="BLANK1")
    if can_fix:
        row.operator(operators.FARMHAND_OT_fix.bl_idname, text="Fix").code = message.code
    if message.code == "missing-file":
        row.operator(operators.FARMHAND_OT_search_files.bl_idname, text="Search…")
    if can_select:
        row.operator(operators.FARMHAND_OT_select.bl_idname, text="Select").code = message.code


def register() -> None:
    """Make the panel known to Blender."""
    bpy.utils.register_class(FARMHAND_PT_checks)


def unregister() -> None:
    """Take the panel back."""
    bpy.utils.unregister_class(FARMHAND_PT_checks)
