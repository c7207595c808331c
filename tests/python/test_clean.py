# SPDX-License-Identifier: Apache-2.0
"""Jobs that ended are forgotten with their own folders, and never with their frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blenders import default_blender
from farms import Api, Farm, staged_job
from processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    farm = Farm(tmp_path / "home", default_blender())
    farm.start()
    yield farm
    farm.stop()


def test_ended_jobs_that_are_old_enough_go_with_their_folders_and_their_frames_stay(farm: Farm, tmp_path: Path) -> None:
    api = Api(farm.home)
    jobs, states, frames = [], [], []
    for name in ("ended", "held"):
        folder = tmp_path / name
        submission = staged_job(folder)
        _, job = api.ask("POST", "/api/v3/jobs", submission)
        jobs.append(job["id"])
        states.append(folder / ".farmhand" / f"{submission['settings']['submission_id']}-{job['id']}")
        states[-1].mkdir(parents=True)
        frames.append(folder / "shot_0001.png")
        frames[-1].write_bytes(b"a picture")
    farm.must("cancel", jobs[0])

    assert farm.answer("clean", "--older-than", "30d", "--yes") == {"deleted": []}
    assert farm.answer("clean", "--older-than", "0m", "--dry-run") == {"would_delete": [jobs[0]]}
    refused = farm.call("clean", "--older-than", "0m")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True), "nobody is here to be asked"
    assert farm.call("clean", "--older-than", "soon").returncode == 2
    assert farm.answer("clean", "--older-than", "0m", "--yes") == {"deleted": [jobs[0]]}
    wait_until("the folder of the job that was forgotten is gone", lambda: not states[0].exists())
    assert states[1].is_dir(), "a job that is held has not ended"
    assert [job["job_id"] for job in farm.answer("jobs")["jobs"]] == [jobs[1]]
    assert all(frame.read_bytes() == b"a picture" for frame in frames)
    assert farm.answer("local", "purge", "--yes") == {"deleted": []}
