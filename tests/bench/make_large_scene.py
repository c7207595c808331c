# SPDX-License-Identifier: Apache-2.0
"""Saves the large files of the benches of reading and rewriting, with the bpy module: `make_large_scene.py FOLDER`.

`reading.blend` has 300 MB in 8,000 data-blocks; `rewriting-raw.blend` and `rewriting-zstd.blend` hold the same 200 MB,
with 1,000 paths.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import numpy as np

FOLDER = Path(sys.argv[-1])
VERTEX_BYTES = 12


def fill(objects: int, materials: int, images: int, mesh_bytes: int) -> None:
    """Objects with meshes and materials with pictures; what Blender's empty scene has comes on top."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.filepath = "//frames/####"
    coordinates = np.random.default_rng(1)
    pictures = []
    for number in range(images):
        image = bpy.data.images.new(f"Image {number:05}", 4, 4)
        image.source, image.filepath = "FILE", f"//textures/{number:05}.png"
        image.use_fake_user = True
        pictures.append(image)
    surfaces = []
    for number in range(materials):
        material = bpy.data.materials.new(f"Material {number:05}")
        material.use_nodes = True
        material.node_tree.nodes.new("ShaderNodeTexImage").image = pictures[number % len(pictures)]
        surfaces.append(material)
    vertices = mesh_bytes // objects // VERTEX_BYTES
    for number in range(objects):
        mesh = bpy.data.meshes.new(f"Mesh {number:05}")
        mesh.vertices.add(vertices)
        mesh.vertices.foreach_set("co", coordinates.random(vertices * 3, dtype=np.float32))
        mesh.materials.append(surfaces[number % len(surfaces)])
        scene.collection.objects.link(bpy.data.objects.new(f"Object {number:05}", mesh))


def save(name: str, *, compress: bool) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / name), compress=compress, relative_remap=False, copy=True)


fill(objects=3000, materials=1000, images=1000, mesh_bytes=236_000_000)
save("reading.blend", compress=False)
fill(objects=200, materials=100, images=1000, mesh_bytes=178_000_000)
save("rewriting-raw.blend", compress=False)
save("rewriting-zstd.blend", compress=True)
