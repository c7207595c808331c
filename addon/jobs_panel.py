# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of the farm: how far each is, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from . import bridge, job_operators, layouts, pictures, properties, words

if TYPE_CHECKING:
    import farmhand

_FAILED_FRAMES_SHOWN = 3
# How large the last picture is, in lines of text.
_PICTURE_SCALE = 4.0


class FARMHAND_PT_jobs(bpy.types.Panel):  # noqa: N801 - Blender's naming
    """Lists the jobs."""

    bl_label = "Jobs"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "render"
    bl_parent_id = "FARMHAND_PT_render"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the jobs that are wanted, the newest first."""
        layout = self.layout
        choice = context.window_manager.farmhand
        row = layout.row(align=True)
        row.prop(choice, "which", text="")
        row.prop(choice, "mine_only", text="", icon="USER", toggle=True)
        jobs, count = bridge.current().listed_jobs()
        if not count:
            row = layout.row()
            row.active = False
            row.label(text="No jobs yet")
        for place, job in enumerate(jobs):
            _draw_job(layout.box(), context, job, place)
        if count > bridge.JOBS_SHOWN:
            _draw_pages(layout, choice, count)


def _draw_pages(layout: bpy.types.UILayout, choice: properties.FARMHAND_PG_window, count: int) -> None:
    pages = -(-count // bridge.JOBS_SHOWN)
    row = layout.row(align=True)
    for step, icon in ((-1, "TRIA_LEFT"), (1, "TRIA_RIGHT")):
        side = row.row(align=True)
        side.enabled = 0 <= choice.page + step < pages
        side.operator(job_operators.FARMHAND_OT_turn_page.bl_idname, text="", icon=icon).step = step
    row.label(text=words.translate("Page {page} of {pages}").format(page=choice.page + 1, pages=pages), translate=False)


def _draw_job(layout: bpy.types.UILayout, context: bpy.types.Context, job: farmhand.JobView, place: int) -> None:
    state, icon = words.job_state(job.status)
    head = layout.row(align=True)
    head.label(text=words.shorten(job.name, layouts.letters(context, 140)), icon=icon, translate=False)
    buttons = head.row(align=True)
    buttons.operator_context = "INVOKE_DEFAULT"
    if job.status == "paused" and not job.waits_for_approval:
        buttons.operator(job_operators.FARMHAND_OT_resume_job.bl_idname, text="", icon="PLAY").job_id = job.job_id
    elif job.is_live and job.status != "paused":
        buttons.operator(job_operators.FARMHAND_OT_pause_job.bl_idname, text="", icon="PAUSE").job_id = job.job_id
    elif not job.is_live and job.status != "completed":
        buttons.operator(
            job_operators.FARMHAND_OT_retry_job.bl_idname, text="", icon="FILE_REFRESH"
        ).job_id = job.job_id
    if job.is_live:
        buttons.operator(job_operators.FARMHAND_OT_cancel_job.bl_idname, text="", icon="X").job_id = job.job_id
    buttons.operator(job_operators.FARMHAND_OT_job_menu.bl_idname, text="", icon="DOWNARROW_HLT").job_id = job.job_id
    icon_value = pictures.icon_of(job)
    if icon_value:
        layout.template_icon(icon_value=icon_value, scale=_PICTURE_SCALE)
    progress = f"{state}, {words.job_progress(job)}"
    if hasattr(layout, "progress"):  # Blender 4.0
        layout.progress(factor=job.fraction, text=f"{100 * job.fraction:.0f} %", translate=False)
    else:
        layout.prop(context.window_manager.farmhand, properties.bar_name(place), text="", slider=True)
    layouts.draw_lines(layout, context, progress, "NONE", 0)
    if job.waits_for_approval:
        approve = job_operators.FARMHAND_OT_resume_job.bl_idname
        layout.operator(approve, text="Approve and Go On", icon="CHECKMARK").job_id = job.job_id
    for frame, message in job.failed[:_FAILED_FRAMES_SHOWN]:
        text = words.translate("Frame {frame} failed: {message}").format(frame=frame, message=message)
        layouts.draw_lines(layout, context, text, "ERROR", 20)
    more = job.frames_failed - _FAILED_FRAMES_SHOWN
    if more > 0 and job.failed:
        text = words.translate("And {frames} more failed").format(frames=words.frames_count(more))
        layout.label(text=text, icon="BLANK1", translate=False)


def register() -> None:
    """Make the list known to Blender."""
    bpy.utils.register_class(FARMHAND_PT_jobs)


def unregister() -> None:
    """Take the list back."""
    bpy.utils.unregister_class(FARMHAND_PT_jobs)
