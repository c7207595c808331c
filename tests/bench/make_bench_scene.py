# SPDX-License-Identifier: Apache-2.0
"""Writes the scene of the bench: 100 frames of the small stage, each of a tenth of a second or more on two cores.

blender -b --factory-startup --python-exit-code 1 --python tests/bench/make_bench_scene.py -- FILE.blend
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenes"))

from building import empty_file, small_stage


def main(blend_file: Path) -> None:
    scene = empty_file()
    scene.frame_start, scene.frame_end = 1, 100
    small_stage(scene)
    scene.render.resolution_x, scene.render.resolution_y = 160, 90
    scene.cycles.samples = 24
    scene.render.filepath = "//frames/shot_"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend_file.resolve()), check_existing=False)


if __name__ == "__main__":
    main(Path((sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])[0]))
