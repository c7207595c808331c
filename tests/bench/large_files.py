# SPDX-License-Identifier: Apache-2.0
"""Reading and rewriting large files: makes them once, with `bpy`, and runs the two benches of the core on them.

    .venv/bin/python tests/bench/large_files.py

The files lie in Farmhand's cache (`FARMHAND_CACHE`): 300 MB in 8,000 data-blocks, and 200 MB with 1,000 paths, raw and
zstd. Both benches compare within one run: all that a file says with reading its block heads alone, a rewritten copy
with a plain one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("FARMHAND_CACHE") or Path.home() / ".cache" / "farmhand-dev")
BPY = "5.0.1"
READING, REWRITING = ["reading.blend"], ["rewriting-raw.blend", "rewriting-zstd.blend"]


def files(folder: Path) -> None:
    """Makes them, where they aren't there."""
    if all((folder / name).exists() for name in READING + REWRITING):
        return
    folder.mkdir(parents=True, exist_ok=True)
    python = subprocess.run(
        [str(ROOT / "tools/setup.sh"), "bpy", BPY], check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run([python, str(ROOT / "tests/bench/make_large_scene.py"), str(folder)], check=True)


def bench(name: str, paths: list[Path]) -> int:
    command = ["cargo", "bench", "--quiet", "--bench", name, "--", *map(str, paths)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    folder = CACHE / f"large-{BPY}"
    files(folder)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}", flush=True)
    outcomes = [bench("reading", [folder / name for name in READING])]
    outcomes.append(bench("rewriting", [folder / name for name in REWRITING]))
    return max(outcomes)


if __name__ == "__main__":
    sys.exit(main())
