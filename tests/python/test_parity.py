# SPDX-License-Identifier: Apache-2.0
"""Farmhand renders what Blender renders: the same files, the same pixels, for each scene of `tests/scenes`.

What came out with each Blender of `FARMHAND_TEST_BLENDERS` is left in `target/parity/` (or `FARMHAND_PARITY_DIR`);
`make parity` makes the table of `docs/outputs.md` from it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blenders import ROOT, Blender, all_blenders, default_blender
from farms import Farm, farmhand_command
from pictures import shown_in

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW = ["plain", "camera_markers", "view_layers", "file_output_slots", "stereo_views", "several_hash_groups"]
#: The scenes that were asked for by name; all where there are none.
ASKED = os.environ.get("FARMHAND_PARITY_SCENES", "").split()
#: Where Farmhand does otherwise than Blender, on purpose.
GAPS = {
    "overwrite_off": "what becomes of frames that are there is decided before sending (`--existing`)",
}

AS_PLAYED = "as when played frame by frame: `-a` never moves a simulation on that isn't baked"

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


def render_by_blender(blender: Blender, scenes: list[Scene], made: Path, home: Path) -> None:
    """Render scenes by Blender itself, each in a copy of its folder below `home`; one that crashes it is left out."""
    for scene in scenes:
        shutil.copytree(made / scene["name"], home / scene["name"])
    each = {scene["name"]: (home / scene["blend"], scene["scene"], scene["range"]) for scene in scenes}
    played = [scene for scene in scenes if scene["played"]]
    try:
        blender.render_each_by_itself([each[scene["name"]] for scene in scenes if not scene["played"]])
    except AssertionError:
        # It takes those that follow with it.
        for scene in scenes:
            if scene["played"] or is_rendered(home / scene["name"], made / scene["name"]):
                continue
            try:
                blender.render_by_itself(*each[scene["name"]])
            except AssertionError as problem:
                print(problem)
                scene["left_out"] = "Blender's own `-a` crashes with this scene"
    for scene in played:
        blender.render_played(home / scene["blend"], scene["scene"])


def is_rendered(home: Path, made: Path) -> bool:
    """Say whether Blender has left more than it found, and nothing empty."""
    fresh = files_of(home) - files_of(made)
    return bool(fresh) and all((home / path).stat().st_size for path in fresh)


def differences(farm: Farm, scene: Scene, made: Path, scratch: Path) -> list[str]:
    """Render a scene by Farmhand too, and answer what differs; nothing where it does as Blender does."""
    name = scene["name"]
    theirs_at, ours_at = scratch / "blender" / name, scratch / "farmhand" / name
    shutil.copytree(made / name, ours_at)
    before, theirs = files_of(ours_at), files_of(theirs_at)
    assert theirs - before, f"Blender itself rendered nothing of {name}"
    render_by_farmhand(farm, scratch / "farmhand" / scene["blend"], scene)
    ours = files_of(ours_at)
    found = [f"missing: {path}" for path in sorted(theirs - ours)]
    found += [f"not of Blender: {path}" for path in sorted(ours - theirs)]
    pictures = sorted(path for path in theirs & ours if not path.endswith((".blend", ".mkv", ".wav")))
    shown = {path: shown_in(theirs_at / path) for path in pictures}
    assert len(pictures) == 1 or len(set(shown.values())) > 1, f"all pictures of {name} look alike: they prove nothing"
    found += [f"other pixels: {path}" for path in pictures if shown[path] != shown_in(ours_at / path)]
    if not found:
        shutil.rmtree(theirs_at)
        # The lane that has just ended may still be taking its own temporary files away.
        shutil.rmtree(ours_at, ignore_errors=True)
    return found


@contextlib.contextmanager
def farm_with(blender: Blender, home: Path) -> Iterator[Farm]:
    farm = Farm(home, blender)
    farm.start()
    try:
        yield farm
    finally:
        farm.stop()


def compare(blender: Blender, farm: Farm, names: list[str], scratch: Path) -> list[Scene]:
    """Compare scenes; answers for each its name, what it is about, how it came out, and the reason or differences."""
    made = scratch / "made"
    scenes = make_scenes(blender, made, names)
    render_by_blender(blender, [scene for scene in scenes if "left_out" not in scene], made, scratch / "blender")
    results = []
    for scene in scenes:
        result = {"name": scene["name"], "about": scene["about"], "note": "", "differences": []}
        results.append(result)
        if "left_out" in scene:
            result.update(result="left out", note=scene["left_out"])
            continue
        try:
            result["differences"] = differences(farm, scene, made, scratch)
        except (AssertionError, ValueError) as problem:
            result["differences"] = [str(problem)]
        result["result"] = "differs" if result["differences"] else "same"
        if scene["name"] in GAPS:
            result["note"] = GAPS[scene["name"]]
            result["result"] = (
                "on purpose" if result["differences"] else "no longer differs: take it off the list of gaps"
            )
        elif scene["played"]:
            result["note"] = AS_PLAYED
    return results


def wrong_of(results: list[Scene]) -> list[str]:
    """List what is not as it should be."""
    wrong = [result for result in results if result["result"] not in ("same", "left out", "on purpose")]
    return ["{name}: {result} {differences}".format_map(result) for result in wrong]


def leave_results(blender: Blender, results: list[Scene]) -> None:
    """Write the results down; where only some scenes were asked for, the others keep theirs."""
    folder = Path(os.environ.get("FARMHAND_PARITY_DIR") or ROOT / "target" / "parity")
    folder.mkdir(parents=True, exist_ok=True)
    kind = "module" if blender.is_module else "program"
    place = folder / f"{blender.version}-{kind}.json"
    if ASKED and place.exists():
        fresh = {result["name"]: result for result in results}
        before = json.loads(place.read_text(encoding="utf-8"))["scenes"]
        results = [fresh.pop(result["name"], result) for result in before] + list(fresh.values())
    found = {"blender": blender.version, "kind": kind, "scenes": results}
    place.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")


def test_a_few_scenes_come_out_as_blender_renders_them(tmp_path: Path) -> None:
    blender = default_blender()
    if blender is None:
        pytest.skip("no Blender: install one, or name it in FARMHAND_BLENDER")
    with farm_with(blender, tmp_path / "home") as farm:
        wrong = wrong_of(compare(blender, farm, FEW, tmp_path))
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("blender", all_blenders(), ids=str)
def test_every_scene_comes_out_as_blender_renders_it(blender: Blender, tmp_path: Path) -> None:
    with farm_with(blender, tmp_path / "home") as farm:
        results = compare(blender, farm, ASKED, tmp_path)
    leave_results(blender, results)
    wrong = wrong_of(results)
    assert not wrong, "\n".join(wrong)
