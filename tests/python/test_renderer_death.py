# SPDX-License-Identifier: Apache-2.0
"""How the supervisor tells apart the ways in which Blender dies, and what it makes of files that it cannot write."""

from __future__ import annotations

import errno
import threading
from typing import TYPE_CHECKING, Any

import pytest

import lane_runs

if TYPE_CHECKING:
    from pathlib import Path

render = lane_runs.load_renderer()


class DeadChild:
    """What is left of a child: its lines, whether it had been silent, and the count of kills when it started."""

    def __init__(self, *lines: str, stalled: bool = False, memory_kills: int | None = 0) -> None:
        self.lines = ["a line of the frame before: out of memory", render.FRAME_MARK.format(3), *lines]
        self.stalled = stalled
        self.memory_kills = memory_kills

    since_frame_began = render.Child.since_frame_began
    tail = render.Child.tail
    crash_file = render.Child.crash_file


@pytest.fixture
def lane() -> Any:
    made = object.__new__(render.Lane)
    made.job = {"stall_timeout_secs": 600}
    made.closing = threading.Event()
    made.worker, made.lane, made.run = "host:1", 0, "aa"
    return made


def death(lane: Any, child: DeadChild, code: int) -> Any:
    return lane.death(child, code, "rendering frame 3")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-11, "crash"),
        (139, "crash"),
        (-6, "crash"),
        (0xC0000005, "crash"),
        (-9, "killed"),
        (137, "killed"),
        (-15, "killed"),
        (0xC0000017, "memory"),
        (0, "error"),
        (1, "error"),
    ],
)
def test_the_reason_of_a_death_follows_from_its_code(
    lane: Any, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    monkeypatch.setattr(render, "memory_kills", lambda: 0)
    failure = death(lane, DeadChild(), code)
    assert failure.reason == reason
    assert "frame 3" in failure.message


def test_a_silent_blender_is_a_stall_however_it_was_ended(lane: Any) -> None:
    assert death(lane, DeadChild("out of memory", stalled=True), -9).reason == "stall"


@pytest.mark.parametrize(
    ("counts", "reason", "said"),
    [
        ((3, 4), "memory", "--lanes 1"),
        ((3, 3), "killed", "killed nothing here for want of memory"),
        ((None, None), "killed", "keeps no count"),
    ],
)
def test_a_kill_is_put_down_to_memory_only_where_the_system_counts_one(
    lane: Any, monkeypatch: pytest.MonkeyPatch, counts: tuple[int | None, int | None], reason: str, said: str
) -> None:
    before, after = counts
    monkeypatch.setattr(render, "memory_kills", lambda: after)
    failure = death(lane, DeadChild(memory_kills=before), -9)
    assert failure.reason == reason
    assert said in failure.message


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("Malloc returns null: len=38654705664 in render buffers, total 123", "--lanes 1"),
        ("Calloc array aborted due to integer overflow / Calloc array returns null", "--lanes 1"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "--lanes 1"),
        ("MemoryError", "--lanes 1"),
        ("System is out of GPU memory", "--device cpu"),
        ("System is out of GPU and shared host memory", "--device cpu"),
        ("Out of memory in CUDA queue enqueue (integrator_init_from_camera)", "--device cpu"),
        ("CUDA error: CUDA_ERROR_OUT_OF_MEMORY, line 1359", "--device cpu"),
        ("OPTIX_ERROR_DEVICE_OUT_OF_MEMORY in optixAccelBuild", "--device cpu"),
    ],
)
def test_whoever_says_that_memory_ran_out_is_believed_and_the_way_out_fits_the_memory(
    lane: Any, line: str, advice: str
) -> None:
    failure = death(lane, DeadChild("Fra:3 Mem:100M", line, "Writing: /nowhere/scene.crash.txt"), -11)
    assert failure.reason == "memory"
    assert line in failure.message
    assert advice in failure.message


def test_the_crash_log_holds_the_cause_blender_s_own_crash_file_and_every_line(lane: Any, tmp_path: Path) -> None:
    crash_file = tmp_path / "scene.crash.txt"
    crash_file.write_text("# backtrace\nlibblender", encoding="utf-8")
    log = death(lane, DeadChild("Fra:3", f"Writing: {crash_file}"), -11).crash_log
    words = ("crash: Blender ended with signal 11 while rendering frame 3", "worker host:1", "libblender", "Fra:3")
    assert [word for word in words if word not in log] == []


def test_the_kills_are_counted_by_the_nearest_that_counts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = tmp_path / "memory.events", tmp_path / "vmstat"
    monkeypatch.setattr(render, "kill_counters", lambda: [str(near), str(far)])
    assert render.memory_kills() is None
    far.write_text("nr_free_pages 12\noom_kill 7\n", encoding="ascii")
    assert render.memory_kills() == 7
    near.write_text("low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\noom_group_kill 0\n", encoding="ascii")
    assert render.memory_kills() == 2


@pytest.mark.parametrize(("held", "tries"), [(3, 4), (1000, 100)])
def test_on_windows_a_file_that_a_viewer_holds_is_tried_again_and_then_said(
    monkeypatch: pytest.MonkeyPatch, held: int, tries: int
) -> None:
    seen: list[str] = []

    def replace(source: str, target: str) -> None:
        seen.append(source)
        if len(seen) <= held:
            raise PermissionError(errno.EACCES, "Access is denied", source, 5, target)

    monkeypatch.setattr(render.os, "replace", replace)
    monkeypatch.setattr(render.time, "sleep", lambda _secs: None)
    monkeypatch.setattr(render, "WINDOWS", True)
    if held < tries:
        render.rename_over("new.png", "shot.png")
    else:
        with pytest.raises(PermissionError, match=r"picture viewer.*shot\.png"):
            render.rename_over("new.png", "shot.png")
    assert len(seen) == tries


def test_elsewhere_a_file_that_may_not_be_replaced_is_no_reason_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(_source: str, _target: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(render.os, "replace", replace)
    monkeypatch.setattr(render, "WINDOWS", False)
    with pytest.raises(PermissionError, match="Permission denied"):
        render.rename_over("new.png", "shot.png")


@pytest.mark.parametrize(
    ("number", "word"),
    [(errno.ENOSPC, "make room"), (errno.EROFS, "read-only"), (errno.ENOENT, "disappeared"), (errno.ESTALE, "retry")],
)
def test_a_file_that_cannot_be_written_is_said_with_the_way_out(number: int, word: str) -> None:
    said = render.writing_failed(OSError(number, "it cannot be", "/share/frames/000001.claim"))
    assert word in said
    assert "/share/frames/000001.claim" in said


@pytest.mark.parametrize(
    ("frame", "cyclic", "missing"),
    [
        (10, False, "001"),
        (11, False, None),
        (9, False, None),
        (12, False, "003"),
        (40, False, "003"),
        (13, True, "001"),
    ],
    ids=["the first", "one that is there", "before the first", "the last", "past the last", "round again"],
)
def test_the_picture_of_a_sequence_is_looked_for_as_blender_counts(
    tmp_path: Path, frame: int, missing: str | None, *, cyclic: bool
) -> None:
    (tmp_path / "wood2_002-x.png").touch()
    one = render.PictureSequence(
        "image 'wood'", str(tmp_path / "wood2_001-x.png"), start=10, duration=3, offset=0, cyclic=cyclic
    )
    found = one.missing(frame)
    assert [name.rpartition("_")[2] for name in found] == ([f"{missing}-x.png"] if missing else [])
