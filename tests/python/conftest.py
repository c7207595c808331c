# SPDX-License-Identifier: Apache-2.0
"""A home for Farmhand that is thrown away, and a small real scene."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blenders import default_blender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCENE_MAKER = Path(__file__).with_name("lane_scene.py")
FARMHAND = [sys.executable, "-m", "farmhand"]


@pytest.fixture
def farm_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Everything that Farmhand calls its own, below one folder; a farm that was started there is ended."""
    home = tmp_path / "farmhand-home"
    home.mkdir()
    monkeypatch.setenv("FARMHAND_HOME", str(home))
    yield home
    subprocess.run([*FARMHAND, "local", "stop"], check=False, capture_output=True, timeout=60)


@pytest.fixture(scope="session")
def make_scene() -> Callable[..., Path]:
    """Make a small scene with options of `lane_scene.py`, by the Blender that the local farm will use."""

    def make(path: Path, **options: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        blender = default_blender()
        assert blender is not None, "no Blender was found; `make test` installs one"
        made = blender.run(SCENE_MAKER, str(path), json.dumps(options))
        assert path.is_file(), made
        return path

    return make


@pytest.fixture
def small_scene(tmp_path: Path, make_scene: Callable[..., Path]) -> Path:
    """A turning cube: Cycles, one sample, 48 by 32, six frames."""
    return make_scene(tmp_path / "scene" / "scene.blend")
