# SPDX-License-Identifier: Apache-2.0
"""Warm lanes against Blender's own `-a`: the same 100 frames, one slot, turn and turn about in one run.

    .venv/bin/python tests/bench/warm_lanes.py [--pairs N] [--through command|lanes]

Through the command, a pair is `blender -b FILE -a` and `farmhand render FILE` on a farm that runs already; through
lanes, the renderer alone, without a farm. Farmhand may take 1.05 times as long, plus 3 seconds. Ends with 1 where it
took longer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from blenders import ROOT, Blender, checked, default_blender, write_job
from farms import farmhand_command

FRAMES = 100
TIMES_AS_LONG, PLUS_SECS = 1.05, 3.0
FARMHAND = farmhand_command()


def timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def frames_in(folder: Path) -> int:
    return len(list(folder.glob("frames/*.png")))


def by_itself(blender: Blender, folder: Path) -> float:
    return timed(lambda: blender.render_by_itself(folder / "bench.blend", "Scene", None))


def by_lanes(blender: Blender, folder: Path) -> float:
    scene = {"name": "bench", "scene": "Scene", "frames": f"1-{FRAMES}", "output": "//frames/shot_"}
    job_file = write_job(folder / "job", folder / "bench.blend", {**scene, "simulation_start": None})

    def work() -> None:
        for lane in ("0", "last"):
            blender.lane(job_file, folder / "state", lane)

    return timed(work)


def by_command(_blender: Blender, folder: Path) -> float:
    return timed(lambda: checked([str(FARMHAND), "render", str(folder / "bench.blend")]))


def copy_of(scene: Path, folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(scene, folder / "bench.blend")
    return folder


def run_pairs(blender: Blender, farmhand: Callable[[Blender, Path], float], pairs: int, scratch: Path) -> bool:
    """Run and print the pairs; answers whether Farmhand kept within its bound over all of them."""
    scene = scratch / "bench.blend"
    blender.run(ROOT / "tests" / "bench" / "make_bench_scene.py", str(scene))
    print(f"Blender {blender.version}, {os.cpu_count()} cores, {FRAMES} frames, one slot")
    theirs_total = ours_total = 0.0
    for pair in range(1, pairs + 1):
        secs = {}
        # Who goes first changes with each pair, so that neither gains by a warm disk cache.
        ways = [("blender", by_itself), ("farmhand", farmhand)]
        for name, way in ways if pair % 2 else reversed(ways):
            folder = copy_of(scene, scratch / f"{name}-{pair}")
            secs[name] = way(blender, folder)
            if frames_in(folder) != FRAMES:
                message = f"{name} left {frames_in(folder)} frames of {FRAMES} in {folder}"
                raise RuntimeError(message)
        theirs_total, ours_total = theirs_total + secs["blender"], ours_total + secs["farmhand"]
        print(
            f"pair {pair}: blender -a {secs['blender']:.2f} s ({secs['blender'] / FRAMES:.3f} s a frame), "
            f"farmhand {secs['farmhand']:.2f} s, ratio {secs['farmhand'] / secs['blender']:.3f}"
        )
    theirs, ours = theirs_total / pairs, ours_total / pairs
    bound = TIMES_AS_LONG * theirs + PLUS_SECS
    print(f"mean: blender -a {theirs:.2f} s, farmhand {ours:.2f} s, ratio {ours / theirs:.3f}, bound {bound:.2f} s")
    return ours <= bound


def main() -> int:
    parser = argparse.ArgumentParser(description="Warm lanes against Blender's own -a.")
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--through", choices=("command", "lanes"), default="command")
    options = parser.parse_args()
    blender = default_blender()
    if blender is None:
        print("no Blender: install one, or name it in FARMHAND_BLENDER", file=sys.stderr)
        return 1
    if options.through == "command" and FARMHAND is None:
        print("no farmhand command: run `make build`, or name one in FARMHAND_COMMAND", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="farmhand-bench-") as scratch:
        if options.through == "lanes":
            within = run_pairs(blender, by_lanes, options.pairs, Path(scratch))
        else:
            os.environ["FARMHAND_HOME"] = str(Path(scratch) / "home")
            os.environ["FARMHAND_BLENDER"] = blender.executable
            checked([str(FARMHAND), "local", "start"])
            try:
                within = run_pairs(blender, by_command, options.pairs, Path(scratch))
            finally:
                subprocess.run([str(FARMHAND), "local", "stop"], check=False, stdout=subprocess.DEVNULL)
    print("within the bound" if within else "SLOWER than the bound")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
