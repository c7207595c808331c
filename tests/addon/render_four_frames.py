# SPDX-License-Identifier: Apache-2.0
"""Runs inside a Blender without a window: installs the add-on, sends four frames as a script would, removes it.

Arguments after `--`: the zip and the folder to work in. The outcome is one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Callable

import bpy

ZIP, FOLDER = (Path(argument) for argument in sys.argv[sys.argv.index("--") + 1 :])
IS_EXTENSION = "classic" not in ZIP.name


def install() -> str:
    """Install the zip as its users do, and return the add-on's module."""
    if IS_EXTENSION:
        bpy.ops.extensions.package_install_files(filepath=str(ZIP), repo="user_default", enable_on_install=True)
        return "bl_ext.user_default.farmhand"
    bpy.ops.preferences.addon_install(filepath=str(ZIP))
    bpy.ops.preferences.addon_enable(module="farmhand_addon")
    return "farmhand_addon"


def make_scene() -> bpy.types.Scene:
    """Make four small frames and save them."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.render.resolution_percentage = 100
    scene.render.filepath = "//frames/small_####"
    scene.frame_end = 4
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "small.blend"))
    return scene


def refusal(operator: Callable[..., set[str]], **arguments: str) -> str:
    """What a script is told where something cannot be done."""
    try:
        operator(**arguments)
    except RuntimeError as error:
        return str(error)
    return ""


def uninstall(module: str) -> None:
    """Take the add-on away again."""
    if IS_EXTENSION:
        repositories = bpy.context.preferences.extensions.repos
        number = next(number for number, one in enumerate(repositories) if one.module == "user_default")
        bpy.ops.extensions.package_uninstall(repo_index=number, pkg_id="farmhand")
    else:
        # Removing the files as well needs a window in these Blenders.
        bpy.ops.preferences.addon_disable(module=module)


def main() -> None:
    """Do it all and tell."""
    outcome: dict[str, object] = {"unsaved_scene_is_refused": None}
    module = install()
    outcome["unsaved_scene_is_refused"] = not bpy.ops.farmhand.submit_job.poll()
    scene = make_scene()
    outcome["check"] = sorted(bpy.ops.farmhand.check())
    seen = importlib.import_module(f"{module}.bridge").current().seen
    outcome["frames_seen"] = seen.get("frame_count")
    outcome["farm_that_is_none"] = refusal(bpy.ops.farmhand.choose_farm, name="nowhere")
    outcome["submit_job"] = sorted(bpy.ops.farmhand.submit_job())
    bridge = importlib.import_module(f"{module}.bridge")
    library = importlib.import_module(f"{module}.library")
    job = bridge.current().farm().job(scene.farmhand.last_job_id)
    outcome["status"] = job.wait(timeout_secs=120)
    outcome["launcher"] = library.launcher()
    uninstall(module)
    outcome["operators_left"] = [name for name in dir(bpy.types) if name.startswith("FARMHAND")]
    outcome["group_left"] = hasattr(bpy.types.Scene, "farmhand")
    sys.stdout.write(f"OUTCOME {json.dumps(outcome)}\n")


main()
