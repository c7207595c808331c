# SPDX-License-Identifier: Apache-2.0
"""A real mouse clicks Send in a real window, and every frame arrives."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from desk import Desk, Screen, clean_environment, processes_of, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

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


# With a window, a test and a renderer on two cores, a redraw takes up to half a second.
WAITING_SECS = 1.5


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures go: docs/pictures for `make pictures`."""
    return Path(os.environ.get("FARMHAND_PICTURES", tmp_path / "pictures")).resolve()


@pytest.fixture
def blend_file(installed: str, home: Path, tmp_path: Path) -> Path:
    """A saved scene."""
    path = tmp_path / "shot" / "spinning_cube.blend"
    path.parent.mkdir()
    make = [installed, "--background", "--factory-startup", "--python-exit-code", "1", "--python-expr", MAKE_SCENE]
    subprocess.run([*make, "--", str(path)], env=clean_environment(home), check=True, stdout=subprocess.DEVNULL)
    return path


@pytest.fixture
def desk(installed: str, home: Path, blend_file: Path) -> Iterator[Desk]:
    """A window with the scene and the panel; it must quit as if nothing had been there."""
    desk = Desk(installed, blend_file, home, Screen(1040, 900, 2.0))
    try:
        desk.ask(REMOVE_OTHER_PANELS)
        wait_for("farm", lambda: ask_farm(desk, "farm.state in ('stopped', 'online')"), 60)
        yield desk
        assert "Traceback" not in desk.log()
    finally:
        exit_code = desk.close()
    assert exit_code == 0


def ask_farm(desk: Desk, expression: str) -> Any:
    """Ask what the panel knows of the farm."""
    return desk.ask(f"farm = bridge.snapshot\nresult = farm and ({expression})")


def test_a_click_on_send_renders_every_frame(desk: Desk, blend_file: Path, pictures: Path) -> None:
    send = desk.find_tallest_button()
    desk.picture(pictures / "panel-ready.png")
    desk.ask("pulse.longest_gap_secs = 0")
    desk.click(send)
    desk.move_mouse(20, 20)
    some_frames = f"farm.jobs and farm.jobs[0].frames_done >= {FRAMES // 3}"
    wait_for("frame", lambda: ask_farm(desk, some_frames), 180)
    desk.picture(pictures / "panel-rendering.png")
    wait_for("last frame", lambda: ask_farm(desk, "farm.jobs[0].status == 'completed'"), 180)
    assert desk.ask("result = pulse.longest_gap_secs") < WAITING_SECS
    desk.still()
    desk.picture(pictures / "panel-done.png")
    frames = sorted(path.name for path in (blend_file.parent / "frames").glob("*.png"))
    assert frames == [f"cube_{number:04}.png" for number in range(1, FRAMES + 1)]


def test_a_farm_that_hangs_does_not_hold_the_window(desk: Desk, home: Path) -> None:
    desk.click(desk.find_tallest_button())
    wait_for("job", lambda: ask_farm(desk, "len(farm.jobs)"), 120)
    (farm,) = (process for process, command in processes_of(home).items() if "local serve" in command)
    desk.ask("pulse.longest_gap_secs = 0")
    os.kill(farm, signal.SIGSTOP)
    try:
        job_id = ask_farm(desk, "farm.jobs[0].job_id")
        desk.ask(f"bpy.ops.farmhand.cancel_job(job_id={job_id!r})")
        wait_for("word that the farm is gone", lambda: ask_farm(desk, "farm.state != 'online'"), 120)
        assert desk.ask("result = pulse.longest_gap_secs") < WAITING_SECS
    finally:
        os.kill(farm, signal.SIGCONT)
    wait_for("farm", lambda: ask_farm(desk, "farm.state == 'online'"), 60)
