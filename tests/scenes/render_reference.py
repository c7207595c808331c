# SPDX-License-Identifier: Apache-2.0
"""Renders a .blend as Blender itself does, where bpy is a module: the twin of `blender -b FILE -S SCENE -a`.

python tests/scenes/render_reference.py FILE SCENE [FIRST LAST]
"""

from __future__ import annotations

import sys

import bpy


def render_range(scene: bpy.types.Scene, first: int, last: int) -> None:
    """Render frames that need not lie in the range of the scene: the twin of `-s FIRST -e LAST -a`."""
    known = {argument.identifier for argument in bpy.ops.render.render.get_rna_type().properties}
    if "frame_start" in known:
        bpy.ops.render.render(animation=True, scene=scene.name, frame_start=first, frame_end=last)
        return
    pattern = scene.render.filepath
    for frame in range(first, last + 1):
        scene.frame_set(frame)
        scene.render.filepath = pattern
        scene.render.filepath = scene.render.frame_path(frame=frame)
        bpy.ops.render.render(write_still=True, scene=scene.name)


def main(blend_file: str, scene_name: str, *asked: str) -> None:
    """Open the file, make the scene the active one and render its animation, or the range asked for."""
    bpy.ops.wm.read_factory_settings()
    bpy.ops.wm.open_mainfile(filepath=blend_file)
    scene = bpy.context.window.scene = bpy.data.scenes[scene_name]
    if asked:
        render_range(scene, *map(int, asked))
    else:
        bpy.ops.render.render(animation=True, scene=scene_name)


if __name__ == "__main__":
    main(*sys.argv[1:])
