# SPDX-License-Identifier: Apache-2.0
"""A real mouse clicks Send in a real window, and every frame arrives."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from desk import Desk, Screen, clean_environment, wait_for

pytestmark = pytest.mark.slow

FRAMES = 24

MAKE_SCENE = f"""
import bpy, sys
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 24
scene.cycles.use_denoising = False
scene.render.resolution_x, scene.render.resolution_y = 320, 180
scene.render.filepath = "//frames/cube_####"
scene.frame_end = {FRAMES}
cube = bpy.data.objects["Cube"]
cube.keyframe_insert("rotation_euler", frame=1)
cube.rotation_euler.z = 3.0
cube.keyframe_insert("rotation_euler", frame={FRAMES})
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1])
"""

# Blender tells no one where its panels are; without the others, this one is at the top.
REMOVE_OTHER_PANELS = """
for panel in list(bpy.types.Panel.__subclasses__()):
    if getattr(panel, "bl_context", "") != "render" or "FARMHAND" in panel.__name__:
        continue
    if panel.__name__ != "RENDER_PT_context" and panel.is_registered:
        bpy.utils.unregister_class(panel)
"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures go: docs/pictures for `make pictures`."""
    return Path(os.environ.get("FARMHAND_PICTURES", tmp_path / "pictures")).resolve()


def test_a_click_on_send_renders_every_frame(installed: str, home: Path, tmp_path: Path, pictures: Path) -> None:
    blend_file = tmp_path / "shot" / "spinning_cube.blend"
    blend_file.parent.mkdir()
    make = [installed, "--background", "--factory-startup", "--python-exit-code", "1", "--python-expr", MAKE_SCENE]
    subprocess.run([*make, "--", str(blend_file)], env=clean_environment(home), check=True, stdout=subprocess.DEVNULL)

    desk = Desk(installed, blend_file, home, Screen(1040, 1060, 2.0))
    try:
        desk.ask(REMOVE_OTHER_PANELS)
        snapshot = "import farmhand_addon.bridge as b; s = b.current().snapshot; result = "
        wait_for("farm", lambda: desk.ask(snapshot + "s and s.state in ('stopped', 'online')"), 60)
        send = desk.find_tallest_button()
        desk.picture(pictures / "panel-ready.png")

        desk.click(send)
        desk.move_mouse(20, 20)
        done = snapshot + "s.jobs[0].frames_done if s.jobs else 0"
        wait_for("frame", lambda: desk.ask(done) >= FRAMES // 3, 120)
        desk.picture(pictures / "panel-rendering.png")

        wait_for("last frame", lambda: desk.ask(snapshot + "s.jobs[0].status == 'completed'"), 180)
        desk.still()
        desk.picture(pictures / "panel-done.png")
        assert "Traceback" not in desk.log()
        frames = sorted(path.name for path in (blend_file.parent / "frames").glob("*.png"))
        assert frames == [f"cube_{number:04}.png" for number in range(1, FRAMES + 1)]
    finally:
        exit_code = desk.close()
    assert exit_code == 0
