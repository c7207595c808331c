# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in Render Properties: Send, and below it the farm, and what is sent."""

from __future__ import annotations

import bpy

from . import bridge, farm_operators, farms, layouts, library, operators, scene, words


class _InRender:
    """Where all panels are."""

    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "render"


class FARMHAND_PT_render(_InRender, bpy.types.Panel):  # noqa: N801 - Blender's naming
    """Sends the scene."""

    bl_label = "Farmhand"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what a click will do, or how far it is."""
        bridge.request()
        layouts.begin(self.layout, context)
        now = bridge.current()
        now.drawn_width = context.region.width
        if now.submission is not None:
            _draw_sending(self.layout, context)
        elif scene.is_never_saved():
            self._draw_save()
        else:
            self._draw_send(context)
        advice = library.restart_needed() or scene.reason_not_to_send(context.scene)
        if advice and not (not scene.is_never_saved() and scene.chosen_frames(context.scene).error):
            layouts.draw_lines(self.layout, context, advice, "INFO")
        if now.notice:
            layouts.draw_lines(self.layout, context, now.notice, "INFO")

    def _draw_save(self) -> None:
        row = self.layout.row()
        row.scale_y = 1.6
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("wm.save_as_mainfile", text="Save As…", icon="FILE_TICK")

    def _draw_send(self, context: bpy.types.Context) -> None:
        row = self.layout.row()
        row.scale_y = 1.6
        row.operator_context = "INVOKE_DEFAULT"
        count = scene.chosen_frames(context.scene).count
        asks = scene.has_unsaved_changes()
        operator = operators.FARMHAND_OT_send_unsaved if asks else operators.FARMHAND_OT_submit_job
        text = words.send_label(count, farms.title(), saves=asks)
        if len(text) > layouts.letters(context):
            text = words.short_send_label(count, saves=asks)
        row.operator(operator.bl_idname, text=text, icon="RENDER_ANIMATION", translate=False)


def _draw_sending(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    now = bridge.current()
    row = layout.row()
    # As tall while sending as before, so that nothing below it jumps.
    row.scale_y = 1.6
    # Not below the middle of Send, where the second click of a double click would stop it again.
    split = row.split(factor=0.7)
    stage = words.shorten(words.translate(now.submission.stage), int(layouts.letters(context, 30) * 0.7))
    if hasattr(split, "progress"):  # Blender 4.0
        split.progress(factor=now.sending_fraction(), text=stage, translate=False)
    else:
        split.prop(context.window_manager.farmhand, "sending", text=stage, slider=True, translate=False)
    split.operator(operators.FARMHAND_OT_cancel_submission.bl_idname, text="Cancel")


class FARMHAND_PT_farm(_InRender, bpy.types.Panel):  # noqa: N801
    """Shows the farm that is chosen, and offers the others."""

    bl_label = "Farm"
    bl_parent_id = "FARMHAND_PT_render"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw its name, its state and its workers."""
        layout = self.layout
        now = bridge.current()
        snapshot = now.snapshot
        row = layout.row(align=True)
        row.menu(
            FARMHAND_MT_farms.__name__, text=farms.title(), icon="DESKTOP" if farms.is_local() else "NETWORK_DRIVE"
        )
        row.operator(farm_operators.FARMHAND_OT_add_farm.bl_idname, text="", icon="ADD")
        word, icon = words.farm_state("offline" if now.trouble else snapshot.state if snapshot else "connecting")
        layouts.draw_lines(layout, context, word, icon)
        if snapshot is not None and snapshot.state == "online" and snapshot.worker_statuses:
            layouts.draw_lines(layout, context, words.workers(snapshot.worker_statuses), "BLANK1")
        reason = now.trouble or (snapshot.message if snapshot and snapshot.state == "offline" else "")
        if reason:
            layouts.draw_lines(layout.box(), context, reason, "INFO", 16)
        elif farms.is_local() and not now.has_farms:
            layouts.draw_lines(layout, context, words.translate(words.NO_OTHER_FARM), "INFO")


class FARMHAND_MT_farms(bpy.types.Menu):  # noqa: N801
    """Offers the farms that there are."""

    bl_label = "Farm"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw a line for each."""
        bridge.current().read_farms()
        names = [farms.LOCAL, *(farm.name for farm in bridge.current().farms())]
        for name in names:
            text = words.translate(words.THIS_COMPUTER) if name == farms.LOCAL else name
            icon = "CHECKMARK" if name == farms.chosen() else "BLANK1"
            operator = farm_operators.FARMHAND_OT_choose_farm.bl_idname
            self.layout.operator(operator, text=text, icon=icon, translate=False).name = name


class FARMHAND_PT_send(_InRender, bpy.types.Panel):  # noqa: N801
    """Says what is sent."""

    bl_label = "Send"
    bl_parent_id = "FARMHAND_PT_render"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the choices, and what they come to."""
        layout = self.layout
        layouts.begin(layout, context)
        choices = context.scene.farmhand
        layouts.draw_pair(layout, context, "Scene", context.scene.name)
        layouts.draw_choice(layout, context, choices, "frames_from")
        frames = scene.chosen_frames(context.scene)
        if choices.frames_from == "LIST":
            row = layout.row()
            row.alert = bool(frames.error)
            row.prop(choices, "frames")
        if frames.error:
            layouts.draw_lines(layout.box(), context, frames.error, "ERROR", 16)
        else:
            shown = f"{words.shorten(frames.canonical, 60)} ({words.frames_count(frames.count)})"
            layouts.draw_lines(layout, context, shown, "BLANK1")
        layouts.draw_choice(layout, context, choices, "order")
        layouts.draw_choice(layout, context, choices, "existing")
        layout.prop(choices, "priority", slider=True)
        if choices.auto_run:
            layout.prop(choices, "auto_run")
        layout.operator(operators.FARMHAND_OT_keep_defaults.bl_idname, icon="FILE_TICK")
        self._draw_seen(context)

    def _draw_seen(self, context: bpy.types.Context) -> None:
        """Draw what a look at the file has seen, as long as nothing else is chosen."""
        now = bridge.current()
        if not now.seen or scene.is_never_saved() or now.previewed != scene.sending(context.scene):
            return
        seen = now.seen
        column = self.layout.column(align=True)
        layouts.draw_pair(column, context, "Output", str(seen["output"]))
        layouts.draw_pair(column, context, "Picture", f"{seen['engine']}, {seen['size']}")
        if seen["blender"]:
            layouts.draw_pair(column, context, "Blender", str(seen["blender"]))
        layouts.draw_pair(column, context, "Files", words.files_count(int(seen["files"]), int(seen["size_bytes"])))


_CLASSES = (FARMHAND_MT_farms, FARMHAND_PT_render, FARMHAND_PT_farm, FARMHAND_PT_send)


def register() -> None:
    """Make the panels known to Blender."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take the panels back."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
