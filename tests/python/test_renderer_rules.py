# SPDX-License-Identifier: Apache-2.0
"""The lane rules of docs/lanes.md, performed on real files with a stand-in for Blender."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

import lane_runs
from test_renderer_wholeness import png

render = lane_runs.load_renderer()


class FakeBlender:
    """Renders every frame as a small PNG, but for those that it is told to fail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.poison: set[int] = set()
        self.rendered: list[int] = []
        self.before_frame: Callable[[int], None] = lambda _frame: None

    def lane(self, lane: int | str = 0) -> Any:
        made = render.Lane(str(self.folder / "job.json"), str(self.folder / "state"), str(lane))
        made.rendered_by_child = self.render
        made.about = {"device": "CPU", "device_names": [], "samples": 1, "blender_version": "0"}
        return made

    def render(self, frame: int, folder: str) -> dict[str, Any]:
        self.before_frame(frame)
        self.rendered.append(frame)
        if frame in self.poison:
            raise render.FrameError("crash", f"poison in frame {frame}", ["last words"])
        Path(folder).mkdir(parents=True)
        source = Path(folder) / "picture.png"
        source.write_bytes(png())
        target = self.folder / "frames" / f"{frame}.png"
        return {"files": [[str(source), str(target)]], "seconds": 0.5, "rss_bytes": 0, "peak_memory_bytes": 0}

    def run(self, lane: int | str = 0) -> bool:
        """Run a lane to its end; false where it cannot render at all."""
        made = self.lane(lane)
        try:
            return bool(made.work())
        except render.CannotRenderError:
            return False
        finally:
            made.close(kindly=True)

    def file(self, frame: int, suffix: str) -> Path:
        return self.folder / "state" / "frames" / f"{frame:06d}{suffix}"

    def read(self, frame: int, suffix: str) -> dict[str, Any] | None:
        return lane_runs.read(self.file(frame, suffix))

    def put_claim(self, frame: int, **claim: Any) -> None:
        path = self.file(frame, ".claim")
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = {"lane": 0, "run": "gone", "worker": "w:1", "fails": 0, "lost": 0, "retry": 0, **claim}
        path.write_text(json.dumps(whole), encoding="utf-8")


@pytest.fixture
def fake(tmp_path: Path) -> FakeBlender:
    (tmp_path / "scene.blend").write_bytes(b"BLENDER-v304")
    job = {
        "format": 1,
        "blend_file": str(tmp_path / "scene.blend"),
        "scene": "Scene",
        "frames": "1-6",
        "lanes": ["1-3", "4-6"],
        "output": str(tmp_path / "frames" / "####"),
        "settings": {},
        "order": "sequential",
    }
    (tmp_path / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return FakeBlender(tmp_path)


def test_a_lane_alone_renders_every_frame_and_ends_with_success(fake: FakeBlender) -> None:
    assert fake.run(1)
    assert fake.rendered == [4, 5, 6, 3, 2, 1]
    record = fake.read(4, ".json")
    assert record is not None
    assert record["seconds"] == 0.5
    assert [output["path"] for output in record["outputs"]] == [str(fake.folder / "frames" / "4.png")]
    assert fake.run("last")
    assert len(fake.rendered) == 6


def test_a_lane_leaves_no_unfinished_output_behind(fake: FakeBlender) -> None:
    fake.poison = {2}
    fake.run(0)
    assert list((fake.folder / "state" / "tmp").iterdir()) == []


def test_frames_of_another_lane_are_left_to_it(fake: FakeBlender) -> None:
    fake.put_claim(2, lane=1)
    assert fake.run(0)
    assert 2 not in fake.rendered


def test_an_unreadable_claim_is_somebody_else_s_but_not_to_the_last_lane(fake: FakeBlender) -> None:
    fake.put_claim(2)
    fake.file(2, ".claim").write_text("", encoding="utf-8")
    assert fake.run(0)
    assert 2 not in fake.rendered
    assert fake.run("last")
    assert fake.read(2, ".claim") == {**(fake.read(2, ".claim") or {}), "lane": 2, "fails": 0, "lost": 0, "retry": 0}


def test_a_claim_of_a_dead_run_of_the_own_lane_is_taken_over_and_counted_as_lost(fake: FakeBlender) -> None:
    fake.put_claim(2, lost=0)
    assert fake.run(0)
    assert (fake.read(2, ".claim") or {})["lost"] == 1
    assert fake.rendered[:3] == [1, 2, 3]


def test_a_frame_that_was_lost_twice_or_failed_once_goes_last(fake: FakeBlender) -> None:
    fake.put_claim(1, lost=2)
    fake.put_claim(2, fails=1)
    assert fake.run(0)
    assert fake.rendered == [3, 6, 5, 4, 1, 2]


def test_a_frame_that_was_lost_too_often_is_recorded_as_failed(fake: FakeBlender) -> None:
    fake.put_claim(2, lost=8)
    assert fake.run(0)
    assert 2 not in fake.rendered
    assert (fake.read(2, ".failed.json") or {})["reason"] == "lost"


def test_a_poison_frame_is_tried_three_times_and_the_others_are_rendered(fake: FakeBlender) -> None:
    fake.poison = {2}
    assert fake.run(0)
    assert fake.rendered.count(2) == 3
    failed = fake.read(2, ".failed.json") or {}
    assert (failed["reason"], failed["message"], failed["log_tail"]) == ("crash", "poison in frame 2", ["last words"])
    assert sum(fake.read(frame, ".json") is not None for frame in range(1, 7)) == 5


def test_a_run_whose_first_two_tries_fail_ends_without_condemning_a_frame(fake: FakeBlender) -> None:
    fake.poison = set(range(1, 7))
    assert not fake.run(0)
    assert fake.rendered == [1, 2]
    assert not any(fake.file(frame, ".failed.json").exists() for frame in range(1, 7))


def test_the_next_run_of_a_lane_that_could_not_render_tries_other_frames_first(fake: FakeBlender) -> None:
    fake.poison = {1, 2}
    assert not fake.run(0)
    assert fake.run(0)
    assert fake.rendered[2] == 3
    assert all(fake.file(frame, ".failed.json").exists() for frame in (1, 2))


def test_a_failed_frame_is_not_tried_again_until_people_ask_for_it(fake: FakeBlender) -> None:
    fake.poison = {2}
    fake.run(0)
    fake.poison = set()
    assert fake.run(0)
    assert fake.read(2, ".json") is None
    fake.put_claim(2, retry=1)
    assert fake.run(0)
    assert (fake.read(2, ".json") or {})["retry"] == 1


def test_the_last_lane_tries_each_frame_that_is_missing_once_whoever_claimed_it(fake: FakeBlender) -> None:
    fake.poison = {2}
    fake.run(0)
    fake.put_claim(5, lane=1)
    fake.file(5, ".json").unlink()
    fake.rendered.clear()
    assert not fake.run("last")
    assert fake.rendered == [2, 5]
    fake.poison = set()
    assert fake.run("last")


def test_the_last_lane_names_the_frames_that_are_not_done(fake: FakeBlender, capfd: pytest.CaptureFixture[str]) -> None:
    fake.poison = {2, 4, 5}
    assert not fake.run("last")
    printed = capfd.readouterr().out
    for frame in (2, 4, 5):
        assert f"frame {frame} is not rendered (crash): poison in frame {frame}" in printed


def test_a_record_that_is_seen_late_is_seen_before_rendering(fake: FakeBlender) -> None:
    def another_lane_was_faster(_frame: int) -> None:
        fake.before_frame = lambda _frame: None
        assert fake.run(1)

    fake.before_frame = another_lane_was_faster
    assert fake.run(0)
    assert sorted(fake.rendered) == [1, 2, 3, 4, 5, 6]


def test_a_frame_whose_picture_is_cut_or_gone_is_not_done(fake: FakeBlender) -> None:
    assert fake.run(0)
    (fake.folder / "frames" / "2.png").write_bytes(png()[:-5])
    (fake.folder / "frames" / "3.png").unlink()
    fake.rendered.clear()
    assert fake.run(0)
    assert fake.rendered == [2, 3]


def test_a_whole_picture_of_another_size_is_still_done(fake: FakeBlender) -> None:
    assert fake.run(0)
    (fake.folder / "frames" / "2.png").write_bytes(png(9, 9))
    fake.rendered.clear()
    assert fake.run(0)
    assert fake.rendered == []


def test_a_half_written_picture_is_a_failure_and_never_gets_its_name(fake: FakeBlender) -> None:
    whole = fake.render

    def cut(frame: int, folder: str) -> dict[str, Any]:
        answer = whole(frame, folder)
        if frame == 2:
            Path(answer["files"][0][0]).write_bytes(png()[:-5])
        return answer

    made = fake.lane(0)
    made.rendered_by_child = cut
    assert made.work()
    made.close(kindly=True)
    assert not (fake.folder / "frames" / "2.png").exists()
    assert (fake.read(2, ".failed.json") or {})["reason"] == "output"


def test_every_step_is_traced_after_it_was_done(fake: FakeBlender, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = fake.folder / "trace"
    monkeypatch.setenv("FARMHAND_LANE_TRACE", str(trace))
    fake.poison = {2}
    fake.run(0)
    lines = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["step"] == "start"
    assert lines[0]["order"] == [1, 2, 3, 6, 5, 4]
    steps = [line["step"] for line in lines if line["frame"] == 1]
    assert steps == ["look", "create", "write", "look_again", "render", "publish", "record"]
    steps = [line["step"] for line in lines if line["frame"] == 2]
    assert steps[:6] == ["look", "create", "write", "look_again", "render", "count"]
    assert steps[6:8] == ["requeue", "look"]
    assert steps[-3:] == ["render", "count", "record_failed"]
    assert (lines[-1]["step"], lines[-1]["result"]) == ("end", "success")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format 2"),
        ({"scene": None, "frames": None}, "lacks"),
        ({"blend_file": "/nowhere/scene.blend"}, "/nowhere/scene.blend"),
        ({"output": "/proc/nowhere/shot_####"}, "/proc/nowhere"),
        ({"frames": "1-b"}, "1-b"),
    ],
)
def test_a_job_that_cannot_be_rendered_says_why_and_claims_nothing(
    fake: FakeBlender, change: dict[str, Any], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = fake.folder / "job.json"
    job = {key: value for key, value in {**json.loads(path.read_text()), **change}.items() if value is not None}
    path.write_text(json.dumps(job), encoding="utf-8")
    options = render.argparse.Namespace(job_file=str(path), state_dir=str(fake.folder / "state"), lane="0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "watch_signals", lambda _close: None)
        patch.setattr(render, "watch_parent", lambda _close: None)
        assert render.run_lane(options) == 1
    assert said in capfd.readouterr().out
    assert not list((fake.folder / "state").glob("frames/*.claim"))


def test_a_blender_whose_memory_only_grows_is_started_afresh_between_frames(
    fake: FakeBlender, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Child:
        frames, base_rss, ended = 0, 0, False

        def end(self) -> None:
            self.ended = True

    monkeypatch.setattr(render, "memory_limit", lambda: 100 << 30)
    made, child = fake.lane(0), Child()
    made.child = child
    for gigabytes in (2, 3, 2, 4, 11, 12):
        child.frames += 1
        made.recycle_if_growing(gigabytes << 30)
        assert not child.ended
    child.frames += 1
    made.recycle_if_growing(13 << 30)
    assert child.ended
    assert made.child is None
    made.close(kindly=True)


def test_a_blender_that_grows_towards_the_memory_there_is_is_started_afresh_but_not_one_that_is_merely_large(
    fake: FakeBlender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "memory_limit", lambda: 10 << 30)
    for first, later, is_ended in ((8, 9, False), (5, 7, False), (5, 9, True)):
        ended: list[bool] = []
        child = type(
            "Child", (), {"frames": 4, "base_rss": first << 30, "end": lambda _self, ended=ended: ended.append(True)}
        )
        made = fake.lane(0)
        made.child = child()
        made.recycle_if_growing(later << 30)
        assert bool(ended) == is_ended
        made.child = None
        made.close(kindly=True)
