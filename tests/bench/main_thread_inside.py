# SPDX-License-Identifier: Apache-2.0
"""Runs inside Blender for main_thread.py: calls what the add-on's timer and panels call, and takes the time of each."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Callable

import bpy

ARCHIVE, FOLDER, URL = sys.argv[sys.argv.index("--") + 1 :]
TEXTURES = 5_000
PER_MATERIAL = 50
# One pixel of PNG.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def make_scene() -> None:
    """Use 5,000 pictures, and save."""
    pictures = Path(FOLDER) / "textures"
    pictures.mkdir()
    for number in range(TEXTURES):
        # Every node makes Blender look at all others of its tree.
        if number % PER_MATERIAL == 0:
            material = bpy.data.materials.new("Many")
            material.use_nodes = True
            bpy.data.objects["Cube"].data.materials.append(material)
        path = pictures / f"picture_{number:04}.png"
        path.write_bytes(PIXEL)
        image = bpy.data.images.new(path.name, 1, 1)
        image.source = "FILE"
        image.filepath = f"//textures/{path.name}"
        material.node_tree.nodes.new("ShaderNodeTexImage").image = image
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.use_denoising = False
    scene.render.filepath = "//frames/frame_####"
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(FOLDER) / "many.blend"))


def measure(what: str, step: Callable[[], object], goes_on: Callable[[], bool]) -> None:
    """Call a step as often as it is wanted, as a timer would, and print the distribution of its times."""
    times = []
    while goes_on():
        began = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - began))
        time.sleep(0.02)
    times.sort()
    worst, median = times[-1], times[len(times) // 2]
    nearly_all = times[int(0.99 * (len(times) - 1))]
    print(
        f"  {what:<32} {len(times):>5} calls  median {median:.2f} ms  99 % {nearly_all:.2f} ms  longest {worst:.2f} ms"
    )


def first(count: int) -> Callable[[], bool]:
    """Be true so many times."""
    left = iter(range(count))
    return lambda: next(left, None) is not None


def main() -> None:
    """Install, then measure looking, sending's beginning and the list."""
    bpy.ops.preferences.addon_install(filepath=ARCHIVE)
    bpy.ops.preferences.addon_enable(module="farmhand_addon")
    bridge = importlib.import_module("farmhand_addon.bridge").current()
    scene = importlib.import_module("farmhand_addon.scene")
    farmhand = importlib.import_module("farmhand")
    make_scene()
    measure("beginning to check", lambda: bridge.look(scene.sending(bpy.context.scene)), first(1))
    measure("polling while 5,000 are checked", bridge.advance, lambda: bridge.preview is not None)
    measure("choosing frames, as drawn", lambda: scene.chosen_frames(bpy.context.scene), first(500))
    farmhand.add_farm("bench", URL)
    bpy.ops.farmhand.choose_farm(name="bench")
    deadline = time.monotonic() + 60
    while not (bridge.snapshot and bridge.snapshot.state == "online") and time.monotonic() < deadline:
        bridge.advance()
        time.sleep(0.05)
    print(f"  {bridge.listed_jobs()[1]} jobs listed; state: {bridge.snapshot.state}")
    measure("polling with 1,000 jobs", bridge.advance, first(500))
    measure("a page of 1,000 jobs, as drawn", bridge.listed_jobs, first(500))


main()
