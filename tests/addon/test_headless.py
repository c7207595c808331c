# SPDX-License-Identifier: Apache-2.0
"""The add-on's two zips in Blenders without a window, from installing to uninstalling."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from desk import clean_environment

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("render_four_frames.py")


def blenders() -> list[str]:
    """The Blenders and the Pythons with bpy that `make test-all` names."""
    return [path for path in os.environ.get("FARMHAND_TEST_BLENDERS", "").split(":") if path]


def is_python(executable: str) -> bool:
    return Path(executable).name.startswith("python")


def run_inside(executable: str, archive: Path, folder: Path, home: Path) -> dict[str, Any]:
    """Run the script in a Blender, end the local farm that it started, and return what it tells."""
    start = [executable] if is_python(executable) else [executable, "-b", "--python-exit-code", "1", "--python"]
    environment = clean_environment(home)
    command = [*start, str(SCRIPT), "--", str(archive), str(folder)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    told = next(line for line in ended.stdout.splitlines() if line.startswith("OUTCOME "))
    return json.loads(told.removeprefix("OUTCOME "))


def check(outcome: dict[str, Any], folder: Path) -> None:
    assert outcome["unsaved_scene_is_refused"] is True
    assert outcome["check"] == ["FINISHED"]
    assert outcome["frames_seen"] == 4
    assert "No farm is named 'nowhere'" in outcome["farm_that_is_none"]
    assert outcome["submit_job"] == ["FINISHED"]
    assert outcome["status"] == "completed"
    assert outcome["operators_left"] == []
    assert outcome["group_left"] is False
    frames = sorted(path.name for path in (folder / "frames").glob("*.png"))
    assert frames == [f"small_{number:04}.png" for number in range(1, 5)]


@pytest.mark.parametrize("executable", [path for path in blenders() if is_python(path)])
def test_the_extension_installs_renders_and_uninstalls(
    executable: str, extension_zip: Path, home: Path, tmp_path: Path
) -> None:
    check(run_inside(executable, extension_zip, tmp_path, home), tmp_path)


@pytest.mark.parametrize("executable", [path for path in blenders() if not is_python(path)])
def test_the_classic_add_on_installs_renders_and_uninstalls(
    executable: str, classic_zip: Path, home: Path, tmp_path: Path
) -> None:
    check(run_inside(executable, classic_zip, tmp_path, home), tmp_path)


@pytest.mark.parametrize("executable", [path for path in blenders() if is_python(path)])
def test_blender_finds_no_fault_in_the_extension(executable: str, extension_zip: Path) -> None:
    folder = Path(executable).parent.parent
    (tool,) = folder.glob("lib/python*/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    subprocess.run([executable, str(tool), "validate", str(extension_zip)], check=True, timeout=60)
