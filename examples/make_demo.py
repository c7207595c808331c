# SPDX-License-Identifier: Apache-2.0
"""Writes the demo scene: a day on a small floating farm, from sunrise to the first lit windows, in 48 frames.

    blender -b --factory-startup --python-exit-code 1 --python examples/make_demo.py -- demo.blend
    python examples/make_demo.py demo.blend          where bpy is a module of this Python

Everything is modelled and lit by this script, for any Blender from 3.4 on: no file is downloaded, nothing is drawn by
chance that a seed doesn't fix. It renders with Cycles on the CPU in a second or two a frame, without denoising.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_farm import buildings, mill, pasture, smoke
from demo_land import clouds, crops, land, trees, water
from demo_parts import FRAMES, key, key_socket


def daylight(scene: bpy.types.Scene) -> None:
    """Sun and sky from dawn through noon to dusk. The sky that is seen is a gradient, the one that lights is even."""
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    scene.collection.objects.link(sun)
    sun.data.angle = math.radians(2)
    turns = {1: (74, 0, 40), 12: (55, 0, 18), 24: (40, 0, -12), 38: (60, 0, -52), FRAMES: (80, 0, -68)}
    key(sun, "rotation_euler", {frame: tuple(map(math.radians, turn)) for frame, turn in turns.items()})
    key(sun.data, "energy", {1: 2.6, 12: 3.3, 26: 3.4, 38: 3.2, FRAMES: 1.1})
    key(
        sun.data,
        "color",
        {1: (1, 0.5, 0.32), 12: (1, 0.85, 0.68), 26: (1, 0.95, 0.86), 38: (1, 0.6, 0.3), FRAMES: (1, 0.3, 0.16)},
    )
    world = scene.world = bpy.data.worlds.new("Sky")
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    shine = nodes["Background"]
    key_socket(
        shine.inputs["Color"],
        {
            1: (0.62, 0.45, 0.62, 1),
            12: (0.48, 0.66, 0.95, 1),
            28: (0.5, 0.7, 1, 1),
            40: (0.55, 0.42, 0.6, 1),
            FRAMES: (0.2, 0.2, 0.48, 1),
        },
    )
    key_socket(shine.inputs["Strength"], {1: 0.55, 12: 0.55, 28: 0.55, 40: 0.5, FRAMES: 0.5})
    seen, mix, gradient = (
        nodes.new("ShaderNodeBackground"),
        nodes.new("ShaderNodeMixShader"),
        nodes.new("ShaderNodeMixRGB"),
    )
    path, place, split = (
        nodes.new("ShaderNodeLightPath"),
        nodes.new("ShaderNodeTexCoord"),
        nodes.new("ShaderNodeSeparateXYZ"),
    )
    links.new(place.outputs["Window"], split.inputs[0])
    links.new(split.outputs["Y"], gradient.inputs["Fac"])
    low, high = gradient.inputs["Color1"], gradient.inputs["Color2"]
    key_socket(
        low,
        {
            1: (1, 0.55, 0.4, 1),
            12: (0.8, 0.87, 0.9, 1),
            28: (0.72, 0.87, 0.96, 1),
            40: (1, 0.5, 0.26, 1),
            FRAMES: (0.5, 0.17, 0.24, 1),
        },
    )
    key_socket(
        high,
        {
            1: (0.33, 0.3, 0.58, 1),
            12: (0.22, 0.46, 0.8, 1),
            28: (0.14, 0.4, 0.8, 1),
            40: (0.3, 0.22, 0.5, 1),
            FRAMES: (0.03, 0.04, 0.16, 1),
        },
    )
    links.new(gradient.outputs[0], seen.inputs["Color"])
    links.new(path.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(shine.outputs[0], mix.inputs[1])
    links.new(seen.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["World Output"].inputs["Surface"])


def camera(scene: bpy.types.Scene) -> None:
    """A camera that glides a sixth of the way around the island."""
    pivot, aim = bpy.data.objects.new("Pivot", None), bpy.data.objects.new("Aim", None)
    made = scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    for thing in (pivot, aim, made):
        scene.collection.objects.link(thing)
    made.parent = pivot
    made.data.lens = 62
    made.location = (0.0, -30.0, 12.4)
    aim.location = (0.0, 0.0, 0.4)
    follow = made.constraints.new("TRACK_TO")
    follow.target, follow.track_axis, follow.up_axis = aim, "TRACK_NEGATIVE_Z", "UP_Y"
    key(pivot, "rotation_euler", {1: (0, 0, math.radians(-28)), FRAMES: (0, 0, math.radians(26))})


def settings(scene: bpy.types.Scene) -> None:
    """Cycles on the CPU with few samples: sunlight and an even sky leave little noise."""
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 16
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 2
    scene.cycles.diffuse_bounces = 1
    scene.cycles.sample_clamp_indirect = 2.0
    scene.cycles.seed = 4
    scene.render.resolution_x, scene.render.resolution_y = 480, 270
    scene.render.fps = 24
    scene.frame_start, scene.frame_end = 1, FRAMES
    scene.render.filepath = "//demo-frames/farm_####"
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.view_settings.view_transform = "Filmic"
    scene.view_settings.look = "Medium High Contrast"


def main(blend_file: Path) -> None:
    """Build the farm and save it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.name = "A day on the farm"
    dice = random.Random(11)
    land()
    mill()
    buildings()
    smoke()
    crops(dice)
    trees(dice)
    water()
    pasture(dice)
    clouds(dice)
    daylight(scene)
    camera(scene)
    settings(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(blend_file.resolve()), compress=True, check_existing=False)


if __name__ == "__main__":
    main(Path((sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])[0]))
