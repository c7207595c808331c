# SPDX-License-Identifier: Apache-2.0
"""A scene that is set to write a film: its pictures are shared out, its film is put together by the last lane."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import lane_runs
from farms import Farm, farmhand_command
from lane_runs import JobRun, blender_params, load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from blenders import Blender

FFMPEG = shutil.which("ffmpeg")
FILM = {"format": "MPEG4", "codec": "H264", "audio_codec": "AAC", "constant_rate_factor": "HIGH"}

needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not on PATH: tools/setup.sh ffmpeg installs it")


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    lane_runs.end_all()


def streams(film: Path) -> dict[str, dict[str, Any]]:
    """Decode a film to its end, and say what it holds: by kind of stream, what ffprobe tells of it."""
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(film)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]
    return {stream["codec_type"]: stream for stream in found}


def film_run(folder: Path, blender: Blender, *, content: dict[str, Any] | None = None, **job: Any) -> JobRun:
    """A job of a scene with a film, whose pictures lie in a folder of their own."""
    film = {"output": str(folder / "film" / "shot_"), "frames": "1-6"}
    told = {"format": "FFMPEG", "film": FILM, "sound": True, **(content or {})}
    return JobRun(folder, blender, content=told, film=film, **job)


def film_state(run: JobRun) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(run.state.joinpath("film.json").read_text(encoding="utf-8"))
    return state


def settings(**changes: Any) -> dict[str, Any]:
    """How a film is set, as the child tells it."""
    film = {
        "codec": "H264",
        "container": "MKV",
        "rate_factor": 23,
        "preset": "GOOD",
        "prores": "422_STD",
        "lossless": False,
        "bitrate": 6000,
        "minrate": 0,
        "maxrate": 9000,
        "buffer": 224 * 8,
        "gop": 18,
        "b_frames": 0,
        "quality": 90,
        "color_mode": "RGB",
        "depth": 8,
        "height": 480,
        "fps": 25,
        "fps_base": 1.0,
        "aspect": [1.0, 1.0],
        "audio_codec": "NONE",
        "audio_bitrate": 192,
        "audio_volume": 1.0,
    }
    return {**film, **changes}


@pytest.fixture(scope="module")
def renderer() -> ModuleType:
    return load_renderer()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pictures of the size that every codec takes, DV included, and a sound beside them."""
    folder = tmp_path_factory.mktemp("pictures")
    made = "testsrc=size=720x480:rate=25:duration=0.32,format=rgba"
    for source, target in ((made, "picture_%d.png"), ("sine=duration=1:sample_rate=48000", "sound.wav")):
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, str(folder / target)]
        subprocess.run(command, check=True)
    return folder


FILMS = [
    ("h264", "yuv420p", {"codec": "H264", "container": "MPEG4", "audio_codec": "AAC"}),
    ("h264", "yuv444p", {"codec": "H264", "container": "QUICKTIME", "rate_factor": 0, "audio_codec": "PCM"}),
    ("h264", "yuv420p", {"codec": "H264", "container": "AVI", "rate_factor": None, "audio_codec": "MP3"}),
    ("h264", "yuv420p10le", {"codec": "H264", "container": "MKV", "depth": 10, "audio_codec": "FLAC"}),
    ("hevc", "yuv420p", {"codec": "H265", "container": "MPEG4"}),
    ("mpeg4", "yuv420p", {"codec": "MPEG4", "container": "MPEG4", "audio_codec": "AC3"}),
    ("mpeg4", "yuv420p", {"codec": "MPEG4", "container": "XVID", "rate_factor": None}),
    ("mpeg1video", "yuv420p", {"codec": "MPEG1", "container": "MPEG1", "audio_codec": "MP2"}),
    ("mpeg2video", "yuv420p", {"codec": "MPEG2", "container": "MPEG2", "audio_codec": "MP2"}),
    ("vp9", "yuv420p", {"codec": "WEBM", "container": "WEBM", "audio_codec": "OPUS", "preset": "REALTIME"}),
    ("vp9", "yuv420p", {"codec": "WEBM", "container": "MKV", "color_mode": "RGBA", "preset": "REALTIME"}),
    ("av1", "yuv420p", {"codec": "AV1", "container": "MKV", "audio_codec": "VORBIS", "preset": "REALTIME"}),
    ("ffv1", "bgr0", {"codec": "FFV1", "container": "MKV", "audio_codec": "FLAC"}),
    ("ffv1", "gbrap16le", {"codec": "FFV1", "container": "MKV", "color_mode": "RGBA", "depth": 16}),
    ("huffyuv", "bgr0", {"codec": "HUFFYUV", "container": "AVI"}),
    ("png", "rgba", {"codec": "PNG", "container": "QUICKTIME", "color_mode": "RGBA"}),
    ("qtrle", "argb", {"codec": "QTRLE", "container": "QUICKTIME", "color_mode": "RGBA", "audio_codec": "PCM"}),
    ("prores", "yuv422p10le", {"codec": "PRORES", "container": "QUICKTIME", "prores": "422_HQ", "depth": 10}),
    ("theora", "yuv420p", {"codec": "THEORA", "container": "OGG", "audio_codec": "VORBIS"}),
    ("flv1", "yuv420p", {"codec": "FLASH", "container": "FLASH"}),
    ("dvvideo", "yuv411p", {"codec": "DV", "container": "DV", "fps": 30, "fps_base": 1.001}),
    ("mjpeg", "yuvj420p", {"codec": "MJPEG", "container": "AVI"}),
    ("rawvideo", "bgr24", {"codec": "RAW", "container": "AVI"}),
]


@needs_ffmpeg
@pytest.mark.parametrize("expected", FILMS)
def test_every_codec_of_blender_becomes_a_film_that_decodes_to_its_end(
    tmp_path: Path, renderer: ModuleType, pictures: Path, expected: tuple[str, str, dict[str, Any]]
) -> None:
    codec, pixels, changes = expected
    film = settings(**changes)
    assert FFMPEG is not None
    listed = subprocess.run([FFMPEG, "-hide_banner", "-encoders"], check=True, capture_output=True, text=True).stdout
    known = set(re.findall(r"^ [A-Z.]{6} (\S+)", listed, re.MULTILINE))
    encoder = next((name for name in renderer.VIDEO_ENCODERS[film["codec"]] if name in known), None)
    if encoder is None or renderer.AUDIO_ENCODERS.get(film["audio_codec"], encoder) not in known:
        pytest.skip("this ffmpeg was built without that encoder")
    target = tmp_path / "film"
    sound = None if film["audio_codec"] == "NONE" else str(pictures / "sound.wav")
    encoding = renderer.Encoder(FFMPEG, renderer.film_arguments(film, encoder, sound, 8, str(target)))
    for number in range(1, 9):
        encoding.feed(str(pictures / f"picture_{number}.png"))
    assert encoding.finish() == 0, encoding.reason()
    found = streams(target)
    assert (found["video"]["codec_name"], found["video"]["pix_fmt"]) == (codec, pixels)
    assert found["video"]["nb_read_frames"] == "8"
    assert found["video"]["r_frame_rate"] == str(renderer.frame_rate(film)) + "/1" * (film["fps_base"] == 1)
    assert ("audio" in found) == (sound is not None)


@needs_ffmpeg
@pytest.mark.parametrize("blender", blender_params())
def test_a_film_has_every_frame_and_its_sound_and_lies_where_blender_would_put_it(
    tmp_path: Path, blender: Blender
) -> None:
    run = film_run(tmp_path, blender)
    # A failing encode fails the last lane with its reason, and loses no frame.
    blocked = tmp_path / "film"
    blocked.write_text("a file where the film's folder would be", encoding="utf-8")
    assert [run.run(lane)[0] for lane in (0, 1)] == [0, 0]
    code, printed = run.run("last")
    assert code == 1, printed
    assert "farmhand: error: the film could not be put together" in printed
    assert film_state(run)["status"] == "failed"
    assert len(run.records()) == 6

    # What is mended is encoded again, and nothing is rendered for it.
    blocked.unlink()
    code, printed = run.run("last")
    assert code == 0, printed
    assert "Time: " not in printed
    film = tmp_path / "film" / "shot_0001-0006.mp4"
    assert film_state(run)["films"] == [{"path": str(film), "size_bytes": film.stat().st_size, "frames": 6}]
    assert sorted(path.name for path in film.parent.iterdir()) == [film.name]
    found = streams(film)
    assert found["video"]["codec_name"] == "h264"
    assert found["video"]["r_frame_rate"] == "24/1"
    assert found["video"]["nb_read_frames"] == "6"
    assert (found["video"]["width"], found["video"]["height"]) == (48, 32)
    assert found["audio"]["codec_name"] == "aac"
    assert abs(float(found["audio"]["duration"]) - 6 / 24) < 0.05

    # A film that is there is not made again.
    made = film.stat().st_mtime_ns
    assert run.run("last")[0] == 0
    assert film.stat().st_mtime_ns == made


def test_without_ffmpeg_the_frames_are_left_with_a_notice(tmp_path: Path) -> None:
    blender = lane_runs.blenders.default_blender()
    if blender is None:
        pytest.skip("no Blender: install one, or name it in FARMHAND_BLENDER")
    run = film_run(tmp_path, blender, content={"frames": 1}, frames="1", lanes=["1"])
    assert run.run(0)[0] == 0
    code, printed = run.run("last", FARMHAND_FFMPEG=os.devnull)
    assert code == 0, printed
    assert "farmhand: notice: there is no ffmpeg on this worker" in printed
    assert film_state(run)["status"] == "left"
    assert sorted(run.pictures()) == ["shot_0001.png"]


@needs_ffmpeg
@pytest.mark.skipif(farmhand_command() is None, reason="no farmhand command: run `make build`")
def test_the_local_farm_leaves_the_frames_without_ffmpeg_and_a_retry_with_it_makes_the_film_of_them(
    tmp_path: Path, make_scene: Callable[..., Path]
) -> None:
    scene = make_scene(tmp_path / "scene" / "scene.blend", format="FFMPEG", film=FILM, sound=True, frames=4)
    blender = lane_runs.blenders.default_blender()
    without = Farm(tmp_path / "home", blender, FARMHAND_FFMPEG=os.devnull)
    try:
        done = without.call("render", str(scene))
        assert done.returncode == 0, done.stderr
        assert "there is no ffmpeg on this computer" in done.stderr
        assert "the frames are left as pictures" in done.stderr
        assert without.answer("show", "latest")["film"]["status"] == "left"
    finally:
        without.stop()
    frames = tmp_path / "scene" / "frames"
    pictures = sorted(frames.joinpath("shot-frames").iterdir())
    assert [path.name for path in pictures] == [f"shot_000{number}.png" for number in range(1, 5)]
    rendered = [path.stat().st_mtime_ns for path in pictures]

    farm = Farm(tmp_path / "home", blender)
    try:
        farm.start()
        farm.must("retry", "latest")
        farm.must("watch", "latest")
        shown = farm.answer("show", "latest")
        assert shown["status"] == "completed"
        assert shown["output_dir"] == str(frames)
    finally:
        farm.stop()
    film = frames / "shot_0001-0004.mp4"
    assert [made["path"] for made in shown["film"]["films"]] == [str(film)]
    found = streams(film)
    assert found["video"]["nb_read_frames"] == "4"
    assert abs(float(found["audio"]["duration"]) - 4 / 24) < 0.05
    assert [path.stat().st_mtime_ns for path in pictures] == rendered
