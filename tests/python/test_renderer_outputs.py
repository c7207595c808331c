# SPDX-License-Identifier: Apache-2.0
"""Where an output is written, and where it belongs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import lane_runs

render = lane_runs.load_renderer()


def test_a_file_output_node_keeps_its_place_unless_that_is_temporary_and_people_asked_for_a_folder() -> None:
    temporary = tempfile.gettempdir() + "/"
    setting = Setting(3, 4, 1)
    scene = render.Scene.__new__(render.Scene)
    scene.bpy = setting
    scene.job = {"blend_file": "/staged/copy.blend", "blend_dir": "/artist/shots", "output": "/asked/for/shot_####"}
    assert scene.resolve("//nodes/") == "/artist/shots/nodes/"
    assert scene.resolve(temporary) == temporary
    assert scene.resolve("/nodes/layers_") == "/nodes/layers_"
    assert scene.resolve("nodes/") == "/artist/shots/nodes/"
    setting.version = (5, 0, 0)
    assert scene.resolve("{blend_dir}/nodes/") == "/artist/shots/nodes/"
    scene.job["output_overridden"] = True
    assert scene.resolve(temporary) == "/asked/for/"
    assert scene.resolve("//nodes/") == "/artist/shots/nodes/"


class Setting:
    """Stands in for bpy, and keeps the path that an output was pointed to."""

    def __init__(self, *version: int) -> None:
        self.app = self
        self.version = version
        self.path = ""


def redirected(tmp_path: Path, true_path: str, *version: int, nesting: int = 0, wrote: str) -> tuple[str, str]:
    """Redirect an output, have something written, and give the setting below the scratch folder and the true place."""
    setting, scratch = Setting(*version), tmp_path / "{scratch}"
    redirect = render.Redirect.of(setting, true_path, nesting, (setting, "path"))
    redirect.begin(str(scratch))
    written = Path(redirect.base) / wrote
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_bytes(b"picture")
    ((_, place),) = redirect.written()
    return setting.path, place


def test_an_output_is_written_below_the_scratch_folder_and_belongs_where_blender_would_put_it(tmp_path: Path) -> None:
    found = redirected(tmp_path, "/frames/shot_####", 3, 4, 1, wrote="shot_0001.png")
    assert found == (f"{tmp_path}/{{scratch}}/shot_####", "/frames/shot_0001.png")


def test_a_slot_that_climbs_out_of_its_folder_still_lands_where_blender_would_put_it(tmp_path: Path) -> None:
    _, place = redirected(tmp_path, "/frames/nodes/", 3, 4, 1, nesting=2, wrote="../../beside/a_0001.png")
    assert place == "/beside/a_0001.png"
    assert not (tmp_path / "beside").exists()


def test_templates_since_blender_4_5_stay_blender_s_to_read_and_its_own_braces_are_doubled(tmp_path: Path) -> None:
    path, place = redirected(tmp_path, "/frames/{scene_name}/a_", 4, 5, 0, wrote="Scene/a_0001.png")
    assert path == f"{tmp_path}/{{{{scratch}}}}/{{scene_name}}/a_"
    assert place == "/frames/Scene/a_0001.png"
    path, place = redirected(tmp_path / "older", "/frames/{scene_name}/a_", 4, 4, 0, wrote="a_0001.png")
    assert place == "/frames/{scene_name}/a_0001.png"
