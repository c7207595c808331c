# SPDX-License-Identifier: Apache-2.0
"""Building blocks of the test scenes, the same for every Blender from 3.4 to 5.x.

Whatever differs between the generations of Blender's Python API (compositor trees, File Output nodes, node group
sockets, sequencer strips, image settings) is met here once, so that each scene is only what it is about.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import bpy

#: Compositors are node groups of their own, and File Output nodes have items, from this version on.
COMPOSITING_NODE_GROUP = bpy.app.version >= (5, 0, 0)


def empty_file() -> bpy.types.Scene:
    """Start over with a file that holds one empty scene with Cycles set up to be small, quick and repeatable."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    small_cycles(scene)
    return scene


def small_cycles(scene: bpy.types.Scene, frames: tuple[int, int] = (1, 3)) -> None:
    """Make `scene` render tiny pictures with Cycles on the CPU; denoising is off as some builds lack it."""
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 4
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 2
    scene.cycles.seed = 7
    scene.render.resolution_x = 48
    scene.render.resolution_y = 32
    scene.render.resolution_percentage = 100
    scene.frame_start, scene.frame_end = frames
    scene.render.filepath = "//frames/shot_"
    picture_format(scene.render.image_settings, "PNG", color_mode="RGB")


def picture_format(settings: bpy.types.ImageFormatSettings, file_format: str, **others: object) -> None:
    """Set a file format and its other settings; from 5.0 the medium comes first."""
    if hasattr(settings, "media_type"):
        settings.media_type = "MULTI_LAYER_IMAGE" if file_format == "OPEN_EXR_MULTILAYER" else "IMAGE"
    settings.file_format = file_format
    for name, value in others.items():
        setattr(settings, name, value)


def material(name: str, color: tuple[float, float, float]) -> bpy.types.Material:
    """Make a plain coloured material."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    made.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*color, 1.0)
    return made


def add_object(scene: bpy.types.Scene, name: str, data: bpy.types.ID | None) -> bpy.types.Object:
    """Put a new object with `data` into `scene`."""
    made = bpy.data.objects.new(name, data)
    scene.collection.objects.link(made)
    return made


def cube_mesh(name: str, color: tuple[float, float, float], size: float = 1.0) -> bpy.types.Mesh:
    """Make a cube as a mesh with a material, without an operator."""
    half = size / 2
    corners = [(x, y, z) for x in (-half, half) for y in (-half, half) for z in (-half, half)]
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners, [], sides)
    mesh.materials.append(material(name, color))
    return mesh


def plane_mesh(name: str, size: float, tiles: float = 1.0) -> bpy.types.Mesh:
    """Make a square with a UV map that covers `tiles` tiles from left to right."""
    half = size / 2
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)], [], [(0, 1, 2, 3)])
    layer = mesh.uv_layers.new(name="UVMap")
    for corner, place in enumerate([(0.0, 0.0), (tiles, 0.0), (tiles, 1.0), (0.0, 1.0)]):
        layer.data[corner].uv = place
    return mesh


def camera(scene: bpy.types.Scene, name: str, location: tuple[float, float, float]) -> bpy.types.Object:
    """Add a camera that looks at the middle of the stage."""
    made = add_object(scene, name, bpy.data.cameras.new(name))
    made.location = location
    target = scene.objects.get("Aim") or add_object(scene, "Aim", None)
    aim = made.constraints.new("TRACK_TO")
    aim.target = target
    aim.track_axis, aim.up_axis = "TRACK_NEGATIVE_Z", "UP_Y"
    return made


def key(target: bpy.types.bpy_struct, path: str, values: dict[int, object]) -> None:
    """Key the property `path` of `target`: frame to value."""
    for frame, value in values.items():
        setattr(target, path, value)
        target.keyframe_insert(path, frame=frame)


def small_stage(scene: bpy.types.Scene) -> bpy.types.Object:
    """Fill `scene` with ground, light, a camera and a cube that crosses the picture; answers the cube."""
    world = bpy.data.worlds.new("Sky")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.25, 0.4, 0.8, 1.0)
    scene.world = world
    ground = plane_mesh("Ground", 12)
    ground.materials.append(material("Ground", (0.25, 0.5, 0.12)))
    add_object(scene, "Ground", ground)
    sun = add_object(scene, "Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.data.energy = 3
    sun.rotation_euler = (0.7, 0.3, 0.4)
    cube = add_object(scene, "Cube", cube_mesh("Cube", (0.9, 0.25, 0.1), 1.4))
    first, last = scene.frame_start, scene.frame_end
    key(cube, "location", {first: (-1.5, 0.0, 0.7), last + 1: (1.5, 0.0, 0.7)})
    key(cube, "rotation_euler", {first: (0.0, 0.0, 0.2), last + 1: (0.0, 0.0, 1.9)})
    scene.camera = camera(scene, "Camera", (0.0, -6.0, 3.0))
    return cube


def write_png(path: Path, color: tuple[int, int, int], size: int = 16) -> None:
    """Write a checkered picture in one colour, for textures, without any library."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dark = tuple(part // 3 for part in color)
    rows = b"".join(
        b"\0" + b"".join(bytes(color if (x // 4 + y // 4) % 2 else dark) for x in range(size)) for y in range(size)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def textured(name: str, image: bpy.types.Image) -> tuple[bpy.types.Material, bpy.types.Node]:
    """Make a material whose colour is a picture; answers it and its texture node."""
    made = material(name, (1.0, 1.0, 1.0))
    texture = made.node_tree.nodes.new("ShaderNodeTexImage")
    texture.image = image
    made.node_tree.links.new(texture.outputs["Color"], made.node_tree.nodes["Principled BSDF"].inputs["Base Color"])
    return made, texture


def backdrop(scene: bpy.types.Scene, surface: bpy.types.Material, tiles: float = 1.0) -> bpy.types.Object:
    """Stand a wall with `surface` behind the cube."""
    mesh = plane_mesh("Backdrop", 5, tiles)
    mesh.materials.append(surface)
    wall = add_object(scene, "Backdrop", mesh)
    wall.location = (0.0, 2.5, 1.5)
    wall.rotation_euler = (1.3, 0.0, 0.0)
    return wall


class Compositor:
    """The compositor of a scene, whichever generation: a Render Layers node, a result, File Output nodes."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        """Switch the compositor of `scene` on, with the rendered picture as its result."""
        self.scene = scene
        if COMPOSITING_NODE_GROUP:
            self.tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
            scene.compositing_node_group = self.tree
            self.tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
            self.result = self.tree.nodes.new("NodeGroupOutput")
        else:
            scene.use_nodes = True
            self.tree = scene.node_tree
            self.tree.nodes.clear()
            self.result = self.tree.nodes.new("CompositorNodeComposite")
        self.layers = self.tree.nodes.new("CompositorNodeRLayers")
        self.layers.scene = scene
        self.link(self.layers.outputs["Image"], self.result.inputs["Image"])

    def link(self, source: bpy.types.NodeSocket, target: bpy.types.NodeSocket) -> None:
        """Draw a line between two sockets."""
        self.tree.links.new(source, target)

    def inverted(self, source: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """Answer `source` with its colours inverted."""
        node = self.tree.nodes.new("CompositorNodeInvert")
        self.link(source, node.inputs["Color"])
        return node.outputs["Color"]


def file_output(
    tree: bpy.types.NodeTree, folder: str, slots: dict[str, bpy.types.NodeSocket], file_format: str = "PNG"
) -> bpy.types.Node:
    """Add a File Output node that writes each of `slots` (name or path below `folder`, to what it shows)."""
    node = tree.nodes.new("CompositorNodeOutputFile")
    layered = file_format == "OPEN_EXR_MULTILAYER"
    picture_format(node.format, file_format)
    if COMPOSITING_NODE_GROUP:
        base = Path(folder)
        node.directory = folder.rpartition("/")[0] + "/" if layered else folder
        node.file_name = base.name if layered else ""
        for name in slots:
            node.file_output_items.new("RGBA", name)
        inputs = list(node.inputs)[: len(slots)]
    else:
        node.base_path = folder
        if layered:
            node.layer_slots.clear()
            sockets = [node.layer_slots.new(name) for name in slots]
        else:
            node.file_slots.clear()
            sockets = [node.file_slots.new(name) for name in slots]
        inputs = sockets
    for socket, source in zip(inputs, slots.values()):
        tree.links.new(source, socket)
    return node


def group_input(group: bpy.types.NodeTree, name: str) -> bpy.types.NodeSocket:
    """Give a compositor group a colour input; answers the socket inside the group."""
    if hasattr(group, "interface"):
        group.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketColor")
    else:
        group.inputs.new("NodeSocketColor", name)
    return group.nodes.new("NodeGroupInput").outputs[name]


def strips(scene: bpy.types.Scene) -> bpy.types.bpy_prop_collection:
    """Answer the strips of the sequencer of `scene`, made where there is none."""
    editor = scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences
