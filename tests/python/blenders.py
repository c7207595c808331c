# SPDX-License-Identifier: Apache-2.0
"""The Blenders that tests run with, and how each is told to run a script, to render by itself, and to run a lane."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCENES = ROOT / "tests" / "scenes"
RENDERER = ROOT / "python" / "farmhand" / "renderer" / "render.py"
#: No single start of a Blender in these tests takes longer, on two cores that are busy with other things.
PATIENCE_SECS = 300


@dataclasses.dataclass(frozen=True)
class Blender:
    """A Blender to test with: the program, or a Python that has `bpy` as a module."""

    executable: str

    @functools.cached_property
    def is_module(self) -> bool:
        return Path(self.executable).name.startswith("python")

    @functools.cached_property
    def version(self) -> str:
        line = next(line for line in self.run(RENDERER, "probe").splitlines() if line.startswith("FARMHAND-PROBE"))
        version: str = json.loads(line.partition(" ")[2])["blender_version"]
        return version

    def __str__(self) -> str:
        return Path(self.executable).parents[1].name if self.is_module else Path(self.executable).name

    def script(self, script: Path, *arguments: str) -> list[str]:
        """The command line that runs a script in this Blender."""
        if self.is_module:
            return [self.executable, str(script), *arguments]
        options = ["-b", "--factory-startup", "--python-exit-code", "1", "--python", str(script), "--"]
        return [self.executable, *options, *arguments]

    def run(self, script: Path, *arguments: str, patience_secs: float = PATIENCE_SECS) -> str:
        """Run a script to its end; answers what it printed."""
        return checked(self.script(script, *arguments), patience_secs)

    def render_by_itself(self, blend: Path, scene: str, frames: list[int] | None) -> str:
        """Render a scene as Blender itself does, with `-a`; `frames` is a first and a last one, not the scene's own."""
        if self.is_module:
            return self.run(SCENES / "render_reference.py", str(blend), scene, *map(str, frames or []))
        return checked([self.executable, "-b", "--factory-startup", *by_itself(blend, scene, frames)])

    def render_each_by_itself(self, scenes: list[tuple[Path, str, list[int] | None]]) -> str:
        """Render scenes one after the other as `render_by_itself` does, with one start of Blender for all."""
        if self.is_module:
            each = [["--then", str(blend), scene, *map(str, frames or [])] for blend, scene, frames in scenes]
            return self.run(SCENES / "render_reference.py", *itertools.chain(*each), patience_secs=1800)
        each = [by_itself(*scene) for scene in scenes]
        return checked([self.executable, "-b", "--factory-startup", *itertools.chain(*each)], patience_secs=1800)

    def render_played(self, blend: Path, scene: str) -> str:
        """Render a scene while playing it frame by frame, as a simulation that isn't baked needs."""
        return self.run(SCENES / "render_reference.py", str(blend), scene, "played")

    def lane_command(self, job_file: Path, state_dir: Path, lane: int | str) -> list[str]:
        """The command line that runs one lane of a job, by the renderer of this checkout."""
        files = ["--job-file", str(job_file), "--state-dir", str(state_dir)]
        return self.script(RENDERER, "lane", *files, "--lane", str(lane))

    def lane(self, job_file: Path, state_dir: Path, lane: str) -> str:
        """Run one lane of a job to its successful end."""
        return checked(self.lane_command(job_file, state_dir, lane))


def by_itself(blend: Path, scene: str, frames: list[int] | None) -> list[str]:
    """Blender's own arguments to render an animation."""
    # Blender reads a signed number as one relative to the scene's first frame, which is 1 in these scenes.
    asked = ["-s", f"{frames[0] - 1:+d}", "-e", str(frames[1])] if frames else []
    return [str(blend), "-S", scene, *asked, "-a"]


def checked(command: list[str], patience_secs: float = PATIENCE_SECS) -> str:
    """Run a program to its successful end; answers what it printed."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=patience_secs,
    )
    tail = "\n".join(done.stdout.splitlines()[-40:])
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{tail}"
    return done.stdout


def default_blender() -> Blender | None:
    """The Blender that a user of this computer would get."""
    found = os.environ.get("FARMHAND_BLENDER") or shutil.which("blender")
    if not found and importlib.util.find_spec("bpy"):
        found = sys.executable
    if not found and os.environ.get("FARMHAND_REQUIRE_SHARED") == "1":
        pytest.fail("no Blender was found, and here one must be: `make test` installs one")
    return Blender(found) if found else None


def all_blenders() -> list[Blender]:
    """The Blenders of `FARMHAND_TEST_BLENDERS`, else the default one."""
    named = [name for name in os.environ.get("FARMHAND_TEST_BLENDERS", "").split(os.pathsep) if name]
    default = default_blender()
    return [Blender(name) for name in named] or ([default] if default else [])


def write_job(folder: Path, blend: Path, scene: dict[str, Any], lanes: list[str] | None = None) -> Path:
    """Write the description of a job as docs/lanes.md has it, as a submission would; answers its file."""
    output = scene["output"]
    if output.startswith("//"):
        output = f"{blend.parent}/{output[2:]}"
    facts = blend.stat()
    job = {
        "format": 1,
        "submission_id": uuid.uuid4().hex,
        "name": scene["name"],
        "blend_file": str(blend),
        "blend_dir": str(blend.parent),
        "blend_size_bytes": facts.st_size,
        "blend_modified_unix_secs": facts.st_mtime,
        "scene": scene["scene"],
        "frames": scene["frames"],
        "order": "auto",
        "lanes": lanes or [scene["frames"]],
        "output": output,
        "output_overridden": False,
        "settings": {
            "camera": None,
            "view_layers": None,
            "samples": None,
            "percentage": None,
            "file_format": None,
            "device": "auto",
            "gpu_required": False,
            "denoise": "scene",
            "threads": 0,
            "auto_run": False,
            "missing_files": "fail",
        },
        "simulation_start": scene["simulation_start"],
        "costs": None,
        "stall_timeout_secs": 600,
        "memory_growth_limit": 4.0,
    }
    folder.mkdir(parents=True, exist_ok=True)
    job_file = folder / "job.json"
    job_file.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
    return job_file
