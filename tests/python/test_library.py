# SPDX-License-Identifier: Apache-2.0
"""The library as a script uses it."""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import farmhand

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECS = 180


@pytest.fixture
def silent_farm() -> str:
    """The address of a server that takes connections and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken = []

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                taken.append(listener.accept()[0])

    taker = threading.Thread(target=take, daemon=True)
    taker.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    # Closing alone would leave the thread waiting for one more connection.
    listener.shutdown(socket.SHUT_RDWR)
    taker.join()
    listener.close()
    for connection in taken:
        connection.close()


def test_frames_know_their_count_and_their_one_way_of_being_written() -> None:
    frames = farmhand.Frames("30-100:2, 1-10,20, 5")
    assert frames.count == len(frames) == 47
    assert str(frames) == "1-10,20,30-100:2" or str(frames) == "1-10, 20, 30-100:2"
    assert list(farmhand.Frames("-2-1")) == [-2, -1, 0, 1]
    assert frames == farmhand.Frames(str(frames))
    assert hash(frames) == hash(farmhand.Frames(str(frames)))
    assert 21 not in frames
    assert farmhand.Frames("1-10000000").count == 10_000_000


@pytest.mark.parametrize("text", ["10-1", "a", "1-10:0", ""])
def test_frames_that_cannot_be_understood_are_a_value_error_that_names_them(text: str) -> None:
    with pytest.raises(farmhand.FrameSetError) as raised:
        farmhand.Frames(text)
    assert isinstance(raised.value, ValueError)
    assert text in str(raised.value)


def test_a_snapshot_of_a_farm_that_never_answers_is_there_at_once(silent_farm: str) -> None:
    watch = farmhand.connect(silent_farm).watch()
    began = time.monotonic()
    for _ in range(1000):
        assert watch.snapshot().state in {"connecting", "offline"}
    assert time.monotonic() - began < 1.0


def test_waiting_for_a_farm_that_never_answers_ends_after_the_time_that_was_allowed(silent_farm: str) -> None:
    with pytest.raises(TimeoutError):
        farmhand.connect(silent_farm).jobs(timeout_secs=0.3)


def test_a_farm_that_is_not_there_is_a_connection_error_that_names_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionError, match=str(port)):
        farmhand.connect(f"http://127.0.0.1:{port}").jobs()


def test_a_token_shows_in_no_error_and_no_representation(silent_farm: str) -> None:
    farm = farmhand.connect(silent_farm, token="quite-secret-words")  # noqa: S106 - no password of anything
    with pytest.raises(TimeoutError) as raised:
        farm.jobs(timeout_secs=0.3)
    assert "quite-secret-words" not in f"{raised.value!r} {farm!r} {farm.watch().snapshot().message}"


def test_a_submission_goes_through_its_stages_to_a_job_that_ends(farm_home: Path, small_scene: Path) -> None:
    farm = farmhand.local()
    watch = farm.watch()
    assert watch.snapshot().state in {"connecting", "stopped"}
    submission = farm.submit(small_scene, frames="2-3", name="two frames")
    job = submission.result(timeout_secs=PATIENCE_SECS)
    assert submission.state == "done"
    assert submission.job_id == job.job_id
    stages = [event.message for event in submission.poll() if event.kind == "stage"]
    assert len(stages) >= 3
    assert job.wait(timeout_secs=PATIENCE_SECS) == "completed"
    assert [record["frame"] for record in job.frames()] == [2, 3]
    assert job.progress()["frames_done"] == 2
    assert job.name == "two frames"
    assert "Saved:" in job.log()
    watch.refresh()
    deadline = time.monotonic() + PATIENCE_SECS
    while not any(not job.is_live for job in watch.snapshot().jobs):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (view,) = watch.snapshot().jobs
    assert (view.frames_done, view.fraction, view.is_live) == (2, 1.0, False)
    assert view.output_dir == job.output_dir
    assert farm_home.is_dir()


def test_a_scene_without_a_camera_is_held_back_with_the_way_out(
    farm_home: Path, tmp_path: Path, make_scene: Callable[..., Path]
) -> None:
    scene = make_scene(tmp_path / "blind.blend", camera=False)
    assert "no-camera" in [finding.code for finding in farmhand.check(scene)]
    submission = farmhand.local().submit(scene)
    with pytest.raises(farmhand.CheckError, match="camera"):
        submission.result(timeout_secs=PATIENCE_SECS)
    assert submission.state == "failed"
    assert farm_home.is_dir()


def test_a_file_that_is_no_scene_and_one_that_is_not_there_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "text.blend").write_text("no scene", encoding="utf-8")
    with pytest.raises(farmhand.BlendFileError, match=r"text\.blend"):
        farmhand.read_blend(tmp_path / "text.blend")
    with pytest.raises(FileNotFoundError, match=r"away\.blend"):
        farmhand.read_blend(tmp_path / "away.blend")


def test_an_unknown_choice_is_a_value_error_that_lists_the_known_ones(small_scene: Path) -> None:
    with pytest.raises(ValueError, match="new-folder"):
        farmhand.connect("http://127.0.0.1:1").submit(small_scene, existing="burn")  # type: ignore[arg-type]


def in_a_fork(url: str) -> str:
    try:
        farmhand.connect(url).jobs(timeout_secs=5)
    except farmhand.FarmhandError as error:
        return str(error)
    return "no error"


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_is_told_instead_of_hanging(silent_farm: str) -> None:
    with pytest.raises(TimeoutError):
        farmhand.connect(silent_farm).jobs(timeout_secs=0.1)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        words = pool.apply_async(in_a_fork, [silent_farm]).get(timeout=30)
    assert "fork" in words


def test_what_is_planned_for_workers_covers_every_frame_once() -> None:
    lanes = farmhand.plan("1-10", workers=3)
    assert [lane.count for lane in lanes] == [4, 3, 3]
    assert sorted(frame for lane in lanes for frame in lane) == list(range(1, 11))


def test_seconds_left_read_like_words() -> None:
    assert farmhand.format_seconds_left(90.0, 150.0)


def test_a_trace_says_what_could_not_be_followed(tmp_path: Path) -> None:
    linking = Path(__file__).resolve().parents[2].parent / "shared" / "blends" / "bat" / "doubly_linked.blend"
    if not linking.exists():
        pytest.skip(f"no {linking}")
    scene = tmp_path / "scene.blend"
    shutil.copy(linking, scene)
    traced = farmhand.read_blend(scene).trace(frames="1-10")
    assert {problem.code for problem in traced.problems} == {"library_missing"}
    assert all(problem.path in problem.message for problem in traced.problems)
    missing = {file.path for file in traced.files if file.missing and file.kind == "library"}
    assert missing == {problem.path for problem in traced.problems}


def test_the_files_that_a_scene_needs_are_named_with_their_owners(
    tmp_path: Path, make_scene: Callable[..., Path]
) -> None:
    scene = make_scene(tmp_path / "scene.blend", sound=True)

    def sounds() -> list[farmhand.Dependency]:
        found = farmhand.read_blend(scene).dependencies()
        assert [output.stored for output in found if output.role == "output"] == ["//frames/shot_####"]
        return [dependency for dependency in found if dependency.kind == "sound"]

    tone = scene.with_name("tone.wav")
    [sound] = sounds()
    assert (sound.owner_type, sound.owner, sound.blend_file) == ("bSound", "tone.wav", str(scene))
    assert sound.is_required
    assert not sound.is_packed
    [file] = sound.files
    assert (file.path, file.size_bytes, file.missing) == (str(tone), tone.stat().st_size, False)
    tone.rename(tone.with_name("TONE.wav"))
    [file] = sounds()[0].files
    assert file.missing == (not tone.exists())
    if file.missing:
        assert file.found_as == str(tone.with_name("TONE.wav"))
    tone.with_name("TONE.wav").unlink()
    [file] = sounds()[0].files
    assert (file.missing, file.size_bytes, file.found_as) == (True, None, None)


def test_a_job_with_the_output_of_one_that_lives_is_held_back_until_it_gets_a_folder_of_its_own(
    farm_home: Path, small_scene: Path
) -> None:
    farm = farmhand.local()
    # It lives until somebody approves.
    first = farm.submit(small_scene, order="scouts-then-wait").result(timeout_secs=PATIENCE_SECS)
    second = farm.submit(small_scene)
    with pytest.raises(farmhand.FarmhandError, match=first.job_id):
        second.result(timeout_secs=PATIENCE_SECS)
    findings = [event.finding for event in second.poll() if event.finding is not None]
    (shared,) = [finding for finding in findings if finding.code == "output-shared"]
    assert shared.severity == "error"
    assert "new-folder" in str(shared.fix)
    third = farm.submit(small_scene, existing="new-folder").result(timeout_secs=PATIENCE_SECS)
    assert third.output_dir != first.output_dir
    for job in (first, third):
        job.cancel()
    assert farm_home.is_dir()
