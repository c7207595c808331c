# SPDX-License-Identifier: Apache-2.0
"""Renders a .blend as Blender itself does, where `blender -b FILE -S SCENE -a` is not to be had or not right.

    python render_reference.py FILE SCENE [FIRST LAST]      where bpy is a module: as `-a` does
    … render_reference.py FILE SCENE played                 frame after frame, as playing it in the window does
    … render_reference.py --then FILE SCENE … --then …      several, one after the other

Played is how a simulation that isn't baked comes out: Blender's `-a` reads simulations and never moves them on.
"""

from __future__ import annotations

import itertools
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


def render_played(scene: bpy.types.Scene) -> None:
    """Play the scene, and render each frame that it comes to."""
    for frame in range(scene.frame_start, scene.frame_end + 1):
        scene.frame_set(frame)
        first, last, scene.frame_start, scene.frame_end = scene.frame_start, scene.frame_end, frame, frame
        bpy.ops.render.render(animation=True, scene=scene.name)
        scene.frame_start, scene.frame_end = first, last


def main(blend_file: str, scene_name: str, *asked: str) -> None:
    """Open the file, make the scene the active one and render its animation, or the range asked for."""
    bpy.ops.wm.read_factory_settings()
    bpy.ops.wm.open_mainfile(filepath=blend_file)
    scene = bpy.context.window.scene = bpy.data.scenes[scene_name]
    if asked == ("played",):
        render_played(scene)
    elif asked:
        render_range(scene, *map(int, asked))
    else:
        bpy.ops.render.render(animation=True, scene=scene_name)


if __name__ == "__main__":
    given = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    for follows, words in itertools.groupby(given, "--then".__ne__):
        if not follows:
            continue
        try:
            main(*words)
        except RuntimeError as problem:
            # What Blender refuses is seen by the files that are not there; the others are still wanted.
            sys.stderr.write(f"{problem}\n")
