# SPDX-License-Identifier: Apache-2.0
"""Blender Asset Tracer 1.23, which Farmhand's tracing is held beside; kept in the cache of downloads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CACHE = Path(os.environ.get("FARMHAND_CACHE") or Path.home() / ".cache" / "farmhand-dev")

#: To be run before it traces. It gives up a file where a pointer leads nowhere, as pointers to bakes do; here it takes
#: them for empty and goes on.
GO_ON = """
import json, pathlib, resource, sys, time
from blender_asset_tracer import blendfile, trace
from blender_asset_tracer.blendfile import exceptions
follow = blendfile.BlendFile.dereference_pointer
def follow_or_none(self, address):
    try:
        return follow(self, address)
    except exceptions.SegmentationFault:
        return None
blendfile.BlendFile.dereference_pointer = follow_or_none
"""


def bat_python() -> str:
    """Install it where it isn't yet; the Python that has it."""
    python = CACHE / "bat-1.23" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        packages = ["blender-asset-tracer==1.23", "zstandard"]
        subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
    return str(python)
