# SPDX-License-Identifier: Apache-2.0
"""Two slots against one on the same computer: the same frames, one render thread each, turn and turn about in one run.

    .venv/bin/python tests/bench/two_slots.py [--runs N] [--frames N]

What is compared is the time from the beginning of the job's first frame to the end of its last one, as the frame
records have it: starting the farm and Blender is left out. Two slots have to be 1.6 times as fast by the median; ends
with 1 where they are not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from blenders import ROOT, default_blender
from farms import Farm, farmhand_command

TIMES_AS_FAST = 1.6
# Frames of about half a second on one thread: what a frame costs, not what claiming it costs, is compared.
SAMPLES = 64


def span_secs(farm: Farm, scene: Path, slots: int, frames: int) -> tuple[float, list[int]]:
    """Render the job with so many slots; answers its span, and how many frames each lane has rendered."""
    folder = scene.parent / f"slots-{slots}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    blend = Path(shutil.copy(scene, folder))
    farm.start(slots)
    how = ("--threads", "1", "--samples", str(SAMPLES), "--lanes", str(slots), "--frames", f"1-{frames}")
    job = farm.answer("render", str(blend), *how)
    records = farm.answer("frames", str(job["job_id"]))["frames"]
    if len(records) != frames:
        message = f"{len(records)} of {frames} frames are there: {job}"
        raise RuntimeError(message)
    begins = min(float(record["started_unix_secs"]) for record in records)
    ends = max(float(record["started_unix_secs"]) + float(record["seconds"]) for record in records)
    lanes = sorted({int(record["lane"]) for record in records})
    return ends - begins, [sum(record["lane"] == lane for record in records) for lane in lanes]


def main() -> int:
    parser = argparse.ArgumentParser(description="Two slots against one.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--frames", type=int, default=24)
    options = parser.parse_args()
    blender = default_blender()
    if blender is None or farmhand_command() is None:
        print("a Blender and the farmhand command are needed: run `make build`", file=sys.stderr)
        return 1
    ratios = []
    with tempfile.TemporaryDirectory(prefix="farmhand-bench-") as scratch:
        scene = Path(scratch) / "bench.blend"
        blender.run(ROOT / "tests" / "bench" / "make_bench_scene.py", str(scene))
        print(
            f"Blender {blender.version}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, {options.frames} frames"
        )
        farm = Farm(Path(scratch) / "home", blender)
        try:
            for run in range(1, options.runs + 1):
                one, _ = span_secs(farm, scene, 1, options.frames)
                two, shares = span_secs(farm, scene, 2, options.frames)
                ratios.append(one / two)
                print(
                    f"run {run}: one slot {one:.2f} s, two {two:.2f} s (frames {shares}), {one / two:.2f} times as fast"
                )
        finally:
            farm.stop()
    median = statistics.median(ratios)
    word = "within" if median >= TIMES_AS_FAST else "BELOW"
    print(f"median: {median:.2f} times as fast, {word} the bound of {TIMES_AS_FAST}")
    return 0 if median >= TIMES_AS_FAST else 1


if __name__ == "__main__":
    sys.exit(main())
