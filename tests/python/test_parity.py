# SPDX-License-Identifier: Apache-2.0
"""Farmhand renders what Blender renders: the same files, the same pixels, for each scene of `tests/scenes`.

For each Blender of `FARMHAND_TEST_BLENDERS` a table of scenes is left in `target/parity/`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from blenders import ROOT, Blender, all_blenders, default_blender
from farms import Farm, farmhand_command
from pictures import shown_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEW = ["plain", "camera_markers", "view_layers", "file_output_slots", "stereo_views", "several_hash_groups"]
#: Where Farmhand does otherwise than Blender, on purpose.
GAPS = {
    "overwrite_off": "what becomes of frames that are there is decided before sending (`--existing`)",
}

AS_PLAYED = " as when played frame by frame: `-a` never moves a simulation on that isn't baked"

Scene = dict[str, Any]

pytestmark = pytest.mark.skipif(farmhand_command() is None, reason="no farmhand command: run `make build`")


def render_by_farmhand(farm: Farm, blend: Path, scene: Scene) -> None:
    """Render a scene by the command, with nothing said that the file says itself."""
    frames = [f"--frames={scene['frames']}"] if scene["range"] else []
    farm.must("render", str(blend), "--scene", scene["scene"], *frames)


def make_scenes(blender: Blender, folder: Path, names: list[str]) -> list[Scene]:
    blender.run(ROOT / "tests" / "scenes" / "make_scenes.py", str(folder), *names)
    scenes: list[Scene] = json.loads((folder / "scenes.json").read_text(encoding="utf-8"))
    return scenes


def files_of(home: Path) -> set[str]:
    found = (path.relative_to(home) for path in home.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if ".farmhand" not in path.parts}


def differences(blender: Blender, farm: Farm, scene: Scene, made: Path, scratch: Path) -> list[str]:
    """Render a scene both ways and answer what differs; nothing where Farmhand does as Blender does."""
    name = scene["name"]
    homes = {kind: scratch / kind / name for kind in ("blender", "farmhand")}
    for home in homes.values():
        shutil.copytree(made / name, home)
    blends = {kind: scratch / kind / scene["blend"] for kind in homes}
    before = files_of(homes["blender"])
    if scene["played"]:
        blender.render_played(blends["blender"], scene["scene"])
    else:
        blender.render_by_itself(blends["blender"], scene["scene"], scene["range"])
    render_by_farmhand(farm, blends["farmhand"], scene)
    theirs, ours = files_of(homes["blender"]), files_of(homes["farmhand"])
    assert theirs - before, f"Blender itself rendered nothing of {name}"
    found = [f"missing: {path}" for path in sorted(theirs - ours)]
    found += [f"not of Blender: {path}" for path in sorted(ours - theirs)]
    pictures = sorted(path for path in theirs & ours if not path.endswith(".blend"))
    shown = {path: shown_in(homes["blender"] / path) for path in pictures}
    assert len(pictures) == 1 or len(set(shown.values())) > 1, f"all pictures of {name} look alike: they prove nothing"
    found += [f"other pixels: {path}" for path in pictures if shown[path] != shown_in(homes["farmhand"] / path)]
    shutil.rmtree(homes["blender"])
    shutil.rmtree(homes["farmhand"])
    return found


@contextlib.contextmanager
def farm_with(blender: Blender, home: Path) -> Iterator[Farm]:
    farm = Farm(home, blender)
    farm.start()
    try:
        yield farm
    finally:
        farm.stop()


def compare(blender: Blender, farm: Farm, names: list[str], scratch: Path) -> tuple[list[str], list[str]]:
    """Compare scenes; answers the rows of a Markdown table, and what is wrong."""
    made = scratch / "made"
    rows, wrong = [], []
    for scene in make_scenes(blender, made, names):
        name = scene["name"]
        if "left_out" in scene:
            rows.append(f"| {name} | {scene['about']} | left out: {scene['left_out']} |")
            continue
        try:
            found = differences(blender, farm, scene, made, scratch)
        except AssertionError as problem:
            found = [str(problem)]
        if name in GAPS:
            rows.append(f"| {name} | {scene['about']} | otherwise, on purpose: {GAPS[name]} |")
            wrong += [] if found else [f"{name}: no longer differs; take it off the list of gaps"]
            continue
        same = f"same files, same pixels{AS_PLAYED if scene['played'] else ''}"
        rows.append(f"| {name} | {scene['about']} | {'differs' if found else same} |")
        wrong += [f"{name}: {difference}" for difference in found]
    return rows, wrong


def leave_table(blender: Blender, rows: list[str]) -> None:
    folder = ROOT / "target" / "parity"
    folder.mkdir(parents=True, exist_ok=True)
    head = [f"| scene | about | Blender {blender.version} |", "|---|---|---|"]
    (folder / f"{blender.version}.md").write_text("\n".join([*head, *rows, ""]), encoding="utf-8")


def test_a_few_scenes_come_out_as_blender_renders_them(tmp_path: Path) -> None:
    blender = default_blender()
    if blender is None:
        pytest.skip("no Blender: install one, or name it in FARMHAND_BLENDER")
    with farm_with(blender, tmp_path / "home") as farm:
        _rows, wrong = compare(blender, farm, FEW, tmp_path)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("blender", all_blenders(), ids=str)
def test_every_scene_comes_out_as_blender_renders_it(blender: Blender, tmp_path: Path) -> None:
    with farm_with(blender, tmp_path / "home") as farm:
        rows, wrong = compare(blender, farm, [], tmp_path)
    leave_table(blender, rows)
    assert not wrong, "\n".join(wrong)
