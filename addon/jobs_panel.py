# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of the farm, below Send: how far each is, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from . import bridge, operators, panel, properties, words

if TYPE_CHECKING:
    import farmhand

_FAILED_FRAMES_SHOWN = 3


class FARMHAND_PT_jobs(bpy.types.Panel):  # noqa: N801 - Blender's naming
    """Lists the jobs."""

    bl_label = "Jobs"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "render"
    bl_parent_id = "FARMHAND_PT_render"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the jobs, the newest first."""
        snapshot = bridge.current().snapshot
        jobs = snapshot.jobs if snapshot else []
        layout = self.layout
        if not jobs:
            row = layout.row()
            row.active = False
            row.label(text="No jobs yet")
        for place, job in enumerate(jobs[: properties.JOBS_SHOWN]):
            self._draw_job(layout.box(), context, job, place)
        if len(jobs) > properties.JOBS_SHOWN:
            row = layout.row()
            row.active = False
            row.label(text=f"And {len(jobs) - properties.JOBS_SHOWN:,} older jobs")

    def _draw_job(
        self, layout: bpy.types.UILayout, context: bpy.types.Context, job: farmhand.JobView, place: int
    ) -> None:
        state, icon = words.job_state(job.status)
        head = layout.row()
        head.label(text=f"{job.name}: {state}" if not job.is_live else job.name, icon=icon)
        buttons = head.row(align=True)
        if job.output_dir:
            opener = buttons.operator(operators.FARMHAND_OT_open_folder.bl_idname, text="", icon="FILE_FOLDER")
            opener.folder = job.output_dir
        if not job.is_live and job.status != "completed":
            retrier = buttons.operator(operators.FARMHAND_OT_retry_job.bl_idname, text="", icon="FILE_REFRESH")
            retrier.job_id = job.job_id
        if job.is_live:
            canceller = buttons.operator(operators.FARMHAND_OT_cancel_job.bl_idname, text="", icon="X")
            canceller.job_id = job.job_id
        if hasattr(layout, "progress"):  # Blender 4.0
            layout.progress(factor=job.fraction, text=words.job_progress(job))
        else:
            column = layout.column(align=True)
            column.prop(context.scene.farmhand, properties.bar_name(place), text="", slider=True)
            column.label(text=words.job_progress(job))
        for frame, message in job.failed[:_FAILED_FRAMES_SHOWN]:
            panel.draw_lines(layout, context, f"Frame {frame} failed: {message}", "ERROR")
        more = job.frames_failed - _FAILED_FRAMES_SHOWN
        if more > 0:
            layout.label(text=f"And {words.frames_count(more)} more failed", icon="BLANK1")


def register() -> None:
    """Make the list known to Blender."""
    bpy.utils.register_class(FARMHAND_PT_jobs)


def unregister() -> None:
    """Take the list back."""
    bpy.utils.unregister_class(FARMHAND_PT_jobs)
