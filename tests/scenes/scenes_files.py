# SPDX-License-Identifier: Apache-2.0
"""Scenes about which files come out: names, formats, views, File Output nodes, folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Optional

import bpy
from building import Compositor, camera, file_output, group_input, key, picture_format, small_stage, write_png

#: A maker fills the scene, may write files beside the .blend, and answers what is not as usual.
Maker = Callable[[bpy.types.Scene, Path], Optional[dict[str, object]]]


def plain(scene: bpy.types.Scene, home: Path) -> None:
    """A cube on a meadow: the least that is a scene."""
    small_stage(scene)


def single_frame(scene: bpy.types.Scene, home: Path) -> None:
    """One frame only."""
    small_stage(scene)
    scene.frame_start = scene.frame_end = 2


def negative_frames(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """Frames below zero, asked for by hand: a scene's own range cannot begin there."""
    key(small_stage(scene), "location", {-3: (1.5, 0.0, 0.7)})
    return {"range": (-2, 1)}


def frame_step(scene: bpy.types.Scene, home: Path) -> None:
    """Every third frame."""
    scene.frame_start, scene.frame_end, scene.frame_step = 1, 11, 3
    small_stage(scene)


def hashes_in_the_middle(scene: bpy.types.Scene, home: Path) -> None:
    """The number stands in the middle of the name."""
    small_stage(scene)
    scene.render.filepath = "//frames/shot_####_beauty"


def several_hash_groups(scene: bpy.types.Scene, home: Path) -> None:
    """Several groups of # in one path: only one of them is the number."""
    small_stage(scene)
    scene.render.filepath = "//frames/take_##/shot_###_v##"


def number_of_one_hash(scene: bpy.types.Scene, home: Path) -> None:
    """One # for numbers of one and two digits."""
    scene.frame_start, scene.frame_end = 9, 11
    small_stage(scene)
    scene.render.filepath = "//frames/f#"


def extension_in_the_name(scene: bpy.types.Scene, home: Path) -> None:
    """The name has its extension already."""
    small_stage(scene)
    scene.render.filepath = "//frames/shot_####.png"


def extension_off(scene: bpy.types.Scene, home: Path) -> None:
    """Blender adds no file extension."""
    small_stage(scene)
    scene.render.use_file_extension = False
    scene.render.filepath = "//frames/shot_"


def output_is_a_folder(scene: bpy.types.Scene, home: Path) -> None:
    """The output names a folder: files are numbers."""
    small_stage(scene)
    scene.render.filepath = "//frames/"


def missing_subfolders(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """The output lies in folders that are not there, above and below the .blend."""
    small_stage(scene)
    scene.render.filepath = "//../renders/day 1/beauty/shot_"
    return {"file": "work/scene.blend"}


def other_letters(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """Spaces and other alphabets in the paths and names of everything."""
    scene.name = "Szene Größe"
    small_stage(scene)
    scene.camera.name = "Kamera 縦"
    scene.render.filepath = "//Bilder ü/кадр 縦 "
    return {"file": "Hof & Feld/szene größe ж.blend"}


def overwrite_off(scene: bpy.types.Scene, home: Path) -> None:
    """Overwrite is off, and one of the frames is there already: it is kept."""
    small_stage(scene)
    scene.render.use_overwrite = False
    write_png(home / "frames" / "shot_0002.png", (200, 60, 20))


def placeholders(scene: bpy.types.Scene, home: Path) -> None:
    """Placeholders are on."""
    small_stage(scene)
    scene.render.use_placeholder = True


def compressed(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """The .blend is compressed (zstd from 3.0)."""
    small_stage(scene)
    return {"compress": True}


def jpeg(scene: bpy.types.Scene, home: Path) -> None:
    """JPEG files."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "JPEG", quality=80)


def tiff(scene: bpy.types.Scene, home: Path) -> None:
    """TIFF files with 16 bits and alpha, as .tif."""
    small_stage(scene)
    scene.render.film_transparent = True
    picture_format(scene.render.image_settings, "TIFF", color_mode="RGBA", color_depth="16")


def png_16_bits(scene: bpy.types.Scene, home: Path) -> None:
    """PNG files with 16 bits and alpha, before a transparent sky."""
    small_stage(scene)
    scene.render.film_transparent = True
    picture_format(scene.render.image_settings, "PNG", color_mode="RGBA", color_depth="16", compression=90)


def png_grey(scene: bpy.types.Scene, home: Path) -> None:
    """PNG files in shades of grey."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "PNG", color_mode="BW")


def webp(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """WebP files."""
    small_stage(scene)
    try:
        picture_format(scene.render.image_settings, "WEBP", quality=90)
    except TypeError:
        return {"left_out": "this Blender is built without WebP"}
    return None


def exr(scene: bpy.types.Scene, home: Path) -> None:
    """OpenEXR with one layer and half floats."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "OPEN_EXR", color_mode="RGBA", color_depth="16", exr_codec="ZIP")


def exr_with_preview(scene: bpy.types.Scene, home: Path) -> None:
    """OpenEXR with a JPEG preview beside each file."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "OPEN_EXR", exr_codec="PIZ")
    scene.render.image_settings.use_preview = True


def exr_layers(scene: bpy.types.Scene, home: Path) -> None:
    """OpenEXR with several layers: passes of the view layer."""
    small_stage(scene)
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_normal = layer.use_pass_mist = True
    picture_format(scene.render.image_settings, "OPEN_EXR_MULTILAYER", exr_codec="ZIPS")


def view_layers(scene: bpy.types.Scene, home: Path) -> None:
    """Three view layers, one of them switched off, in one OpenEXR."""
    cube = small_stage(scene)
    without = scene.view_layers.new("Without cube")
    scene.view_layers.new("Switched off").use = False
    apart = bpy.data.collections.new("Cube")
    scene.collection.children.link(apart)
    scene.collection.objects.unlink(cube)
    apart.objects.link(cube)
    without.layer_collection.children["Cube"].exclude = True
    picture_format(scene.render.image_settings, "OPEN_EXR_MULTILAYER")


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


def file_output_slots(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node with a relative base and several slots, one in a subfolder."""
    small_stage(scene)
    scene.view_layers[0].use_pass_z = True
    nodes = Compositor(scene)
    image = nodes.layers.outputs["Image"]
    file_output(nodes.tree, "//passes/", {"beauty_": image, "inverted/shot_": nodes.inverted(image)})


def file_output_formats(scene: bpy.types.Scene, home: Path) -> None:
    """Two File Output nodes: JPEG, and OpenEXR with layers beside the main JPEG."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "JPEG")
    nodes = Compositor(scene)
    image = nodes.layers.outputs["Image"]
    file_output(nodes.tree, "//jpeg/", {"shot_####_": image}, "JPEG")
    file_output(
        nodes.tree, "//layers/shot_", {"beauty": image, "inverted": nodes.inverted(image)}, "OPEN_EXR_MULTILAYER"
    )


def file_output_in_a_group(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node inside a node group."""
    small_stage(scene)
    nodes = Compositor(scene)
    group = bpy.data.node_groups.new("Save", "CompositorNodeTree")
    file_output(group, "//from_group/", {"shot_": group_input(group, "Image")})
    node = nodes.tree.nodes.new("CompositorNodeGroup")
    node.node_tree = group
    nodes.link(nodes.layers.outputs["Image"], node.inputs[0])


def file_output_muted(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node that is muted writes nothing."""
    small_stage(scene)
    nodes = Compositor(scene)
    image = nodes.layers.outputs["Image"]
    file_output(nodes.tree, "//muted/", {"shot_": image}).mute = True


def file_output_stereo(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node in stereo: a file for each slot and eye."""
    stereo(scene, "PNG", "INDIVIDUAL")
    nodes = Compositor(scene)
    file_output(nodes.tree, "//eyes/", {"shot_": nodes.layers.outputs["Image"]})


def path_template(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """Names that Blender fills in (5.0): scene, camera, resolution."""
    if bpy.app.version < (5, 0, 0):
        return {"left_out": "path templates came with Blender 5.0"}
    small_stage(scene)
    scene.render.filepath = "//frames/{blend_name}/{scene_name}_{camera_name}_{resolution_x}x{resolution_y}_"
    nodes = Compositor(scene)
    file_output(nodes.tree, "//passes/{scene_name}/", {"{node_name}_": nodes.layers.outputs["Image"]})
    return None


MAKERS: dict[str, Maker] = {
    make.__name__: make
    for make in (
        plain,
        single_frame,
        negative_frames,
        frame_step,
        hashes_in_the_middle,
        several_hash_groups,
        number_of_one_hash,
        extension_in_the_name,
        extension_off,
        output_is_a_folder,
        missing_subfolders,
        other_letters,
        overwrite_off,
        placeholders,
        compressed,
        jpeg,
        tiff,
        png_16_bits,
        png_grey,
        webp,
        exr,
        exr_with_preview,
        exr_layers,
        view_layers,
        stereo_views,
        stereo_side_by_side,
        multiview_exr,
        multiview_cameras,
        file_output_slots,
        file_output_formats,
        file_output_in_a_group,
        file_output_muted,
        file_output_stereo,
        path_template,
    )
}
