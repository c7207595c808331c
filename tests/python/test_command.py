# SPDX-License-Identifier: Apache-2.0
"""The console script, where it differs from the binary: it runs inside a Python."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_an_interrupt_says_how_to_go_on_and_shows_no_traceback(farm_home: Path, small_scene: Path) -> None:
    rendering = subprocess.Popen(
        [sys.executable, "-m", "farmhand", "render", str(small_scene), "--samples", "2000"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert rendering.stderr is not None
    said = ""
    while "job " not in said:
        line = rendering.stderr.readline()
        assert line, said
        said += line
    rendering.send_signal(signal.SIGINT)
    said += rendering.communicate(timeout=60)[1]
    assert rendering.returncode == 130, said
    assert "farmhand watch" in said
    assert "Traceback" not in said
    assert farm_home.is_dir()
