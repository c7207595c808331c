# SPDX-License-Identifier: Apache-2.0
"""A job that waits after its scouts, held and let go on by the command and by the library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import blenders
import farmhand
from farms import Farm
from processes import PATIENCE_SECS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def farm(farm_home: Path) -> Iterator[Farm]:
    """A local farm whose command and library share one home."""
    farm = Farm(farm_home, blenders.default_blender())
    yield farm
    farm.stop()


def test_a_job_waits_after_its_scouts_and_renders_the_longest_frames_first_once_it_is_approved(
    farm: Farm, small_scene: Path, tmp_path: Path
) -> None:
    costs = tmp_path / "costs.json"
    costs.write_text(json.dumps({"2": 1.0, "5": 60.0}), encoding="utf-8")
    order = ("--order", "scouts-then-wait", "--costs", str(costs))
    waiting = farm.answer("render", str(small_scene), *order)
    assert (waiting["status"], waiting["waits_for_approval"]) == ("paused", True)
    assert (waiting["frames_done"], waiting["frames_total"]) == (3, 6)
    job_id = str(waiting["job_id"])
    assert "farmhand approve" in farm.call("show", job_id).stderr

    job = farmhand.local().job(job_id)
    assert job.wait(timeout_secs=PATIENCE_SECS) == "paused"
    assert {record["frame"] for record in job.frames()} == {1, 4, 6}
    assert farm.answer("approve", job_id) == {"job_id": job_id, "status": "requeueing"}
    assert job.wait(timeout_secs=PATIENCE_SECS) == "completed"
    records = sorted(job.frames(), key=lambda record: record["started_unix_secs"])
    assert [record["frame"] for record in records] == [1, 4, 6, 5, 2, 3]
    assert farm.call("approve", job_id).returncode == 1
    with pytest.raises(farmhand.FarmRefusedError, match="completed"):
        job.resume()


def test_a_job_that_is_held_renders_nothing_until_it_is_let_go_on(farm: Farm, small_scene: Path) -> None:
    submission = farmhand.local().submit(small_scene, order="sequential", costs={2: 5.0})
    job = submission.result(timeout_secs=PATIENCE_SECS)
    job.pause()
    assert job.status() == "paused"
    assert farm.call("pause", job.job_id).returncode == 1
    done = job.progress()["frames_done"]
    assert farm.answer("local", "status")["state"] == "running"
    assert job.progress()["frames_done"] == done
    job.resume()
    assert job.wait(timeout_secs=PATIENCE_SECS) == "completed"
    assert farm.answer("show", job.job_id)["frames_done"] == 6
