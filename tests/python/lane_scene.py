# SPDX-License-Identifier: Apache-2.0
"""Runs inside Blender: writes a small scene of a turning cube. Arguments: the path, and options as JSON.

Options: `frames` (6), `camera` (true), `denoise` (false), `format` (PNG), `script` (Python that the file runs
when it is opened and scripts are allowed), `second_camera` (false: another one, named Second, that looks down, and a
marker that switches to the first), `film` (settings of the film that the scene writes), `sound` (false: the sequencer
has a tone from frame 2 on), `own_node` (false: the cube's colour comes from a node that only an add-on knows).
"""

from __future__ import annotations

import array
import json
import math
import os
import sys
import wave
from pathlib import Path

import bpy


def add_sound(scene: bpy.types.Scene, path: Path) -> None:
    """Write a second of a tone beside the scene, and put it into the sequencer."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        wave_form = (int(9000 * math.sin(0.17 * place)) for place in range(16000))
        file.writeframes(array.array("h", wave_form).tobytes())
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_sound(name="Tone", filepath=str(path), channel=1, frame_start=2)


class OwnNode(bpy.types.Node):
    """A node as an add-on might bring it."""

    bl_idname = "FarmhandOwnNode"
    bl_label = "Own"

    def init(self, _context: bpy.types.Context) -> None:
        """Have one colour to give."""
        self.outputs.new("NodeSocketColor", "Colour")


def add_own_node(material: bpy.types.Material) -> None:
    """Let a material's colour come from such a node."""
    bpy.utils.register_class(OwnNode)
    material.use_nodes = True
    node = material.node_tree.nodes.new("FarmhandOwnNode")
    node.name = "Paint"
    shader = material.node_tree.nodes["Principled BSDF"]
    material.node_tree.links.new(node.outputs[0], shader.inputs["Base Color"])


def main(path: str, options: str) -> None:
    asked = json.loads(options)
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = bool(asked.get("denoise", False))
    scene.render.resolution_x, scene.render.resolution_y = 48, 32
    scene.render.filepath = "//frames/shot_####"
    file_format = asked.get("format", "PNG")
    if file_format != "PNG":
        image = scene.render.image_settings
        if hasattr(image, "media_type"):
            image.media_type = {"OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE", "FFMPEG": "VIDEO"}.get(file_format, "IMAGE")
        image.file_format = file_format
    for name, value in asked.get("film", {}).items():
        setattr(scene.render.ffmpeg, name, value)
    if asked.get("sound"):
        add_sound(scene, Path(path).with_name("tone.wav"))
    scene.frame_start, scene.frame_end = 1, int(asked.get("frames", 6))
    cube = bpy.data.objects["Cube"]
    cube.keyframe_insert("rotation_euler", frame=1)
    cube.rotation_euler.z = 2.0
    cube.keyframe_insert("rotation_euler", frame=6)
    if asked.get("own_node"):
        add_own_node(cube.active_material)
    if not asked.get("camera", True):
        bpy.data.objects.remove(bpy.data.objects["Camera"])
    if asked.get("second_camera"):
        second = bpy.data.objects.new("Second", bpy.data.cameras.new("Second"))
        second.location = (0.0, 0.0, 12.0)
        scene.collection.objects.link(second)
        scene.timeline_markers.new("first", frame=1).camera = bpy.data.objects["Camera"]
    if asked.get("script"):
        text = bpy.data.texts.new("at_opening.py")
        text.from_string(asked["script"])
        text.use_module = True
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]))
