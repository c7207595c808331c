# SPDX-License-Identifier: Apache-2.0
"""Twenty kills, drawn by a seed, over jobs with one slot and with two: nothing is lost, little is rendered twice.

`FARMHAND_KILLS` asks for that many kills instead, ten for each job of forty frames with two slots (`make kills`).
`FARMHAND_KILL_SEED` repeats a run. The traces of the lanes are left in `target/kill-traces/` (or `FARMHAND_TRACE_DIR`),
where the replay test holds them to the rules.
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import pytest

from blenders import ROOT, Blender, default_blender
from farms import Farm, farmhand_command
from pictures import shown_in
from processes import kill, wait_until

KILLS = int(os.environ.get("FARMHAND_KILLS") or 0)
KILLS_A_JOB = 10
FRAMES = 40 if KILLS else 24
#: Slots and kills of each job.
ROUNDS = [(2, min(KILLS_A_JOB, KILLS - done)) for done in range(0, KILLS, KILLS_A_JOB)] or [(1, 5), (2, 5)] * 2
VICTIMS = ("farm", "supervisor", "child", "all")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(default_blender() is None, reason="no Blender: install one, or name it in FARMHAND_BLENDER"),
    pytest.mark.skipif(farmhand_command() is None, reason="no farmhand command: run `make build`"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found through /proc"),
]


@pytest.fixture(scope="module")
def seed() -> int:
    drawn = int(os.environ.get("FARMHAND_KILL_SEED") or time.time_ns() % 1_000_000)
    print(f"FARMHAND_KILL_SEED={drawn}")
    return drawn


@pytest.fixture(scope="module")
def blender() -> Blender:
    found = default_blender()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def scene(blender: Blender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scene of many quick frames, and beside it the frames as Blender itself renders them."""
    blend = tmp_path_factory.mktemp("reference") / "bench.blend"
    blender.run(ROOT / "tests" / "bench" / "make_bench_scene.py", str(blend))
    blender.render_by_itself(blend, "Scene", [1, FRAMES])
    return blend


def frames_done(output: Path) -> int:
    return len(list(output.glob("shot_*.png")))


def strike(farm: Farm, victim: str, slots: int, dice: random.Random) -> None:
    """Kill what the dice chose, and start the farm again where it is gone."""
    farm_pid = farm.pid()
    if victim in ("farm", "all"):
        kill(farm_pid)
    if victim == "all":
        for pid in [*farm.supervisors(), *farm.children()]:
            kill(pid)
    elif victim != "farm":
        alive = farm.supervisors() if victim == "supervisor" else farm.children()
        if alive:
            kill(dice.choice(sorted(alive)))
    if victim in ("farm", "all"):
        wait_until("what the dead farm had started is gone", lambda: not list(farm.renderers()))
        farm.start(slots)


def renders_started(trace: Path) -> int:
    """Count how often a lane handed a frame to its Blender: the open look after claiming it."""
    lines = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    return sum(line["step"] == "look_again" and line["result"] == "open" for line in lines)


def trace_folder() -> Path:
    folder = Path(os.environ.get("FARMHAND_TRACE_DIR") or ROOT / "target" / "kill-traces")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("number", range(len(ROUNDS)))
def test_whatever_is_killed_every_frame_comes_out_whole_and_hardly_any_twice(
    number: int, seed: int, blender: Blender, scene: Path, tmp_path: Path
) -> None:
    slots, kills = ROUNDS[number]
    dice = random.Random(f"{seed}-{number}")  # noqa: S311 (chooses victims, no secrets)
    trace = trace_folder() / f"kills-{seed}-{number}.jsonl"
    farm = Farm(tmp_path / "home", blender, FARMHAND_LANE_TRACE=str(trace))
    blend = tmp_path / "shot.blend"
    blend.write_bytes(scene.read_bytes())
    output = tmp_path / "frames"
    began = time.monotonic()
    farm.start(slots)
    try:
        job = farm.answer("submit", str(blend), "--farm", "local", "--frames", f"1-{FRAMES}")["job_id"]
        # A kill comes some frames after the one before: a Blender that is killed before it renders anything, again and
        # again, is rightly taken for one that cannot render.
        moments = sorted(dice.sample(range(1, FRAMES - 2), kills))
        for moment in moments:
            victim = dice.choice(VICTIMS)
            wait_until(f"{moment} frames are there", lambda moment=moment: frames_done(output) >= moment)
            time.sleep(dice.uniform(0.0, 0.4))  # a moment within the next frame; nothing waits for it
            print(f"round {number}, {frames_done(output)} frames there: kill {victim}")
            strike(farm, victim, slots, dice)
        wait_until("the job has ended", lambda: farm.answer("show", job)["status"] in ("completed", "failed"))
        shown = farm.answer("show", job)
        assert shown["status"] == "completed", farm.call("log", job).stdout
        assert (shown["frames_done"], shown["frames_failed"]) == (FRAMES, 0)
        wait_until("no Blender is left running", lambda: not list(farm.renderers()), 30)
    finally:
        farm.stop()
    names = [f"shot_{frame:04}.png" for frame in range(1, FRAMES + 1)]
    assert sorted(path.name for path in output.iterdir() if not path.name.startswith(".")) == names
    reference = scene.parent / "frames"
    assert [name for name in names if shown_in(output / name) != shown_in(reference / name)] == []
    started = renders_started(trace)
    seconds = time.monotonic() - began
    print(f"round {number}: {FRAMES} frames, {kills} kills, {slots} slots, {started} renders, {seconds:.0f} s")
    assert started <= FRAMES + kills * slots
