# SPDX-License-Identifier: Apache-2.0
"""Every file of a production shot, found by Farmhand and by another tracer (BAT 1.23), side by side in one run.

    .venv/bin/python tests/bench/tracing.py [--runs N] [--project FOLDER]

The shot reaches 281 .blend files and 10,177 files. `../shared/blends/make_project.py` makes it once for each `bpy`,
which takes minutes, and kept in Farmhand's cache of downloads (`FARMHAND_CACHE`). Each run is a fresh process; the time
is that of the trace alone, without starting Python. Cold runs first ask the system to forget the .blend files. Ends
with 1 where Farmhand is too slow, takes too much memory, or finds another number of files.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from other_tracer import CACHE, GO_ON, bat_python

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "blends"
BPY = ("4.5.15", "5.0.1")
FILES, LARGEST_BYTES = 10_177, 150_000_000
TIMES_FASTER = {"raw": 30.0, "zstd": 18.0}

FARMHAND_RUN = """
import json, resource, sys, time
import farmhand
started = time.perf_counter()
dependencies = farmhand.read_blend(sys.argv[1]).dependencies()
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
files = {file.path for dependency in dependencies for file in dependency.files} | {sys.argv[1]}
print(json.dumps({"seconds": seconds, "peak_bytes": peak, "files": len(files)}))
"""
BAT_RUN = (
    GO_ON
    + """
started = time.perf_counter()
files = {pathlib.Path(sys.argv[1])}
for usage in trace.deps(pathlib.Path(sys.argv[1])):
    files.update(usage.files())
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peak_bytes": peak, "files": len(files)}))
"""
)


def said(command: list[str]) -> dict[str, float]:
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answer: dict[str, float] = json.loads(output.splitlines()[-1])
    return answer


def forget(folder: Path) -> None:
    """Asks the system to drop what it remembers of the .blend files."""
    for path in folder.rglob("*.blend"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def project(folder: Path) -> None:
    """Makes the shot for each `bpy`, raw and packed, where it isn't there."""
    if not (folder / "textures").is_dir():
        subprocess.run([sys.executable, str(SHARED / "make_textures.py"), str(folder), "0.001"], check=True)
    for version in BPY:
        for packing, flag in (("raw", "0"), ("zstd", "1")):
            variant = f"{version}-{packing}"
            if (folder / variant / "shots/seq01/shot_19.blend").exists():
                continue
            python = subprocess.run(
                [str(ROOT / "tools/setup.sh"), "bpy", version], check=True, capture_output=True, text=True
            ).stdout.strip()
            environment = {**os.environ, "PROJECT_DIR": str(folder)}
            subprocess.run([python, str(SHARED / "make_project.py"), variant, flag], check=True, env=environment)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--project", type=Path, default=CACHE / "trace-project")
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        print(f"skipped: no {SHARED}")
        return 0
    project(arguments.project)
    bat, fails = bat_python(), []
    print(f"{'shot':16}{'pages':8}{'farmhand':>10}{'MB':>6}{'files':>8}{'BAT':>10}{'MB':>6}{'files':>8}{'faster':>9}")
    for version in BPY:
        for packing in ("raw", "zstd"):
            folder = arguments.project / f"{version}-{packing}"
            shot = str(folder / "shots/seq01/shot_00.blend")
            for pages in ("warm", "cold"):
                ours, theirs = [], []
                for _ in range(arguments.runs):
                    for runs, command in (
                        (ours, [sys.executable, "-c", FARMHAND_RUN, shot]),
                        (theirs, [bat, "-c", BAT_RUN, shot]),
                    ):
                        if pages == "cold":
                            forget(folder)
                            time.sleep(0.2)
                        runs.append(said(command))
                mine, other = (statistics.median(run["seconds"] for run in runs) for runs in (ours, theirs))
                faster = other / mine
                peak, files = max(run["peak_bytes"] for run in ours), ours[0]["files"]
                print(
                    f"{version + ' ' + packing:16}{pages:8}{mine:9.3f}s{peak / 1e6:6.0f}{files:8,.0f}{other:9.2f}s"
                    f"{max(run['peak_bytes'] for run in theirs) / 1e6:6.0f}{theirs[0]['files']:8,.0f}{faster:8.1f}x",
                    flush=True,
                )
                if files != FILES or peak > LARGEST_BYTES or faster < TIMES_FASTER[packing]:
                    fails.append(f"{version} {packing} {pages}")
    if fails:
        print("not good enough:", ", ".join(fails))
    return 1 if fails else 0


if __name__ == "__main__":
    sys.exit(main())
