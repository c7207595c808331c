# SPDX-License-Identifier: Apache-2.0
"""Runs inside Blender: writes a small scene whose files can be taken away. Arguments: the path, and options as JSON.

Options: `frames` (6), `script` (Python that the file runs when it is opened and scripts are allowed), and what shows
pictures of `textures/` beside the scene: `sequence` (the cube shows another one in each frame), `image` (the cube shows
the first), `unused` (nothing that is rendered does: a loose node, a plane that is hidden in
three ways, a brush, an empty), `library`
(a ball is linked from `ball.blend` beside the scene).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import bpy


def picture(folder: Path, number: int) -> Path:
    """Write a small picture, another one for each number."""
    image = bpy.data.images.new("maker", 4, 4)
    image.generated_color = (number % 3 / 2, number % 5 / 4, number % 7 / 6, 1.0)
    image.file_format = "PNG"
    image.filepath_raw = str(folder / f"wood_{number:04d}.png")
    image.save()
    bpy.data.images.remove(image)
    return folder / f"wood_{number:04d}.png"


def material_with(image: Any, frames: int, *, linked: bool) -> Any:
    """Make a material that shows an image, or one in which its node leads nowhere."""
    material = bpy.data.materials.new("Wood")
    material.use_nodes = True
    nodes = material.node_tree.nodes
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = image
    texture.image_user.frame_duration = frames
    texture.image_user.use_auto_refresh = True
    if linked:
        shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
        material.node_tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    return material


def show_nowhere(scene: Any, image: Any, cube: Any) -> None:
    """Use an image in all the ways in which it is in no picture."""
    cube.data.materials[0] = material_with(image, 1, linked=False)
    mesh = bpy.data.meshes.new("Plane")
    mesh.from_pydata([(-1, -1, 2), (1, -1, 2), (1, 1, 2)], [], [(0, 1, 2)])
    mesh.materials.append(material_with(image, 1, linked=True))
    plane = bpy.data.objects.new("Plane", mesh)
    plane.hide_render = True
    empty = bpy.data.objects.new("Picture", None)
    empty.empty_display_type = "IMAGE"
    empty.data = image
    for thing in (plane, empty):
        scene.collection.objects.link(thing)
    for name in ("Hidden", "Left out"):
        collection = bpy.data.collections.new(name)
        scene.collection.children.link(collection)
        collection.objects.link(bpy.data.objects.new(name, mesh))
        collection.hide_render = name == "Hidden"
    bpy.context.view_layer.layer_collection.children["Left out"].exclude = True
    texture = bpy.data.textures.new("Brush", "IMAGE")
    texture.image = image
    brush = bpy.data.brushes.new("Wooden", mode="TEXTURE_PAINT")
    brush.texture = texture
    scene.tool_settings.image_paint.canvas = image


def link_ball(scene: Any, path: Path) -> None:
    """Write a library with a ball, and link the ball into the scene."""
    ball = bpy.data.objects.new("Ball", bpy.data.meshes.new("Ball"))
    bpy.data.libraries.write(str(path), {ball})
    bpy.data.objects.remove(ball)
    with bpy.data.libraries.load(str(path), link=True) as (_, wanted):
        wanted.objects = ["Ball"]
    scene.collection.objects.link(wanted.objects[0])


def main(path: str, options: str) -> None:
    asked, folder = json.loads(options), Path(path).parent
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = 48, 32
    scene.render.filepath = "//frames/shot_####"
    frames = scene.frame_end = int(asked.get("frames", 6))
    cube = bpy.data.objects["Cube"]
    if any(asked.get(way) for way in ("sequence", "image", "unused")):
        (folder / "textures").mkdir()
        pictures = [picture(folder / "textures", number) for number in range(1, frames + 1)]
        image = bpy.data.images.load(str(pictures[0]))
        if asked.get("sequence"):
            image.source = "SEQUENCE"
        if asked.get("unused"):
            show_nowhere(scene, image, cube)
        else:
            cube.data.materials[0] = material_with(image, frames, linked=True)
    if asked.get("library"):
        link_ball(scene, folder / "ball.blend")
    if asked.get("script"):
        text = bpy.data.texts.new("at_opening.py")
        text.from_string(asked["script"])
        text.use_module = True
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]))
