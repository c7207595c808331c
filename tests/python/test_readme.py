# SPDX-License-Identifier: Apache-2.0
"""What the README shows is run here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

README = Path(__file__).parents[2] / "README.md"


def test_the_quick_start_of_the_readme_renders_its_frames(
    small_scene: Path, farm_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    block = re.search(r"<!-- quick start.*?```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    monkeypatch.chdir(small_scene.parent)
    small_scene.rename(small_scene.with_name("shot.blend"))
    exec(compile(block[1], str(README), "exec"), {})  # noqa: S102 - running the README is the point
    lines = capsys.readouterr().out.splitlines()
    assert sorted(int(line.split()[0]) for line in lines) == [1, 2, 3, 4]
    assert farm_home.is_dir()
