# SPDX-License-Identifier: Apache-2.0
"""What is found in a scene is shown, selected and mended in a real window, which goes on meanwhile."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from desk import Desk, Screen, clean_environment, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

# The pictures lie elsewhere than the scene says: one below its folder, one outside.
MAKE_SCENE = """
import bpy, os, sys
folder = os.path.dirname(sys.argv[-1])
material = bpy.data.objects["Cube"].data.materials[0]
for name, home in (("wood", folder + "/moved"), ("stone", folder + "/../library/deep")):
    os.makedirs(home)
    picture = bpy.data.images.new(name + ".png", 4, 4)
    picture.filepath_raw, picture.file_format = home + "/" + name + ".png", "PNG"
    picture.save()
    picture.source = "FILE"
    picture.filepath = "//textures/" + name + ".png"
    material.node_tree.nodes.new("ShaderNodeTexImage").image = picture
scene = bpy.context.scene
scene.render.filepath = "//frames/####"
scene.cycles.use_denoising = False
bpy.ops.object.select_all(action="DESELECT")
bpy.context.view_layer.objects.active = None
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1])
"""

# Operators of people need the window.
IN_WINDOW = """
window = bpy.context.window_manager.windows[0]
with bpy.context.temp_override(window=window, screen=window.screen):
    result = list({call})
"""

CHOOSE_FOLDER = """
for window in bpy.context.window_manager.windows:
    for area in window.screen.areas:
        if area.type == "FILE_BROWSER" and area.spaces.active.params is not None:
            area.spaces.active.params.directory = {folder!r}
            area.tag_redraw()
            result = True
"""

FOUND = """
result = {
    "is_busy": bridge.is_mending or bridge.is_sending,
    "codes": [message.code for message in bridge.messages],
    "texts": [message.text for message in bridge.messages],
    "selected": [one.name for one in bpy.context.view_layer.objects if one.select_get()],
    "pictures": {one.name: one.filepath for one in bpy.data.images if one.source == "FILE"},
}
"""


@pytest.fixture
def blend_file(installed: str, home: Path, tmp_path: Path) -> Path:
    """A scene whose pictures were moved."""
    path = tmp_path / "shot" / "scene.blend"
    path.parent.mkdir()
    make = [installed, "--background", "--factory-startup", "--python-exit-code", "1", "--python-expr", MAKE_SCENE]
    subprocess.run([*make, "--", str(path)], env=clean_environment(home), check=True, stdout=subprocess.DEVNULL)
    return path


@pytest.fixture
def desk(installed: str, home: Path, blend_file: Path) -> Iterator[Desk]:
    """A window with the scene."""
    desk = Desk(installed, blend_file, home, Screen(1040, 900, 1.0))
    try:
        yield desk
        assert "Traceback" not in desk.log()
    finally:
        desk.close()


def settled(desk: Desk, what: str) -> dict[str, Any]:
    """What the panel says once nothing is under way."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = desk.ask(FOUND)
        return None if found["is_busy"] else found

    return wait_for(what, look, 120)


def test_missing_files_are_selected_fixed_searched_for_and_undone(desk: Desk, blend_file: Path) -> None:
    def call(operator: str) -> Any:
        return desk.ask(IN_WINDOW.format(call=operator))

    call("bpy.ops.farmhand.submit_job('INVOKE_DEFAULT')")
    found = settled(desk, "finding")
    assert "missing-file" in found["codes"]
    assert found["selected"] == []

    assert call("bpy.ops.farmhand.select(code='missing-file')") == ["FINISHED"]
    assert settled(desk, "selection")["selected"] == ["Cube"]

    # One picture lies below the scene's folder; the other is told of.
    call("bpy.ops.farmhand.fix('INVOKE_DEFAULT', code='missing-file')")
    found = settled(desk, "end of the fix")
    assert found["pictures"] == {"wood.png": "//moved/wood.png", "stone.png": "//textures/stone.png"}
    assert "missing-file" in found["codes"]
    assert any("stone.png" in text and "wood.png" not in text for text in found["texts"])

    # The file browser takes the window's place, so that the mouse is in it.
    desk.ask("bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'")
    call("bpy.ops.farmhand.search_files('INVOKE_DEFAULT')")
    folder = str(blend_file.parent.parent / "library").encode()
    choose = CHOOSE_FOLDER.format(folder=folder)
    wait_for("file browser", lambda: desk.ask(choose), 30)
    desk.still()
    desk.move_mouse(520, 450)
    desk.press("Return")
    wait_for("picture", lambda: "missing-file" not in desk.ask(FOUND)["codes"], 60)
    found = settled(desk, "end of the search")
    assert found["pictures"] == {"wood.png": "//moved/wood.png", "stone.png": "//../library/deep/stone.png"}

    # Each was a step of its own.
    call("bpy.ops.ed.undo()")
    assert desk.ask(FOUND)["pictures"] == {"wood.png": "//moved/wood.png", "stone.png": "//textures/stone.png"}
    call("bpy.ops.ed.undo()")
    assert desk.ask(FOUND)["pictures"] == {"wood.png": "//textures/wood.png", "stone.png": "//textures/stone.png"}
