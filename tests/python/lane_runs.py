# SPDX-License-Identifier: Apache-2.0
"""Runs lanes of the renderer for tests: real Blenders, small scenes, job descriptions."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import blenders

if TYPE_CHECKING:
    from types import ModuleType

    from _pytest.mark import ParameterSet

SCENE_MAKER = Path(__file__).with_name("lane_scene.py")
PATIENCE_SECS = blenders.PATIENCE_SECS


def blender_params() -> list[ParameterSet]:
    """Parametrize over the Blenders to test with: the first is for every run of the tests, the others are slow ones."""
    return [
        pytest.param(blender, id=str(blender), marks=[pytest.mark.slow] if number else [])
        for number, blender in enumerate(blenders.all_blenders())
    ]


def load_renderer() -> ModuleType:
    """Load the renderer as a module of this Python, for what needs no Blender."""
    spec = importlib.util.spec_from_file_location("farmhand_render_under_test", blenders.RENDERER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


STARTED: list[subprocess.Popen[str]] = []


def end_all() -> None:
    """End every lane that a test has left running."""
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.wait()


class JobRun:
    """A job in a folder of its own, and the lanes of it that are run."""

    def __init__(
        self, folder: Path, blender: blenders.Blender, *, content: dict[str, Any] | None = None, **job: Any
    ) -> None:
        self.folder = folder
        self.blender = blender
        self.blend = folder / "scene.blend"
        self.state = folder / "state"
        self.output = folder / "frames" / "shot_####"
        # A program, with its arguments, that runs a lane under some limit.
        self.limits: list[str] = []
        if content is not None:
            blender.run(SCENE_MAKER, str(self.blend), json.dumps(content))
        self.write_job(**job)

    def write_job(self, *, settings: dict[str, Any] | None = None, **changes: Any) -> None:
        """Write the job description, with settings and other keys changed."""
        scene = {
            "name": "test",
            "scene": "Scene",
            "frames": "1-6",
            "output": str(self.output),
            "simulation_start": None,
        }
        path = blenders.write_job(self.folder, self.blend, scene, ["1-3", "4-6"])
        job = json.loads(path.read_text(encoding="utf-8"))
        job["settings"].update(settings or {})
        path.write_text(json.dumps({**job, "stall_timeout_secs": 120, **changes}), encoding="utf-8")

    def lane_command(self, lane: int | str) -> list[str]:
        return [*self.limits, *self.blender.lane_command(self.folder / "job.json", self.state, lane)]

    def start(self, lane: int | str, **environment: str) -> subprocess.Popen[str]:
        """Start a lane; its output goes to `lane-N.log`."""
        with self.log(lane).open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                self.lane_command(lane),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, **environment},
            )
        STARTED.append(process)
        return process

    def run(self, lane: int | str, **environment: str) -> tuple[int, str]:
        """Run a lane to its end; answers its exit code and what it printed."""
        self.log(lane).unlink(missing_ok=True)
        process = self.start(lane, **environment)
        code = process.wait(PATIENCE_SECS * 2)
        return code, self.log(lane).read_text(encoding="utf-8", errors="replace")

    def log(self, lane: int | str) -> Path:
        return self.folder / f"lane-{lane}.log"

    def record(self, frame: int) -> dict[str, Any] | None:
        return read(self.state / "frames" / f"{frame:06d}.json")

    def failed(self, frame: int) -> dict[str, Any] | None:
        return read(self.state / "frames" / f"{frame:06d}.failed.json")

    def claim(self, frame: int) -> dict[str, Any] | None:
        return read(self.state / "frames" / f"{frame:06d}.claim")

    def put_claim(self, frame: int, **counts: int) -> None:
        """Leave a claim behind as an earlier run of lane 0 would."""
        claim = {"lane": 0, "run": "gone", "worker": "gone:1", "fails": 0, "lost": 0, "retry": 0, **counts}
        path = self.state / "frames" / f"{frame:06d}.claim"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(claim), encoding="utf-8")

    def records(self, frames: range = range(1, 7)) -> list[dict[str, Any]]:
        return [record for record in map(self.record, frames) if record is not None]

    def pictures(self) -> dict[str, bytes]:
        """Read every output by its path below the job's folder."""
        found = self.folder / "frames"
        return {path.relative_to(found).as_posix(): path.read_bytes() for path in found.rglob("*") if path.is_file()}


def read(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def pixels(png: bytes) -> bytes:
    """Give what a PNG shows, past the texts (date, render time) that differ with every rendering."""
    place, kept = 8, b""
    while place < len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        kind = png[place + 4 : place + 8]
        if kind in (b"IHDR", b"PLTE", b"IDAT"):
            kept += kind + png[place + 8 : place + 8 + length]
        place += 12 + length
    return kept
