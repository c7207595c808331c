# SPDX-License-Identifier: Apache-2.0
"""The local farm with many jobs in its database: how fast it starts and answers, and how much memory it takes.

    .venv/bin/python tests/bench/many_jobs.py [--jobs N] [--frames N]

The database is filled through the farm's own API. A third of the jobs waits in the queue, one is in work (its Blender
is a stand-in that sleeps, so that nothing but the farm is measured), the others have ended. Ends with 1 where a bound
is not kept.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from blenders import Blender
from farms import Api, Farm, farmhand_command, staged_job
from processes import wait_until

ONE_JOB_MS, ALL_JOBS_MS, MEMORY_MB, START_SECS = 2.0, 50.0, 80.0, 1.0
STARTS, ASKED_FOR_ONE, ASKED_FOR_ALL = 5, 400, 40


class Connection:
    """Asks the farm through one connection that stays open, as its clients do."""

    def __init__(self, api: Api) -> None:
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(api.url).netloc, timeout=60)
        self.headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        data = None if body is None else json.dumps(body)
        self.connection.request(method, f"/api/v3{path}", data, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            message = f"{method} {path}: {answer.status} {text.decode()}"
            raise RuntimeError(message)
        return text


def fill(farm: Connection, folder: Path, jobs: int, frames: int) -> str:
    """Send the jobs and give them their statuses; answers the id of the one that comes into work."""
    half = frames // 2
    lanes = [f"1-{half}", f"{half + 1}-{frames}"]
    ids = []
    for number in range(jobs):
        submission = staged_job(folder / f"job-{number}", lanes)
        ids.append(json.loads(farm.ask("POST", "/jobs", submission))["id"])
    first, *others = ids
    # In turn, so that the ended ones lie between those that wait.
    statuses = ("completed", "queued", "canceled")
    for number, job_id in enumerate(others):
        farm.ask("POST", f"/jobs/{job_id}/setstatus", {"status": statuses[number % 3], "reason": "the bench"})
    farm.ask("POST", f"/jobs/{first}/setpriority", {"priority": 100})
    farm.ask("POST", f"/jobs/{first}/setstatus", {"status": "queued", "reason": "the bench"})
    return first


def milliseconds(work: Callable[[], object], times: int) -> tuple[float, float]:
    """The median, and what 19 of 20 calls keep within."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def memory_mb(pid: int, key: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    message = f"process {pid} has no {key}"
    raise RuntimeError(message)


def started_in(farm: Farm) -> float:
    """Start the farm, which sleeps; answers the seconds until it has answered."""
    farm.stop()
    begun = time.perf_counter()
    farm.start()
    return time.perf_counter() - begun


def measure(farm: Farm, jobs: int, frames: int, scratch: Path) -> bool:
    farm.start()
    begun = time.perf_counter()
    first = fill(Connection(Api(farm.home)), scratch, jobs, frames)
    database = sum(path.stat().st_size for path in farm.home.rglob("queue.sqlite*")) / 1e6
    print(f"{jobs} jobs of {frames} frames sent in {time.perf_counter() - begun:.1f} s, database {database:.1f} MB")
    starts = [started_in(farm) for _ in range(STARTS)]
    api = Api(farm.home)
    ask = Connection(api).ask

    def is_in_work() -> bool:
        return bool(json.loads(ask("GET", f"/jobs/{first}"))["status"] == "active")

    wait_until("a job is in work", is_in_work)
    one = milliseconds(lambda: ask("GET", f"/jobs/{first}"), ASKED_FOR_ONE)
    every = milliseconds(lambda: ask("GET", "/jobs"), ASKED_FOR_ALL)
    listed = len(ask("GET", "/jobs")) / 1e6
    now, peak = memory_mb(api.pid, "VmRSS:"), memory_mb(api.pid, "VmHWM:")
    figures = [
        ("GET jobs/{id}, 95 of 100", one[1], ONE_JOB_MS, "ms", f"median {one[0]:.2f} ms"),
        ("GET jobs, 95 of 100", every[1], ALL_JOBS_MS, "ms", f"median {every[0]:.1f} ms, {listed:.1f} MB"),
        ("memory at its peak", peak, MEMORY_MB, "MB", f"{now:.1f} MB at the end"),
        ("farmhand local start", statistics.median(starts), START_SECS, "s", f"slowest {max(starts):.2f} s"),
    ]
    for name, figure, bound, unit, more in figures:
        word = "within" if figure <= bound else "OVER"
        print(f"{name:<26} {figure:8.2f} {unit:<2} {word} the bound of {bound:g} {unit} ({more})")
    return all(figure <= bound for _, figure, bound, _, _ in figures)


def main() -> int:
    parser = argparse.ArgumentParser(description="The local farm with many jobs.")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=1000)
    options = parser.parse_args()
    if farmhand_command() is None:
        print("no farmhand command: run `make build`, or name one in FARMHAND_COMMAND", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="farmhand-bench-") as name:
        scratch = Path(name)
        sleeper = scratch / "blender"
        sleeper.write_text("#!/bin/sh\nexec sleep 3600\n", encoding="utf-8")
        sleeper.chmod(0o755)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
        farm = Farm(scratch / "home", Blender(str(sleeper)))
        try:
            within = measure(farm, options.jobs, options.frames, scratch)
        finally:
            farm.stop()
    print("within the bounds" if within else "OUTSIDE the bounds")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
