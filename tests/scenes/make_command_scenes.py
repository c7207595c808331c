# SPDX-License-Identifier: Apache-2.0
"""Make the few small scenes that the command's tests send: `blender -b --python make_command_scenes.py -- FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from building import empty_file


def with_camera(*, frames: tuple[int, int] = (1, 3)) -> bpy.types.Scene:
    """Start over with a cube, a light and a camera."""
    scene = empty_file()
    scene.frame_start, scene.frame_end = frames
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.light_add(type="SUN")
    bpy.ops.object.camera_add(location=(6.0, -6.0, 4.0), rotation=(1.1, 0.0, 0.785))
    scene.camera = bpy.context.object
    return scene


def save(folder: Path, name: str) -> None:
    """Save the open file under a name."""
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / name), compress=True)


def main() -> None:
    """Make them all."""
    folder = Path(sys.argv[sys.argv.index("--") + 1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with_camera()
    save(folder, "shot.blend")
    with_camera(frames=(1, 200)).cycles.samples = 512
    save(folder, "slow.blend")
    with_camera().render.filepath = "/tmp/"  # noqa: S108 (Blender's own default)
    save(folder, "temporary.blend")
    with_camera().cycles.use_denoising = True
    save(folder, "denoised.blend")
    with_camera().camera = None
    save(folder, "unchosen_camera.blend")
    empty_file()
    save(folder, "no_camera.blend")
    scene = with_camera()
    for layer in scene.view_layers:
        layer.use = False
    scene.render.resolution_percentage = 50
    save(folder, "layers_off.blend")


main()
