# SPDX-License-Identifier: Apache-2.0
"""The renderer in real Blenders, real processes and real kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import lane_runs
from blenders import RENDERER, Blender
from lane_runs import JobRun
from privileged import Disk, disk
from processes import children_of, command_line, is_alive, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

# Keeps each frame long enough for a test to strike in the middle of it.
SLOW_FRAMES = """
import bpy, time
def wait(*arguments):
    time.sleep(0.7)
bpy.app.handlers.render_pre.append(wait)
"""

CRASH_AT_3 = """
import bpy, os, signal
def crash(scene, *arguments):
    if scene.frame_current == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
bpy.app.handlers.frame_change_post.append(crash)
"""

HANG_AT_3 = """
import bpy, time
def hang(scene, *arguments):
    while scene.frame_current == 3:
        time.sleep(1)
bpy.app.handlers.frame_change_post.append(hang)
"""

FREELY = {"auto_run": True}


@pytest.fixture(params=lane_runs.blender_params())
def blender(request: pytest.FixtureRequest) -> Blender:
    chosen: Blender = request.param
    return chosen


def blender_itself(run: JobRun) -> dict[str, bytes]:
    """Have Blender render the scene by its own means, in a folder beside."""
    folder = run.folder / "reference"
    folder.mkdir()
    shutil.copy(run.blend, folder / "scene.blend")
    run.blender.render_by_itself(folder / "scene.blend", "Scene", None)
    return {path.name: path.read_bytes() for path in (folder / "frames").iterdir()}


def the_child_of(supervisor: int) -> int:
    """Wait for the supervisor's child that opens the scene, and give its process id."""
    found: list[int] = []

    def look() -> bool:
        found[:] = [pid for pid in children_of(supervisor) if "child" in command_line(pid)]
        return bool(found)

    wait_until("the supervisor has a child", look)
    return found[0]


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    lane_runs.end_all()


def test_one_lane_renders_the_files_and_pixels_of_blender_itself(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={})
    code, printed = run.run(0)
    assert code == 0, printed
    ours, theirs = run.pictures(), blender_itself(run)
    assert sorted(ours) == sorted(theirs)
    assert [name for name in theirs if lane_runs.pixels(ours[name]) != lane_runs.pixels(theirs[name])] == []
    lines = printed.splitlines()
    assert sorted(line for line in lines if line.startswith("Saved: ")) == [
        f"Saved: '{run.folder}/frames/shot_{frame:04d}.png'" for frame in range(1, 7)
    ]
    assert sum(line.startswith("Time: ") for line in lines) == 6
    record = run.record(1)
    assert record is not None
    assert record["load_secs"] > 0
    assert (record["device"], record["samples"]) == ("CPU", 1)
    assert sum(other["load_secs"] > 0 for other in run.records()) == 1
    assert list((run.state / "tmp").iterdir()) == []


def test_two_lanes_at_once_share_the_frames_and_render_none_twice(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"script": SLOW_FRAMES}, settings=FREELY)
    processes = [run.start(0), run.start(1)]
    assert [process.wait(lane_runs.PATIENCE_SECS) for process in processes] == [0, 0]
    assert len(run.pictures()) == len(run.records()) == 6
    both = run.log(0).read_text(encoding="utf-8") + run.log(1).read_text(encoding="utf-8")
    assert sum(line.startswith("Time: ") for line in both.splitlines()) == 6
    assert {record["lane"] for record in run.records()} == {0, 1}
    assert run.run("last")[0] == 0


def test_a_killed_child_is_replaced_and_its_frame_tried_again(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"script": SLOW_FRAMES}, settings=FREELY)
    supervisor = run.start(0)
    child = the_child_of(supervisor.pid)
    wait_until("a frame is recorded", run.records)
    os.kill(child, signal.SIGKILL)
    assert supervisor.wait(lane_runs.PATIENCE_SECS) == 0
    assert len(run.records()) == 6
    assert sorted((run.claim(frame) or {})["fails"] for frame in range(1, 7)) == [0, 0, 0, 0, 0, 1]


def test_a_killed_supervisor_takes_its_child_along_and_its_lane_finishes(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"script": SLOW_FRAMES}, settings=FREELY)
    supervisor = run.start(0)
    child = the_child_of(supervisor.pid)
    wait_until("a frame is recorded", run.records)
    supervisor.kill()
    supervisor.wait()
    wait_until("the child has ended itself", lambda: not is_alive(child))
    rendered = len(run.records())
    code, printed = run.run(0)
    assert code == 0, printed
    assert len(run.records()) == 6
    assert sum(line.startswith("Time: ") for line in printed.splitlines()) == 6 - rendered
    assert sum((run.claim(frame) or {})["lost"] for frame in range(1, 7)) <= 1


def test_a_child_ends_with_its_supervisor_while_the_scene_is_being_opened(tmp_path: Path, blender: Blender) -> None:
    script = "import time\ntime.sleep(60)"
    run = JobRun(tmp_path, blender, content={"script": script}, settings=FREELY)
    supervisor = run.start(0)
    child = the_child_of(supervisor.pid)
    wait_until("the scene is being opened", lambda: "Read blend" in run.log(0).read_text(encoding="utf-8"))
    supervisor.kill()
    supervisor.wait()
    wait_until("the child has ended itself", lambda: not is_alive(child))


def test_sigterm_ends_a_lane_at_once_with_code_1_and_no_child_left(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"script": SLOW_FRAMES}, settings=FREELY)
    supervisor = run.start(0)
    child = the_child_of(supervisor.pid)
    wait_until("a frame is recorded", run.records)
    supervisor.terminate()
    assert supervisor.wait(5) == 1
    assert not is_alive(child)
    assert list((run.state / "tmp").iterdir()) == []
    # Who ends a lane says nothing about its frames.
    claims = (run.state / "frames").glob("*.claim")
    assert {json.loads(claim.read_text(encoding="utf-8"))["fails"] for claim in claims} == {0}
    assert run.run(0)[0] == 0


def test_a_lane_of_a_worker_that_is_to_go_ends_its_frame_and_begins_no_other(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"script": SLOW_FRAMES}, settings=FREELY)
    drain = tmp_path / "drain"
    held = tmp_path / "drain.held"
    lane = run.start(0, FARMHAND_DRAIN_FILE=str(drain))
    wait_until("a frame is in work", lambda: any(run.claim(frame) for frame in range(1, 7)))
    drain.touch()
    wait_until("the lane waits to be ended", held.exists)
    done = len(run.records())
    assert done >= 1, "the frame in flight has ended"
    claims = [frame for frame in range(1, 7) if run.claim(frame)]
    assert len(claims) == done, "no other was begun"
    # It goes on where it need not go after all.
    drain.unlink()
    wait_until("another frame is done", lambda: len(run.records()) > done)
    assert not held.exists()
    drain.touch()
    wait_until("the lane waits again", held.exists)
    lane.terminate()
    assert lane.wait(lane_runs.PATIENCE_SECS) == 1
    assert len([frame for frame in range(1, 7) if run.claim(frame)]) == len(run.records()), "nothing is lost"


def test_a_lane_ends_with_the_process_that_started_it(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"script": SLOW_FRAMES}, settings=FREELY)
    code = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(600)"
    worker = subprocess.Popen(
        [shutil.which("python3") or "python3", "-c", code, *run.lane_command(0)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    with worker.stdout as lines:
        supervisor = int(lines.readline())
        wait_until("a frame is recorded", run.records)
        child = the_child_of(supervisor)
        worker.kill()
        worker.wait()
        wait_until("the supervisor has ended", lambda: not is_alive(supervisor))
        wait_until("the child has ended", lambda: not is_alive(child))


def test_a_frame_that_crashes_blender_is_recorded_with_its_log_and_the_others_are_rendered(
    tmp_path: Path, blender: Blender
) -> None:
    run = JobRun(tmp_path, blender, content={"script": CRASH_AT_3}, settings=FREELY)
    code, printed = run.run(0)
    assert code == 0, printed
    assert sorted(record["frame"] for record in run.records()) == [1, 2, 4, 5, 6]
    failed = run.failed(3)
    assert failed is not None
    assert failed["reason"] == "crash"
    assert "signal 11" in failed["message"]
    assert failed["log_tail"]
    code, printed = run.run("last")
    assert code == 1
    assert "frame 3 is not rendered (crash)" in printed


def test_scripts_in_the_scene_do_not_run_unless_the_job_allows_it(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"script": CRASH_AT_3})
    assert run.run(0)[0] == 0
    assert len(run.records()) == 6


def test_a_frame_that_hangs_is_ended_after_the_stall_time(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"script": HANG_AT_3}, settings=FREELY, stall_timeout_secs=10)
    # It has failed twice already, so that one more hang settles it.
    run.put_claim(3, fails=2)
    code, printed = run.run(0)
    assert code == 0, printed
    failed = run.failed(3)
    assert failed is not None
    assert failed["reason"] == "stall"
    assert len(run.records()) == 5


@pytest.mark.parametrize(
    ("content", "job", "said"),
    [
        ({"camera": False}, {}, "has no camera"),
        ({}, {"settings": {"camera": "Nobody"}}, "no camera 'Nobody'"),
        ({}, {"settings": {"view_layers": ["Nothing"]}}, "no view layer 'Nothing'"),
        ({}, {"settings": {"file_format": "NOTHING"}}, "file format NOTHING"),
        ({}, {"settings": {"gpu_required": True}}, "a GPU is required"),
        ({}, {"scene": "Other"}, "no scene 'Other'"),
    ],
    ids=["no camera", "other camera", "view layer", "format", "gpu", "scene"],
)
def test_what_no_frame_can_be_rendered_with_ends_the_run_with_a_sentence(
    tmp_path: Path, blender: Blender, content: dict[str, Any], job: dict[str, Any], said: str
) -> None:
    run = JobRun(tmp_path, blender, content=content, **job)
    code, printed = run.run(0)
    assert code == 1
    assert said in printed
    assert not run.records()
    assert not list(run.state.glob("frames/*.failed.json"))


def test_a_file_that_is_no_scene_a_cut_one_and_a_newer_one_are_told_apart(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={})
    whole = run.blend.read_bytes()
    newer = whole.replace(whole[:17], b"BLENDER17-01v0909") if whole[7:8].isdigit() else b"BLENDER-v909" + whole[12:]
    for content, said in ((b"no scene", "is not a .blend file"), (newer, "needs Blender 9.9 or newer")):
        run.blend.write_bytes(content)
        run.write_job()
        code, printed = run.run(0)
        assert code == 1
        assert said in printed
    run.blend.write_bytes(whole[: len(whole) // 3])
    run.write_job()
    code, printed = run.run(0)
    assert code == 1
    assert not run.records()


def test_the_job_s_settings_are_laid_on_the_scene(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={"second_camera": True}, frames="1", lanes=["1"])
    assert run.run(0)[0] == 0
    as_it_is = run.pictures()["shot_0001.png"]
    run.state = tmp_path / "other state"
    run.write_job(frames="1", lanes=["1"], settings={"camera": "Second", "samples": 3, "percentage": 50, "threads": 1})
    assert run.run(0)[0] == 0
    changed = run.pictures()["shot_0001.png"]
    assert (as_it_is[16:24], changed[16:24]) == (struct.pack(">II", 48, 32), struct.pack(">II", 24, 16))
    assert (run.record(1) or {})["samples"] == 3
    run.state = tmp_path / "third state"
    run.write_job(frames="1", lanes=["1"], settings={"camera": "Second"})
    assert run.run(0)[0] == 0
    assert lane_runs.pixels(run.pictures()["shot_0001.png"]) != lane_runs.pixels(as_it_is)


def test_a_scene_that_changed_since_it_was_sent_is_warned_of(tmp_path: Path, blender: Blender) -> None:
    run = JobRun(tmp_path, blender, content={}, frames="1", lanes=["1"], blend_size_bytes=5)
    code, printed = run.run(0)
    assert code == 0
    assert "has changed since the job was sent" in printed


def probe(blender: Blender) -> dict[str, Any]:
    printed = blender.run(RENDERER, "probe")
    line = next(line for line in printed.splitlines() if line.startswith("FARMHAND-PROBE "))
    found: dict[str, Any] = json.loads(line.split(" ", 1)[1])
    return found


def test_a_missing_denoiser_is_said_before_rendering_and_off_is_the_way_out(tmp_path: Path, blender: Blender) -> None:
    if "OPENIMAGEDENOISE" in probe(blender)["denoisers"]:
        pytest.skip("this Blender has the denoiser")
    run = JobRun(tmp_path, blender, content={"denoise": True})
    code, printed = run.run(0)
    assert code == 1
    assert "--denoise off" in printed
    assert not run.records()
    run.write_job(settings={"denoise": "off"})
    assert run.run(0)[0] == 0
    assert len(run.records()) == 6


RARER_FORMATS = [pytest.param(name, marks=pytest.mark.slow) for name in ("TIFF", "WEBP", "TARGA")]


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "OPEN_EXR", "OPEN_EXR_MULTILAYER", *RARER_FORMATS])
def test_every_format_is_whole_when_rendered_and_rendered_again_when_cut(
    tmp_path: Path, blender: Blender, file_format: str
) -> None:
    run = JobRun(
        tmp_path, blender, content={"format": "PNG"}, frames="1-2", lanes=["1-2"], settings={"file_format": file_format}
    )
    code, printed = run.run(0)
    assert code == 0, printed
    record = run.record(2)
    assert record is not None
    path = record["outputs"][0]["path"]
    os.truncate(path, record["outputs"][0]["size_bytes"] - 30)
    code, printed = run.run(0)
    assert code == 0
    assert sum(line.startswith("Time: ") for line in printed.splitlines()) == 1
    again = run.record(2)
    assert again is not None
    assert Path(path).stat().st_size == again["outputs"][0]["size_bytes"]
    assert again["run"] != record["run"]


def test_a_scene_that_writes_a_film_is_rendered_as_pictures_which_lanes_can_share(
    tmp_path: Path, blender: Blender
) -> None:
    run = JobRun(tmp_path, blender, content={"format": "FFMPEG"}, frames="1-2", lanes=["1-2"])
    code, printed = run.run(0)
    assert code == 0, printed
    assert "rendered as PNG pictures" in printed
    assert sorted(run.pictures()) == ["shot_0001.png", "shot_0002.png"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "small", "200k") as small:
        yield small
        lane_runs.end_all()


def test_a_full_disk_is_a_failure_that_names_the_file_and_never_a_done_frame(
    tmp_path: Path, blender: Blender, small_disk: Disk
) -> None:
    run, small = JobRun(tmp_path, blender, content={}), small_disk.folder
    with pytest.raises(OSError, match="No space left"):
        small.joinpath("filler").write_bytes(bytes(256 * 1024))
    small.joinpath("frames").mkdir()
    run.write_job(output=str(small / "frames" / "shot_####"))
    code, printed = run.run(0)
    assert code == 1
    assert f"Disk full while writing {small}/frames/shot_0001.png" in printed
    assert not run.records()
    assert list((small / "frames").iterdir()) == []
    small.joinpath("filler").unlink()
    assert run.run(0)[0] == 0
    assert len(run.records()) == 6


@pytest.mark.parametrize("file_format", ["PNG", "OPEN_EXR"])
def test_a_picture_that_blender_itself_cannot_finish_for_want_of_room_is_never_done(
    tmp_path: Path, blender: Blender, small_disk: Disk, file_format: str
) -> None:
    run = JobRun(tmp_path, blender, content={}, settings={"percentage": 2000, "file_format": file_format})
    run.state = small_disk.folder / "state"
    code, printed = run.run(0)
    assert code == 1
    assert f"Disk full while writing {run.folder}/frames/shot_" in printed
    assert not run.records()
    assert not run.pictures()


def test_the_probe_says_what_this_blender_can_do(blender: Blender) -> None:
    found = probe(blender)
    assert found["kind"] == ("module" if blender.is_module else "blender")
    assert "CYCLES" in found["engines"]
    assert found["devices"][0]["type"] == "CPU"
