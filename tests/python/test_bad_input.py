# SPDX-License-Identifier: Apache-2.0
"""Every way in which input can be bad, through the command: the message names it and the way out, nothing is lost."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blenders import Blender, default_blender
from farms import Farm, farmhand_command
from lane_runs import SCENE_MAKER
from pictures import shown_in
from privileged import Disk, disk
from processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE, FAILED, USAGE, FINDINGS = 0, 1, 2, 3

CRASH_AT_3 = """
import bpy, os, signal
def crash(scene, *arguments):
    if scene.frame_current == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
bpy.app.handlers.frame_change_post.append(crash)
"""
SLOW_FRAMES = """
import bpy, time
def wait(*arguments):
    time.sleep(1)
bpy.app.handlers.render_pre.append(wait)
"""

pytestmark = [
    pytest.mark.skipif(default_blender() is None, reason="no Blender: install one, or name it in FARMHAND_BLENDER"),
    pytest.mark.skipif(farmhand_command() is None, reason="no farmhand command: run `make build`"),
]


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path / "home", default_blender())
    yield made
    made.stop()


@pytest.fixture(scope="module")
def blender() -> Blender:
    found = default_blender()
    assert found is not None
    return found


def scene(blender: Blender, path: Path, **content: Any) -> Path:
    blender.run(SCENE_MAKER, str(path), json.dumps(content))
    return path


@pytest.fixture(scope="module")
def made_once(blender: Blender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scene(blender, tmp_path_factory.mktemp("scene") / "shot.blend")


@pytest.fixture
def shot(made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made_once, tmp_path))


def refused(farm: Farm, code: int, words: list[str], *arguments: str) -> str:
    """Run a command that has to end with `code` and to say all the `words`; answers what it said."""
    done = farm.call(*arguments, cwd=farm.home.parent)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert [word for word in words if word not in said] == [], said
    assert "panicked" not in said
    assert "Traceback" not in said
    return said


def test_a_missing_file_is_named(farm: Farm, tmp_path: Path) -> None:
    refused(farm, FAILED, ["nowhere.blend", "no such file"], "render", str(tmp_path / "nowhere.blend"))


def test_a_file_that_is_no_scene_is_named(farm: Farm, tmp_path: Path) -> None:
    notes = tmp_path / "notes.blend"
    notes.write_text("these are notes, not a scene", encoding="utf-8")
    refused(farm, FAILED, ["notes.blend", "not a .blend file"], "render", str(notes))


@pytest.mark.parametrize("kept", [13, 0.5, -20], ids=["in the header", "in the middle", "before the end"])
def test_a_truncated_file_is_named(farm: Farm, shot: Path, kept: float) -> None:
    whole = shot.read_bytes()
    size = int(kept * len(whole)) if 0 < kept < 1 else int(kept) % len(whole)
    shot.write_bytes(whole[:size])
    refused(farm, FAILED, ["shot.blend"], "render", str(shot))
    assert shot.read_bytes() == whole[:size], "the artist's file is never touched"


def test_a_file_of_a_newer_blender_is_refused_with_both_versions(farm: Farm, shot: Path) -> None:
    whole = shot.read_bytes()
    newer = re.sub(rb"^BLENDER(..)\d\d\d", rb"BLENDER\g<1>985", whole)
    if newer == whole:
        newer = re.sub(rb"^(BLENDER\d\d-\d\dv)\d\d\d\d", rb"\g<1>9805", whole)
    shot.write_bytes(newer)
    refused(
        farm,
        FINDINGS,
        ["newer-than-blender", "98.5" if b"9805" in newer[:20] else "9.85", "FARMHAND_BLENDER"],
        "render",
        str(shot),
    )


def test_a_scene_without_a_camera_is_held_back(farm: Farm, blender: Blender, tmp_path: Path) -> None:
    blind = scene(blender, tmp_path / "blind.blend", camera=False)
    refused(farm, FINDINGS, ["no-camera", "nothing was sent"], "render", str(blind))
    assert not (tmp_path / "frames").exists()


@pytest.mark.parametrize(
    ("frames", "words"),
    [("", ["no frames"]), ("10-1", ["10-1", "1-10"]), ("a", ["a", "--frames"]), ("1-10:0", ["1-10:0", "step"])],
)
def test_frames_that_are_none_are_named(farm: Farm, shot: Path, frames: str, words: list[str]) -> None:
    refused(farm, USAGE, words, "render", str(shot), "--frames", frames)


def test_an_output_folder_that_cannot_be_written_is_named(farm: Farm, shot: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be", encoding="utf-8")
    words = ["output-not-writable", str(tmp_path / "taken"), "--output"]
    refused(farm, FINDINGS, words, "render", str(shot), "--output", str(tmp_path / "taken" / "frames"))


def test_no_blender_is_said_with_the_ways_to_name_one(shot: Path, tmp_path: Path) -> None:
    bare = Farm(tmp_path / "home", None, FARMHAND_BLENDER="/nowhere/blender")
    try:
        refused(bare, FAILED, ["/nowhere/blender", "FARMHAND_BLENDER"], "render", str(shot))
    finally:
        bare.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "small", "300k") as small:
        yield small


def test_a_full_disk_is_said_and_the_job_goes_on_once_there_is_room(farm: Farm, shot: Path, small_disk: Disk) -> None:
    output = ["--output", str(small_disk.folder / "frames"), "--percentage", "1000"]
    said = refused(farm, FAILED, ["failed"], "render", str(shot), *output)
    assert "disk" in said.lower() or "space" in said.lower(), said
    whole = [shown_in(path) for path in (small_disk.folder / "frames").glob("shot_*.png")]
    small_disk.resize("64m")
    farm.must("retry", "latest")
    wait_until("the job is completed", lambda: farm.answer("show", "latest")["status"] == "completed")
    pictures = sorted((small_disk.folder / "frames").glob("shot_*.png"))
    assert len(pictures) == 6
    assert set(whole) <= {shown_in(path) for path in pictures}, "what had been rendered is kept"


def test_a_frame_that_crashes_blender_fails_alone_and_is_named(farm: Farm, blender: Blender, tmp_path: Path) -> None:
    crashing = scene(blender, tmp_path / "crashing.blend", script=CRASH_AT_3)
    refused(farm, FAILED, ["3", "retry"], "render", str(crashing), "--auto-run")
    shown = farm.answer("show", "latest")
    assert (shown["frames_done"], shown["frames_failed"], shown["status"]) == (5, 1, "failed")
    names = sorted(path.name for path in (tmp_path / "frames").glob("*.png"))
    assert names == [f"shot_{frame:04}.png" for frame in (1, 2, 4, 5, 6)]


def test_a_second_render_of_a_living_job_is_refused_and_so_is_another_scene_in_its_folder(
    farm: Farm, blender: Blender, tmp_path: Path
) -> None:
    slow = scene(blender, tmp_path / "slow.blend", script=SLOW_FRAMES, frames=60)
    job = farm.answer("submit", str(slow), "--auto-run")["job_id"]
    refused(farm, FAILED, ["already", "farmhand watch", job[:8]], "render", str(slow), "--auto-run")
    other = tmp_path / "other.blend"
    shutil.copy(slow, other)
    refused(farm, FAILED, [job[:8]], "render", str(other), "--output", str(tmp_path / "frames"))
    farm.must("cancel", job)


def test_a_database_of_a_newer_farmhand_is_left_alone_and_named(farm: Farm, tmp_path: Path) -> None:
    farm.start()
    farm.must("local", "stop")
    (database,) = (tmp_path / "home").rglob("queue.sqlite")
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    # A farm that does not come to life is one that cannot be reached.
    refused(farm, 4, ["queue.sqlite", "9999", "newer Farmhand"], "local", "start")
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (9999,)
    connection.close()


def test_a_job_folder_of_another_version_is_refused_by_the_lane_that_reads_it(
    farm: Farm, blender: Blender, tmp_path: Path
) -> None:
    slow = scene(blender, tmp_path / "slow.blend", script=SLOW_FRAMES, frames=30)
    job = farm.answer("submit", str(slow), "--auto-run")["job_id"]
    farm.must("cancel", job)
    wait_until("nothing renders any more", lambda: not list(farm.renderers()))
    (description,) = (tmp_path / "frames" / ".farmhand").glob("*/job.json")
    description.write_text(json.dumps({**json.loads(description.read_text("utf-8")), "format": 99}), encoding="utf-8")
    farm.call("retry", job)
    wait_until("the job has ended", lambda: farm.answer("show", job)["status"] in ("failed", "canceled", "completed"))
    assert farm.answer("show", job)["status"] == "failed"
    said = farm.must("log", job)
    assert "format" in said
    assert "99" in said
