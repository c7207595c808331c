# SPDX-License-Identifier: Apache-2.0
"""A Blender with the add-on, installed as an artist would, in folders that are thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk import clean_environment, end_processes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

# The extension where this Blender knows such, the classic add-on where it does not.
INSTALL = """
import bpy, sys
classic, extension = sys.argv[-2:]
if bpy.app.version < (4, 2, 0):
    bpy.ops.preferences.addon_install(filepath=classic)
    bpy.ops.preferences.addon_enable(module="farmhand_addon")
else:
    bpy.ops.extensions.package_install_files(filepath=extension, repo="user_default", enable_on_install=True)
bpy.context.preferences.view.show_splash = False
bpy.ops.wm.save_userpref()
"""


def packed(pattern: str) -> Path:
    """Return the one file in dist/ that has this name."""
    dist = Path(os.environ.get("FARMHAND_DIST", ROOT / "dist"))
    found = sorted(dist.glob(pattern))
    if len(found) != 1:
        pytest.fail(f"{dist} should hold one {pattern}, it holds {found}: run `make clean addon`")
    return found[0]


@pytest.fixture(scope="session")
def blender() -> str:
    """The Blender with a window."""
    found = shutil.which(os.environ.get("FARMHAND_WINDOW_BLENDER", "blender"))
    if not found:
        pytest.fail("no `blender` on PATH: `make test-all` installs it")
    return found


@pytest.fixture(scope="session")
def classic_zip() -> Path:
    """The classic add-on from `make addon`."""
    return packed("farmhand-classic-[0-9]*.zip")


@pytest.fixture(scope="session")
def extension_zip() -> Path:
    """The extension from `make addon`."""
    return packed("farmhand-[0-9]*.zip")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of its own, and the end of everything that was started in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    end_processes_of(folder)


@pytest.fixture
def installed(blender: str, classic_zip: Path, extension_zip: Path, home: Path) -> str:
    """A Blender in which the add-on is installed and enabled."""
    command = [blender, "--background", "--python-exit-code", "1", "--python-expr", INSTALL, "--"]
    command += [str(classic_zip), str(extension_zip)]
    subprocess.run(command, env=clean_environment(home), check=True, timeout=120, stdout=subprocess.DEVNULL)
    return blender
