# SPDX-License-Identifier: Apache-2.0
"""The companion beside a real Manager, with real Workers under lent identities and a real Blender.

`FARMHAND_FLAMENCO` names the folder with `flamenco-manager` and `flamenco-worker`, `FARMHAND_COMPANION` the `farmhand`
with a companion; without them these tests are skipped.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blenders import default_blender
from companion_bed import Companion, Front, Pod, companion_command
from flamenco_bed import Flamenco, flamenco_folder
from processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        flamenco_folder() is None or companion_command() is None,
        reason="FARMHAND_FLAMENCO or FARMHAND_COMPANION names no programs",
    ),
]

FRAMES = 100
PODS = 3
KILLS = 10
SLOW = "import bpy, time; bpy.app.handlers.render_pre.append(lambda *_: time.sleep(1))"
PATIENCE_SECS = 900


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[tuple[Flamenco, Companion]]:
    blender = default_blender()
    assert blender is not None, "no Blender was found"
    flamenco = Flamenco(tmp_path / "flamenco", blender=blender.executable)
    flamenco.start()
    companion = Companion(flamenco, "--max-workers", str(PODS))
    yield flamenco, companion
    companion.end()
    flamenco.end()


def make_scene(flamenco: Flamenco, frames: int) -> Path:
    blender = default_blender()
    assert blender is not None
    folder = flamenco.share / "shot"
    folder.mkdir()
    scene = folder / "slow.blend"
    maker = Path(__file__).with_name("lane_scene.py")
    blender.run(maker, str(scene), json.dumps({"frames": frames, "script": SLOW}))
    return scene


def times_lost(flamenco: Flamenco) -> int:
    claims = flamenco.share.rglob("frames/*.claim")
    return sum(json.loads(claim.read_text(encoding="utf-8"))["lost"] for claim in claims)


def records(flamenco: Flamenco) -> int:
    return sum(1 for path in flamenco.share.rglob("frames/*.json") if not path.name.endswith(".failed.json"))


def test_a_job_survives_ten_preemptions_with_a_frame_lost_each_and_no_worker_too_many(
    bed: tuple[Flamenco, Companion], tmp_path: Path
) -> None:
    flamenco, companion = bed
    seed = int(os.environ.get("FARMHAND_KILL_SEED") or time.time())
    chosen = random.Random(seed)  # noqa: S311 - which pod goes is no secret
    scene = make_scene(flamenco, FRAMES)
    pods = [Pod(companion, f"pod-{number}") for number in range(PODS)]
    for pod in pods:
        pod.start()
    job = flamenco.submit(scene, "--auto-run", "--lanes", str(PODS))
    wait_until("somebody is wanted", lambda: companion.get("farmhand/v1/wanted")["workers"] >= 1)
    for kills in range(1, KILLS + 1):
        before = records(flamenco)
        more = chosen.randint(1, 3)
        wait_until("some frames more are done", lambda: records(flamenco) >= before + more, PATIENCE_SECS)  # noqa: B023 - asked at once
        assert flamenco.status(job) == "active", f"the job ended before kill {kills}; seed {seed}"
        place = chosen.randrange(PODS)
        time.sleep(chosen.random())  # somewhere in a frame
        pods[place].lose()
        pods[place] = Pod(companion, f"pod-{PODS + kills}")
        pods[place].launch()
    assert flamenco.settled(job, PATIENCE_SECS) == "completed", f"seed {seed}"
    pictures = sorted((scene.parent / "frames").glob("shot_*.png"))
    assert [int(picture.stem[-4:]) for picture in pictures] == list(range(1, FRAMES + 1))
    lost = times_lost(flamenco)
    assert lost <= KILLS, f"seed {seed}"
    workers = flamenco.get("worker-mgt/workers")["workers"]
    assert len(workers) <= PODS, f"seed {seed}: {[worker['name'] for worker in workers]}"
    wait_until(
        "all frames are told of", lambda: companion.get(f"farmhand/v1/jobs/{job}/progress")["frames_done"] == FRAMES
    )
    assert companion.metric('farmhand_identities{state="leased"}') == PODS
    print(f"\n[companion] seed {seed}, kills {KILLS}, lost {lost}, workers {len(workers)}")

    # Where there is no share, the frames are brought home.
    home = tmp_path / "home"
    fetched = bring_home(companion, job, home)
    assert fetched["files"] == FRAMES
    for picture in pictures:
        assert (home / picture.name).read_bytes() == picture.read_bytes()
    assert bring_home(companion, job, home)["was_there"] == FRAMES


def bring_home(companion: Companion, job: str, home: Path) -> dict[str, int]:
    """Fetch from what answers at one address, as an Ingress has it: the companion's calls here, the Manager's there."""
    with Front(companion) as front:
        done = front.farmhand("fetch", job, "--to", str(home), "--farm", front.url, "--json")
    said: dict[str, int] = json.loads(done)
    return said


def test_a_drained_worker_ends_its_frame_and_loses_none(bed: tuple[Flamenco, Companion]) -> None:
    flamenco, companion = bed
    scene = make_scene(flamenco, 12)
    first = Pod(companion, "first")
    first.start()
    job = flamenco.submit(scene, "--auto-run", "--lanes", "1")
    wait_until("a frame is done", lambda: records(flamenco) >= 1)
    environment = {"FLAMENCO_HOME": str(first.home), "FARMHAND_DRAIN_FILE": str(first.drain_file)}
    drained = companion.call("drain", "--grace-secs", "60", **environment)
    assert drained.returncode == 0, drained.stderr
    done = records(flamenco)
    first.stop(signal.SIGTERM)
    first.gone()
    wait_until("its lane waits for another", lambda: flamenco.tasks(job)["lane-0"]["status"] == "queued")
    second = Pod(companion, "second")
    assert second.home == first.home, "under the same identity"
    second.start()
    assert flamenco.settled(job, PATIENCE_SECS) == "completed"
    assert done < 12
    assert times_lost(flamenco) == 0, "nothing was lost"
    assert len(flamenco.get("worker-mgt/workers")["workers"]) == 1
