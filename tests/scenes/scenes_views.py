# SPDX-License-Identifier: Apache-2.0
"""Scenes in stereo, and with several cameras: each view a file, or all in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from building import Compositor, camera, file_output, picture_format, small_stage

if TYPE_CHECKING:
    from pathlib import Path

    import bpy
    from scenes_files import Maker


def stereo(scene: bpy.types.Scene, file_format: str, views: str) -> None:
    """Switch stereo on: a left and a right view, saved as `views`."""
    small_stage(scene)
    scene.camera.data.stereo.interocular_distance = 0.6
    scene.camera.data.stereo.convergence_distance = 6.0
    scene.render.use_multiview = True
    picture_format(scene.render.image_settings, file_format, views_format=views)


def stereo_views(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, a file for each eye."""
    stereo(scene, "PNG", "INDIVIDUAL")


def stereo_side_by_side(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, both eyes in one picture, side by side."""
    stereo(scene, "PNG", "STEREO_3D")
    scene.render.image_settings.stereo_3d_format.display_mode = "SIDEBYSIDE"


def multiview_exr(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, both views in one OpenEXR with layers."""
    stereo(scene, "OPEN_EXR_MULTILAYER", "MULTIVIEW")


def multiview_cameras(scene: bpy.types.Scene, home: Path) -> None:
    """Three views by cameras with suffixes, the middle one switched off, a file each."""
    small_stage(scene)
    scene.camera.name = "Rig_left"
    camera(scene, "Rig_mid", (0.0, -6.0, 2.0))
    camera(scene, "Rig_right", (3.0, -5.0, 2.0))
    scene.render.use_multiview = True
    scene.render.views_format = "MULTIVIEW"
    scene.render.views["left"].camera_suffix = scene.render.views["left"].file_suffix = "_left"
    scene.render.views["right"].camera_suffix = scene.render.views["right"].file_suffix = "_right"
    middle = scene.render.views.new("mid")
    middle.camera_suffix = middle.file_suffix = "_mid"
    middle.use = False
    picture_format(scene.render.image_settings, "PNG", views_format="INDIVIDUAL")


def in_one_picture(scene: bpy.types.Scene, mode: str, file_format: str = "PNG", **others: object) -> None:
    """Save both eyes in one picture, the way that `mode` says."""
    stereo(scene, file_format, "STEREO_3D")
    both = scene.render.image_settings.stereo_3d_format
    both.display_mode = mode
    for name, value in others.items():
        setattr(both, name, value)


def stereo_cross_eyed(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, both eyes in one JPEG, side by side, squeezed and crossed."""
    in_one_picture(scene, "SIDEBYSIDE", "JPEG", use_sidebyside_crosseyed=True, use_squeezed_frame=True)


def stereo_top_bottom(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, both eyes in one picture, one above the other."""
    in_one_picture(scene, "TOPBOTTOM")


def stereo_anaglyph(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, both eyes in one picture, for red and cyan glasses."""
    in_one_picture(scene, "ANAGLYPH", anaglyph_type="RED_CYAN")


def stereo_interlace(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, both eyes in one picture, in turns of columns."""
    in_one_picture(scene, "INTERLACE", interlace_type="COLUMN_INTERLEAVED", use_interlace_swap=True)


def stereo_exr_views(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, an OpenEXR with layers for each eye, extension off, other suffixes, the number in the middle."""
    stereo(scene, "OPEN_EXR_MULTILAYER", "INDIVIDUAL")
    scene.render.use_file_extension = False
    scene.render.filepath = "//frames/shot_####_beauty"
    for view, suffix in (("left", ".links"), ("right", ".rechts")):
        scene.render.views[view].file_suffix = suffix


def stereo_one_eye(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo with the left eye switched off: one file, with its suffix or not as Blender has it."""
    stereo(scene, "PNG", "INDIVIDUAL")
    scene.render.views["left"].use = False


def multiview_exr_flat(scene: bpy.types.Scene, home: Path) -> None:
    """Stereo, both views in one OpenEXR without layers."""
    stereo(scene, "OPEN_EXR", "MULTIVIEW")


def file_output_stereo_3d(scene: bpy.types.Scene, home: Path) -> None:
    """File Output nodes in stereo: both eyes side by side, and an OpenEXR with both views."""
    stereo(scene, "PNG", "INDIVIDUAL")
    nodes = Compositor(scene)
    image = nodes.layers.outputs["Image"]
    node = file_output(nodes.tree, "//both/", {"shot_": image})
    node.format.views_format = "STEREO_3D"
    node.format.stereo_3d_format.display_mode = "SIDEBYSIDE"
    layered = file_output(nodes.tree, "//layers/shot_", {"beauty": image}, "OPEN_EXR_MULTILAYER")
    layered.format.views_format = "MULTIVIEW"


MAKERS: dict[str, Maker] = {
    make.__name__: make
    for make in (
        stereo_views,
        stereo_side_by_side,
        multiview_exr,
        multiview_cameras,
        stereo_cross_eyed,
        stereo_top_bottom,
        stereo_anaglyph,
        stereo_interlace,
        stereo_exr_views,
        stereo_one_eye,
        multiview_exr_flat,
        file_output_stereo_3d,
    )
}
