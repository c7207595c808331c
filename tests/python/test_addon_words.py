# SPDX-License-Identifier: Apache-2.0
"""What the panel says, looked at without Blender."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_PATH = Path(__file__).resolve().parents[2] / "addon/words.py"
_SPEC = importlib.util.spec_from_file_location("farmhand_addon_words", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
words = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(words)


@pytest.mark.parametrize(
    ("count", "saves", "label"),
    [
        (24, False, "Render 24 Frames on This Computer"),
        (1, False, "Render 1 Frame on This Computer"),
        (1500, True, "Render 1,500 Frames on This Computer…"),
        (0, False, "Render on This Computer"),
    ],
)
def test_the_send_button_says_what_it_will_do(count: int, label: str, *, saves: bool) -> None:
    assert words.send_label(count, saves=saves) == label


def test_a_list_of_frames_is_counted_and_put_in_order() -> None:
    choice = words.read_frames("20, 1-10, 5")
    assert (choice.count, choice.canonical, choice.error) == (11, "1-10, 20", "")


@pytest.mark.parametrize("text", ["", "a", "10-1", "1-10:0"])
def test_a_text_that_is_no_list_of_frames_says_why(text: str) -> None:
    choice = words.read_frames(text)
    assert choice.count == 0
    assert choice.error


def test_a_long_message_is_broken_into_lines_that_fit() -> None:
    text = "cannot write a frame; check permissions and free space: /mnt/show/shots/sequence_0010/frames/shot_0001.png"
    lines = words.lines(text, 40)
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("Cannot write a frame")
    assert "".join(lines).replace(" ", "").endswith("shot_0001.png")


@pytest.mark.parametrize("status", ["queued", "active", "paused", "canceled", "failed", "completed", "from-the-future"])
def test_every_state_of_a_job_has_words_and_an_icon(status: str) -> None:
    state, icon = words.job_state(status)
    assert state
    assert icon.isupper()
