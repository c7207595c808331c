# SPDX-License-Identifier: Apache-2.0
"""Disks that become full, read-only or vanish in the middle of a job: the reason is told, and nothing is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import lane_runs
from blenders import default_blender
from lane_runs import JobRun
from privileged import Disk, disk
from processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Each frame waits for the file `go` beside the scene, so that a test can strike between two frames.
WAITING_FRAMES = """
import bpy, os, time
def wait(scene, *arguments):
    while scene.frame_current > 2 and not os.path.exists(bpy.path.abspath("//go")):
        print("waiting for go", flush=True)
        time.sleep(0.1)
bpy.app.handlers.render_pre.append(wait)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(default_blender() is None, reason="no Blender: install one, or name it in FARMHAND_BLENDER"),
]


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "share", "64m") as mounted:
        yield mounted
        lane_runs.end_all()


def run_on(share: Disk, tmp_path: Path, *, state_too: bool) -> JobRun:
    """Make a job whose frames, and state where asked for, lie on the share, and of which two frames are rendered."""
    blender = default_blender()
    assert blender is not None
    run = JobRun(tmp_path, blender, content={"script": WAITING_FRAMES})
    output = share.folder / "frames" / "shot_####"
    run.write_job(output=str(output), order="sequential", lanes=["1-6"], settings={"auto_run": True})
    if state_too:
        run.state = share.folder / "state"
    return run


def strike_after_two(run: JobRun, strike: str, share: Disk) -> str:
    """Start the lane, do something to the share after two frames, let the lane go on; answers what it printed."""
    process = run.start(0)
    wait_until("two frames are recorded", lambda: len(run.records()) == 2)
    wait_until("the third frame is begun", lambda: "waiting for go" in run.log(0).read_text(encoding="utf-8"))
    if strike == "gone":
        share.go_away()
    else:
        share.allow_writing(yes=False)
    (run.folder / "go").touch()
    assert process.wait(lane_runs.PATIENCE_SECS) == 1
    return run.log(0).read_text(encoding="utf-8")


def finishes(run: JobRun) -> None:
    """See that the next run of the lane renders what is missing and nothing else."""
    first = {record["frame"]: record for record in run.records()}
    assert sorted(first) == [1, 2]
    code, printed = run.run(0)
    assert code == 0, printed
    assert len(run.records()) == 6
    assert [run.record(frame) for frame in first] == list(first.values())
    assert run.run("last")[0] == 0


@pytest.mark.parametrize("state_too", [True, False], ids=["with the job's files", "the frames alone"])
def test_a_share_that_disappears_is_said_and_not_filled_beneath_and_the_job_goes_on_when_it_is_back(
    tmp_path: Path, share: Disk, *, state_too: bool
) -> None:
    run = run_on(share, tmp_path, state_too=state_too)
    printed = strike_after_two(run, "gone", share)
    assert "disappeared" in printed
    assert str(share.folder) in printed
    assert list(share.folder.iterdir()) == []
    share.come_back()
    finishes(run)


@pytest.mark.parametrize("state_too", [True, False], ids=["with the job's files", "the frames alone"])
def test_a_share_that_becomes_read_only_is_said_and_the_job_goes_on_when_it_can_be_written(
    tmp_path: Path, share: Disk, *, state_too: bool
) -> None:
    run = run_on(share, tmp_path, state_too=state_too)
    printed = strike_after_two(run, "read-only", share)
    assert "read-only" in printed.lower()
    assert str(share.folder) in printed
    share.allow_writing(yes=True)
    finishes(run)


def test_a_read_only_output_folder_is_said_before_anything_is_claimed(tmp_path: Path, share: Disk) -> None:
    run = run_on(share, tmp_path, state_too=False)
    (run.folder / "go").touch()
    (share.folder / "frames").mkdir()
    share.allow_writing(yes=False)
    code, printed = run.run(0)
    assert code == 1
    assert f"the output folder {share.folder}/frames is read-only" in printed
    assert not list(run.state.glob("frames/*"))
    share.allow_writing(yes=True)
    assert run.run(0)[0] == 0
    assert len(run.records()) == 6


def test_a_share_that_fills_up_in_the_middle_keeps_what_is_done_and_goes_on_when_there_is_room(
    tmp_path: Path, share: Disk
) -> None:
    run = run_on(share, tmp_path, state_too=True)
    process = run.start(0)
    wait_until("two frames are recorded", lambda: len(run.records()) == 2)
    with pytest.raises(OSError, match="No space left"):
        (share.folder / "filler").write_bytes(bytes(70 << 20))
    (run.folder / "go").touch()
    assert process.wait(lane_runs.PATIENCE_SECS) == 1
    printed = run.log(0).read_text(encoding="utf-8")
    assert "disk full" in printed.lower()
    assert not [path for path in (run.state / "frames").glob("*.json") if not json.loads(path.read_bytes())]
    (share.folder / "filler").unlink()
    finishes(run)
