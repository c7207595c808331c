# SPDX-License-Identifier: Apache-2.0
"""Frames that crash Blender, hang it, eat all memory, or lack a file: they fail alone, and mended they are rendered."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import lane_runs
from blenders import Blender, default_blender
from farms import Farm, farmhand_command
from lane_runs import JobRun
from privileged import little_memory
from processes import children_of, command_line, is_alive, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENE_MAKER = Path(__file__).with_name("poison_scene.py")
FREELY = {"auto_run": True}

# Which frame is poisoned how is read from the file `poison` beside the scene; mending empties it.
POISON = """
import bpy, ctypes, json, os, time
def poison(scene, *arguments):
    with open(bpy.path.abspath("//poison")) as file:
        kind = json.load(file).get(str(scene.frame_current))
    if kind == "crash":
        ctypes.string_at(0)
    while kind == "hang":
        time.sleep(1)
    eaten = []
    while kind == "memory" and len(eaten) < 48:
        eaten.append(b"x" * (1 << 26))
        print("ate", len(eaten), flush=True)
bpy.app.handlers.frame_change_post.append(poison)
"""
# Holds Python's lock, so that no other thread of Blender's Python runs any more.
HANG_WITHOUT_PYTHON_AT_3 = """
import bpy, ctypes
def hang(scene, *arguments):
    if scene.frame_current == 3:
        ctypes.PyDLL(None).sleep(3600)
bpy.app.handlers.frame_change_post.append(hang)
"""
# Six million faces, which take some gigabytes.
HUGE_AT_3 = """
import bpy
def grow(scene, *arguments):
    modifiers = bpy.data.objects["Cube"].modifiers
    modifiers.clear()
    if scene.frame_current == 3:
        modifiers.new("Huge", "SUBSURF").render_levels = 10
bpy.app.handlers.frame_change_pre.append(grow)
"""
# What makes Blender 4.2 crash and 4.5 hang when it ends by itself.
LEFT_BEHIND = """
import bpy, threading
def again():
    return 0.1
def look(*arguments):
    pass
bpy.app.timers.register(again, persistent=True)
for name in ("frame_change_post", "render_post", "depsgraph_update_post"):
    getattr(bpy.app.handlers, name).append(look)
threading.Thread(target=threading.Event().wait).start()
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(default_blender() is None, reason="no Blender: install one, or name it in FARMHAND_BLENDER"),
]


@pytest.fixture(params=lane_runs.blender_params())
def blender(request: pytest.FixtureRequest) -> Blender:
    chosen: Blender = request.param
    return chosen


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    lane_runs.end_all()


def make_scene(blender: Blender, path: Path, **content: Any) -> Path:
    blender.run(SCENE_MAKER, str(path), json.dumps(content))
    assert path.is_file()
    return path


def job_run(folder: Path, blender: Blender, settings: dict[str, Any] | None = None, **content: Any) -> JobRun:
    make_scene(blender, folder / "scene.blend", **content)
    return JobRun(folder, blender, settings=settings)


@pytest.mark.skipif(farmhand_command() is None, reason="no farmhand command: run `make build`")
def test_poisoned_frames_fail_alone_with_their_causes_and_mended_they_alone_are_rendered(tmp_path: Path) -> None:
    blender = default_blender()
    assert blender is not None
    shot = make_scene(blender, tmp_path / "shot.blend", frames=12, sequence=True, script=POISON)
    poison = {3: "crash", 5: "hang", 9: "missing"}
    texture = tmp_path / "textures" / "wood_0009.png"
    picture = texture.read_bytes()
    texture.unlink()
    with little_memory(1200 << 20) as prefix:
        if prefix:
            poison[8] = "memory"
        (tmp_path / "poison").write_text(json.dumps(poison), encoding="utf-8")
        farm = Farm(tmp_path / "home", blender, prefix=prefix or ())
        try:
            farm.start()
            farm.must(
                "submit",
                str(shot),
                "--auto-run",
                "--stall-timeout",
                "15",
                "--order",
                "sequential",
                "--ignore",
                "missing-frames",
            )
            ended = ("failed", "completed")
            wait_until("the job has ended", lambda: farm.answer("show", "latest")["status"] in ended, 600)
            said = farm.must("show", "latest")
            shown = farm.answer("show", "latest")
            assert shown["status"] == "failed"
            assert shown["frames_done"] == 12 - len(poison)
            reasons = {"crash": "crash", "hang": "stall", "memory": "memory", "missing": "missing"}
            failed = {failure["frame"]: failure for failure in farm.answer("frames", "latest")["failed"]}
            assert {frame: failure["reason"] for frame, failure in failed.items()} == {
                frame: reasons[kind] for frame, kind in poison.items()
            }
            for frame, failure in failed.items():
                assert f"frame {frame}" in failure["message"]
                assert f"frame {frame}" in said
            assert str(texture) in failed[9]["message"]
            assert "--allow-missing" in failed[9]["message"]
            if prefix:
                assert "signal 9" in failed[8]["message"]
                assert "--lanes 1" in failed[8]["message"]
            for frame in poison:
                if frame != 9:
                    log = farm.must("log", "latest", "--frame", str(frame))
                    assert failed[frame]["message"] in log
            # The line of the scene's own script is named, by Python's traceback of the crash and of the hang.
            assert "in poison" in farm.must("log", "latest", "--frame", "3")
            assert "in poison" in farm.must("log", "latest", "--frame", "5")
            assert farm.call("log", "latest", "--frame", "1").returncode == 2
            before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "frames").glob("*.png")}
            (tmp_path / "poison").write_text("{}", encoding="utf-8")
            texture.write_bytes(picture)
            assert sorted(farm.answer("retry", "latest")["frames"]) == sorted(poison)
            wait_until("the job is completed", lambda: farm.answer("show", "latest")["status"] == "completed")
        finally:
            farm.stop()
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "frames").glob("*.png")}
    assert sorted(after) == [f"shot_{frame:04}.png" for frame in range(1, 13)]
    assert {name: after[name] for name in before} == before


def test_a_frame_too_big_for_the_memory_that_a_process_may_have_is_put_down_to_memory(
    tmp_path: Path, blender: Blender
) -> None:
    run = job_run(tmp_path, blender, FREELY, script=HUGE_AT_3)
    run.put_claim(3, fails=2)
    run.limits = ["prlimit", f"--as={2500 << 20}", "--"]
    code, printed = run.run(0)
    assert code == 0, printed
    assert sorted(record["frame"] for record in run.records()) == [1, 2, 4, 5, 6]
    failed = run.failed(3) or {}
    assert failed["reason"] == "memory", failed
    assert "--lanes 1" in failed["message"]


def test_where_memory_runs_out_the_child_goes_before_its_supervisor(tmp_path: Path, blender: Blender) -> None:
    if not Path("/proc/self/oom_score_adj").exists():
        pytest.skip("only Linux can be told what to end first")
    run = job_run(tmp_path, blender, FREELY, script=HANG_WITHOUT_PYTHON_AT_3)
    supervisor = run.start(0)
    wait_until("frame 3 is begun", lambda: run.claim(3) is not None)
    (child,) = (pid for pid in children_of(supervisor.pid) if "child" in command_line(pid))
    scores = [int(Path("/proc", str(pid), "oom_score_adj").read_text("ascii")) for pid in (supervisor.pid, child)]
    assert scores[1] == min(1000, scores[0] + 300)


def test_a_hung_child_ends_with_its_supervisor_even_where_native_code_holds_python(
    tmp_path: Path, blender: Blender
) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells a process that its parent has died")
    run = job_run(tmp_path, blender, FREELY, script=HANG_WITHOUT_PYTHON_AT_3)
    supervisor = run.start(0)
    found: list[int] = []

    def it_hangs() -> bool:
        found[:] = [pid for pid in children_of(supervisor.pid) if "child" in command_line(pid)]
        return bool(found) and (run.record(2) is not None) and (run.claim(3) is not None)

    wait_until("frame 3 is begun", it_hangs)
    time.sleep(1.0)  # from the claim to the hang; a child that ends before it is hung proves less, but no wrong
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    wait_until("the child has ended", lambda: not is_alive(found[0]), 60)


def test_what_a_scene_leaves_registered_keeps_no_blender_from_ending(tmp_path: Path, blender: Blender) -> None:
    run = job_run(tmp_path, blender, FREELY, script=LEFT_BEHIND)
    supervisor = run.start(0)
    assert supervisor.wait(lane_runs.PATIENCE_SECS) == 0
    assert len(run.records()) == 6
    wait_until("no process of the job is left", lambda: not processes_of(run), 30)


def processes_of(run: JobRun) -> list[int]:
    numbers = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [pid for pid in numbers if str(run.folder / "job.json") in command_line(pid)]


@pytest.mark.parametrize(
    ("content", "lost"),
    [({"image": True}, "textures/wood_0001.png"), ({"library": True}, "ball.blend")],
    ids=["an image", "a library"],
)
def test_a_scene_of_which_a_file_is_missing_is_not_rendered_unless_the_job_allows_it(
    tmp_path: Path, blender: Blender, content: dict[str, bool], lost: str
) -> None:
    run = job_run(tmp_path, blender, **content)
    (tmp_path / lost).rename(tmp_path / "elsewhere")
    code, printed = run.run(0)
    assert code == 1
    assert str(tmp_path / lost) in printed
    assert "--allow-missing" in printed
    assert not run.records()
    run.write_job(settings={"missing_files": "allow"}, frames="1", lanes=["1"])
    code, printed = run.run(0)
    assert code == 0, printed
    assert "rendered although files are missing" in printed
    (tmp_path / "elsewhere").rename(tmp_path / lost)
    run.write_job()
    assert run.run(0)[0] == 0
    assert len(run.records()) == 6


def test_a_missing_file_that_no_picture_shows_keeps_nothing_from_being_rendered(
    tmp_path: Path, blender: Blender
) -> None:
    run = job_run(tmp_path, blender, unused=True)
    (tmp_path / "textures" / "wood_0001.png").unlink()
    code, printed = run.run(0)
    assert code == 0, printed
    assert len(run.records()) == 6
