# SPDX-License-Identifier: Apache-2.0
"""Frame sets, file names, and the order in which a lane tries frames."""

from __future__ import annotations

import pytest

import lane_runs

render = lane_runs.load_renderer()


def order(lane: int, **job: object) -> list[int]:
    return render.lane_order({"frames": "1-12", "lanes": ["1-4", "5-8", "9-12"], "order": "auto", **job}, lane)


def test_frame_sets_are_read_with_steps_and_negative_numbers() -> None:
    assert render.frames_of("1-3, 7, 10-20:5") == [1, 2, 3, 7, 10, 15, 20]
    assert render.frames_of("-3--1,0-1") == [-3, -2, -1, 0, 1]
    assert render.frames_of("-2-1") == [-2, -1, 0, 1]


def test_a_frame_set_that_is_none_is_refused_with_its_text() -> None:
    with pytest.raises(render.CannotRenderError, match="1-b"):
        render.frames_of("1-b")


def test_a_frame_s_file_name_counts_the_sign_among_its_six_characters() -> None:
    assert [render.frame_name(frame) for frame in (12, -12, 1234567)] == ["000012", "-00012", "1234567"]


def test_a_lane_takes_its_scouts_then_its_chunk_then_the_others_from_their_ends() -> None:
    assert order(1) == [7, 5, 6, 8, 12, 11, 10, 9, 4, 3, 2, 1]
    assert order(0) == [1, 2, 3, 4, 8, 7, 6, 5, 12, 11, 10, 9]
    assert order(2) == [12, 9, 10, 11, 4, 3, 2, 1, 8, 7, 6, 5]


def test_the_longest_frames_of_the_home_chunk_come_first_where_costs_are_known() -> None:
    assert order(0, costs={"2": 1.0, "3": 9.0, "4": 5.0})[:4] == [1, 3, 4, 2]


def test_sequential_order_knows_no_scouts() -> None:
    assert order(1, order="sequential")[:4] == [5, 6, 7, 8]
    assert order(2, order="sequential")[:4] == [9, 10, 11, 12]


def test_lanes_of_scouts_end_after_them_and_the_others_walk_over_every_frame() -> None:
    job = {"frames": "1-8", "lanes": ["1,5", "8", "2-4", "6-7"], "order": "scouts-then-wait", "costs": {"3": 5.0}}
    assert order(0, **job) == [1, 5]
    assert order(1, **job) == [8]
    assert order(2, **job) == [3, 2, 4, 7, 6, 5, 1, 8]
    assert order(3, **job) == [6, 7, 5, 1, 8, 4, 3, 2]
    assert order(4, **job) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_simulation_is_rendered_in_order() -> None:
    assert order(0, lanes=["1-12"], simulation_start=1) == list(range(1, 13))


def test_the_last_lane_walks_over_all_frames_in_order() -> None:
    assert order(3) == list(range(1, 13))


def test_digits_go_where_blender_puts_them() -> None:
    assert render.with_digits("/f.##/shot", -5) == "/f.##/shot-0005"
    assert render.with_digits("/f/a_##_###_b", -5) == "/f/a_##_-005_b"
    assert render.with_digits("/f/", -12345) == "/f/-12345"
