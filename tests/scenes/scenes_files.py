# SPDX-License-Identifier: Apache-2.0
"""Scenes about which files come out: names, formats, views, File Output nodes, folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Optional

import bpy
from building import Compositor, file_output, key, small_stage, write_png

#: A maker fills the scene, may write files beside the .blend, and answers what is not as usual.
Maker = Callable[[bpy.types.Scene, Path], Optional[dict[str, object]]]
#: Why the scenes with path templates are left out.
NO_TEMPLATES = "path templates came with Blender 4.5"
FEW_TEMPLATES = "before Blender 5.0, path templates know the name of the file, the resolution and the frame rate alone"
TEMPLATES_SINCE = (4, 5, 0)


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


def extension_of_another_format(scene: bpy.types.Scene, home: Path) -> None:
    """Blender adds no file extension, and the name has that of another format: PNG files called .jpg."""
    small_stage(scene)
    scene.render.use_file_extension = False
    scene.render.filepath = "//frames/shot_####.jpg"


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


def braces_in_the_folder(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """The .blend lies in a folder with braces in its name, which are no template."""
    small_stage(scene)
    scene.render.filepath = "//frames {a}/shot_" if bpy.app.version < TEMPLATES_SINCE else "//frames {{a}}/shot_"
    nodes = Compositor(scene)
    file_output(nodes.tree, "//passes/", {"shot_": nodes.layers.outputs["Image"]})
    return {"file": "shot {scene_name}/scene.blend"}


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


def path_template(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """Names that Blender fills in: scene, camera, resolution."""
    if bpy.app.version < (5, 0, 0):
        return {"left_out": FEW_TEMPLATES}
    small_stage(scene)
    scene.render.filepath = "//frames/{blend_name}/{scene_name}_{camera_name}_{resolution_x}x{resolution_y}_"
    nodes = Compositor(scene)
    file_output(nodes.tree, "//passes/{scene_name}/", {"{node_name}_": nodes.layers.outputs["Image"]})
    return None


def path_template_of_the_file(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """A name that begins with the folder of the .blend, filled in, for the scene and a File Output node."""
    if bpy.app.version < (5, 0, 0):
        return {"left_out": FEW_TEMPLATES}
    small_stage(scene)
    scene.render.filepath = "{blend_dir}/frames/{blend_name}_"
    nodes = Compositor(scene)
    file_output(nodes.tree, "{blend_dir}/passes/", {"{blend_name}_": nodes.layers.outputs["Image"]})
    return None


def path_template_numbers(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """Names that Blender fills in: the file's name and formatted numbers, beside # and doubled braces."""
    if bpy.app.version < TEMPLATES_SINCE:
        return {"left_out": NO_TEMPLATES}
    small_stage(scene)
    scene.render.filepath = "//frames {{1}}/{blend_name}_{resolution_x:#####}/shot_####_{fps:.##}_{resolution_y:####}"
    nodes = Compositor(scene)
    file_output(nodes.tree, "//passes/{blend_name}/", {"{fps}_{{x}}_": nodes.layers.outputs["Image"]})
    return None


def hashes_and_views(scene: bpy.types.Scene, home: Path) -> None:
    """The number in the middle, extension off, a suffix for each eye."""
    small_stage(scene)
    scene.render.use_multiview = True
    scene.render.use_file_extension = False
    scene.render.filepath = "//frames/shot_####.v2"


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
        extension_of_another_format,
        output_is_a_folder,
        missing_subfolders,
        other_letters,
        braces_in_the_folder,
        overwrite_off,
        placeholders,
        compressed,
        path_template,
        path_template_of_the_file,
        path_template_numbers,
        hashes_and_views,
    )
}
