# SPDX-License-Identifier: Apache-2.0
"""Warm lanes on a real Flamenco Manager against Flamenco's own job type, with two Workers, all in one run.

    FARMHAND_FLAMENCO=FOLDER .venv/bin/python tests/bench/flamenco.py [--runs N] [--skip-chunk-1]

`FOLDER` holds `flamenco-manager` and `flamenco-worker`. What is compared is the time from the start of a job's first
task to the job's end; the Workers are started once the job is there, so that both ask for work at once. The bound is
the larger of (all frames + one load for each Worker) / Workers and the longest frame + a load, by the frame records.

- 40 frames of about 0.1 s: at most 1.3 times the bound and 2 s; 2 times as fast as chunks of 10, 20 times as of 1.
- The same with 20 lanes on two Workers: the job ends within 1 s of its last frame while somebody watches.
- 40 frames of 2 s with 8 s of load: at most 1.15 times the bound.

Ends with 1 where one of these does not hold.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from blenders import ROOT, default_blender
from farms import farmhand_command
from flamenco_bed import SETTLED, Flamenco, flamenco_folder
from processes import wait_until

FRAMES = 40
WORKERS = 2
LOOK_SECS = 0.1
PATIENCE_SECS = 1200


@dataclasses.dataclass
class Run:
    """A job that has ended."""

    job_id: str
    secs: float
    frames: list[dict[str, Any]]
    #: From the end of the last frame to the job's.
    after_last_frame_secs: float

    @property
    def bound_secs(self) -> float:
        seconds = [float(frame["seconds"]) for frame in self.frames]
        load = max(float(frame["load_secs"]) for frame in self.frames)
        return max((sum(seconds) + WORKERS * load) / WORKERS, max(seconds) + load)


def run(bed: Flamenco, scene: Path, *options: str, is_watched: bool = False) -> Run:
    """Send a job to Workers that start then, and follow it to its end."""
    for worker in bed.workers:
        worker.stop()
    how = ["--farm", bed.url, "--json", "--existing", "new-folder", "--frames", f"1-{FRAMES}", *options]
    # More than nine lanes come only to whoever waits.
    sender = subprocess.Popen(
        [str(bed.command), "submit", str(scene), *how, *(["--wait"] if is_watched else [])],
        env=bed.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    known = {str(job["id"]) for job in bed.get("jobs")["jobs"]}

    def new_jobs() -> list[str]:
        return [str(job["id"]) for job in bed.get("jobs")["jobs"] if str(job["id"]) not in known]

    if is_watched:
        wait_until("the job is there", new_jobs)
        (job_id,) = new_jobs()
    else:
        said, _ = sender.communicate()
        job_id = str(json.loads(said)["job_id"])
    for worker in bed.workers:
        worker.launch()
    deadline = time.monotonic() + PATIENCE_SECS
    begun = None
    while bed.status(job_id) not in SETTLED:
        if begun is None and any(task["status"] != "queued" for task in bed.tasks(job_id).values()):
            begun = time.monotonic()
        assert time.monotonic() < deadline, f"job {job_id} does not end"
        time.sleep(LOOK_SECS)
    ended = time.monotonic()
    sender.wait(timeout=60)
    job = bed.get(f"jobs/{job_id}")
    assert job["status"] == "completed", job
    assert begun is not None
    frames: list[dict[str, Any]] = []
    after = 0.0
    if job["type"] == "farmhand-render":
        frames = json.loads(bed.must("frames", job_id, "--farm", bed.url, "--json"))["frames"]
        assert len(frames) == FRAMES
        last = max(frame["started_unix_secs"] + frame["load_secs"] + frame["seconds"] for frame in frames)
        # Python 3.9 takes microseconds at most.
        updated = str(job["updated"]).rstrip("Z")[:26]
        after = datetime.fromisoformat(f"{updated}+00:00").timestamp() - last
    return Run(job_id, ended - begun, frames, after)


def make_scenes(folder: Path) -> tuple[Path, Path]:
    """The scene of short frames, and one of 2 s with 8 s of load, by its own scripts."""
    blender = default_blender()
    assert blender is not None
    folder.mkdir()
    short, long = folder / "short.blend", folder / "long.blend"
    maker = ROOT / "tests" / "python" / "lane_scene.py"
    blender.run(maker, str(short), json.dumps({"frames": FRAMES}))
    script = "import bpy, time; time.sleep(8); bpy.app.handlers.render_pre.append(lambda *_: time.sleep(2))"
    options = json.dumps({"frames": FRAMES, "script": script})
    blender.run(maker, str(long), options)
    return short, long


def main() -> int:
    parser = argparse.ArgumentParser(description="Warm lanes on a real Flamenco against its own job type.")
    parser.add_argument("--runs", type=int, default=3, help="of warm lanes and of chunks of 10, turn and turn about")
    parser.add_argument("--skip-chunk-1", action="store_true", help="leave out the slowest run, of some minutes")
    options = parser.parse_args()
    blender = default_blender()
    if blender is None or farmhand_command() is None or flamenco_folder() is None:
        print("skipped: this needs a Blender, the farmhand command, and FARMHAND_FLAMENCO", file=sys.stderr)
        return 0
    outcome = 0

    def hold(what: str, value: float, most: float, unit: str = "s") -> None:
        nonlocal outcome
        if value > most:
            outcome = 1
        word = "within" if value <= most else "ABOVE"
        print(f"  {what}: {value:.2f} {unit}, {word} {most:.2f} {unit}")

    with tempfile.TemporaryDirectory(prefix="farmhand-bench-") as scratch:
        bed = Flamenco(Path(scratch) / "flamenco", blender=blender.executable)
        bed.start()
        try:
            short, long = make_scenes(bed.share / "bench")
            for number in range(WORKERS):
                bed.add_worker(f"worker-{number}")
            print(f"Blender {blender.version}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, {FRAMES} frames")
            warm, tens = [], []
            for _ in range(options.runs):
                warm.append(run(bed, short, "--lanes", str(WORKERS), is_watched=True))
                tens.append(run(bed, short, "--chunk-size", "10"))
                load = os.getloadavg()[0]
                print(f"warm lanes {warm[-1].secs:.2f} s, chunks of 10 {tens[-1].secs:.2f} s, load {load:.2f}")
            lanes_secs = statistics.median(job.secs for job in warm)
            bound = statistics.median(job.bound_secs for job in warm)
            each = statistics.median(float(frame["seconds"]) for job in warm for frame in job.frames)
            print(f"medians: warm lanes {lanes_secs:.2f} s, bound {bound:.2f} s, {each:.2f} s a frame")
            hold("short frames", lanes_secs, 1.3 * bound + 2)
            part = lanes_secs / statistics.median(job.secs for job in tens)
            hold("lanes against chunks of 10", part, 1 / 2, "of the time")
            many = run(bed, short, "--lanes", "20", is_watched=True)
            print(f"20 lanes {many.secs:.2f} s, load {os.getloadavg()[0]:.2f}")
            hold("the job's end after its last frame", many.after_last_frame_secs, 1)
            if not options.skip_chunk_1:
                ones = run(bed, short, "--chunk-size", "1")
                print(f"chunks of 1 {ones.secs:.2f} s, load {os.getloadavg()[0]:.2f}")
                hold("lanes against chunks of 1", lanes_secs / ones.secs, 1 / 20, "of the time")
            slow = run(bed, long, "--lanes", str(WORKERS), "--auto-run", is_watched=True)
            print(f"frames of 2 s {slow.secs:.2f} s, bound {slow.bound_secs:.2f} s, load {os.getloadavg()[0]:.2f}")
            hold("long frames", slow.secs, 1.15 * slow.bound_secs)
        finally:
            bed.end()
    return outcome


if __name__ == "__main__":
    sys.exit(main())
