# SPDX-License-Identifier: Apache-2.0
"""Scenes that act by themselves or need more than Blender: handlers, add-ons, engines and nodes of add-ons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import lane_runs
from lane_runs import JobRun, blender_params

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blenders import Blender

pytestmark = pytest.mark.parametrize("blender", blender_params())

#: A scene that sets its own range and, from frame 2 on, its own output, and tells what it was rendered with.
HANDLERS = """
import bpy
from bpy.app.handlers import persistent

@persistent
def act(scene, *_):
    scene.frame_start = scene.frame_end = 2
    if scene.frame_current > 1:
        scene.render.filepath = "//elsewhere/take_"

@persistent
def tell(scene, *_):
    addons = sorted(addon.module for addon in bpy.context.preferences.addons)
    print("rendered with", scene.render.use_persistent_data, "node_wrangler" in addons, flush=True)

bpy.app.handlers.frame_change_pre.append(act)
bpy.app.handlers.render_pre.append(tell)
"""


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    lane_runs.end_all()


def outputs(run: JobRun) -> list[str]:
    found = [record["outputs"][0]["path"] for record in run.records(range(1, 4))]
    return [path[len(str(run.folder)) + 1 :] for path in found]


def test_a_scene_that_sets_its_output_is_followed_and_its_range_means_nothing(tmp_path: Path, blender: Blender) -> None:
    settings: dict[str, Any] = {"auto_run": True, "persistent_data": "on", "addons": ["Node Wrangler"]}
    job = {"frames": "1-3", "lanes": ["1-3"], "settings": settings}
    run = JobRun(tmp_path, blender, content={"script": HANDLERS}, **job)
    code, printed = run.run(0)
    assert code == 0, printed
    assert "rendered with True True" in printed
    expected = ["frames/shot_0001.png", "elsewhere/take_0002.png", "elsewhere/take_0003.png"]
    assert outputs(run) == expected
    assert [path for path in expected if not (tmp_path / path).is_file()] == []
    assert sorted(path.name for path in (tmp_path / "elsewhere").iterdir()) == ["take_0002.png", "take_0003.png"]

    # Where people have asked for a folder, that is the one.
    run.state = tmp_path / "again"
    settings.update(persistent_data="off", addons=[])
    run.write_job(**job, output_overridden=True)
    code, printed = run.run(0)
    assert code == 0, printed
    assert "rendered with False False" in printed
    assert outputs(run) == [f"frames/shot_000{frame}.png" for frame in (1, 2, 3)]


def test_an_addon_an_engine_or_a_node_that_is_not_there_is_named_before_anything_is_rendered(
    tmp_path: Path, blender: Blender
) -> None:
    run = JobRun(tmp_path, blender, content={"own_node": True}, frames="1", lanes=["1"], engine="LUXCORE")
    code, printed = run.run(0)
    assert code == 1
    assert "the render engine LUXCORE and the node 'Paint' of 'Material'" in printed
    assert "--ignore missing-addon" in printed
    run.write_job(frames="1", lanes=["1"], settings={"addons": ["nobody_knows_it"]})
    code, printed = run.run(0)
    assert code == 1
    assert "the add-on 'nobody_knows_it' cannot be enabled on this worker" in printed
    assert not run.records()
    run.write_job(frames="1", lanes=["1"], engine="LUXCORE", settings={"allow_missing_addons": True})
    code, printed = run.run(0)
    assert code == 0, printed
